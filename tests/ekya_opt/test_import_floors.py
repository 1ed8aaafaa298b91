"""The floors of the house: imports go downward only."""

import ast
from pathlib import Path

import pytest

import instances

ROOT = Path(instances.__file__).resolve().parent.parent
FLOORS = ("instances", "formulations", "solvers", "ekya_opt")


def imported(path: Path) -> set[str]:
    """Return the top-level packages that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found.add(node.module or "")
        elif isinstance(node, ast.Call) and node.args:
            name = ast.unparse(node.func).split(".")[-1]
            first = node.args[0]
            if name in ("import_module", "__import__"):
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
                elif isinstance(first, ast.JoinedStr):
                    found.add(ast.unparse(first).removeprefix("f").strip("'\""))
    return {name.split(".")[0] for name in found}


@pytest.mark.parametrize("floor", FLOORS)
def test_no_floor_imports_a_higher_one(floor: str) -> None:
    """Every import of a file is of its own floor or of one below, or not ours."""
    files = sorted((ROOT / floor).rglob("*.py"))
    assert files
    higher = set(FLOORS[FLOORS.index(floor) + 1 :]) | {"tests"}
    for path in files:
        assert not imported(path) & higher, path


def test_floors_are_seen_through_functions_and_strings(tmp_path: Path) -> None:
    """The check itself sees imports inside functions and by name."""
    path = tmp_path / "sly.py"
    path.write_text(
        "def f():\n    import solvers.dp\n    from ekya_opt.cli import main\n"
        "    importlib.import_module('formulations.hull')\n",
        encoding="utf-8",
    )
    assert imported(path) == {"solvers", "ekya_opt", "formulations"}
