"""What stays unloaded until it is needed."""

from collections.abc import Callable

import pytest

HEAVY = (
    "numpy",
    "numba",
    "pandas",
    "pulp",
    "highspy",
    "ortools",
    "networkx",
    "matplotlib",
    "scipy",
    "sklearn",
    "torch",
)
HELP = "from ekya_opt.cli import main; main(['--help'])"
HELP_OF_SOLVE = "from ekya_opt.cli import main; main(['solve', '--help'])"
VERSIONS = "from ekya_opt.cli import main; main(['versions'])"


@pytest.mark.parametrize(
    "code",
    ["import ekya_opt", "import instances", HELP, HELP_OF_SOLVE, VERSIONS],
)
def test_nothing_heavy_is_loaded(printed_by: Callable[[str], str], code: str) -> None:
    """Importing the package or asking for help loads no numerical library."""
    check = f"\nimport sys; print(sorted({set(HEAVY)} & set(sys.modules)))"
    assert printed_by(code + check).splitlines()[-1] == "[]"


def test_solving_loads_no_library_that_it_does_not_need(
    printed_by: Callable[[str], str],
) -> None:
    """The dynamic program needs numpy only."""
    code = "import sys, ekya_opt; ekya_opt.solve; print(sorted("
    code += f"{set(HEAVY) - {'numpy'}} & set(sys.modules)))"
    assert printed_by(code).strip() == "[]"


@pytest.mark.parametrize(
    "words",
    [
        ["solvers"],
        ["solve", "shipped:paper/window1"],
        ["solve", "shipped:recorded-like/n10-g4", "--solver", "thief"],
        ["compare", "shipped:paper/window1", "--solvers", "dp,thief,greedy,core"],
    ],
)
def test_commands_work_without_compiled_code(
    printed_by: Callable[[str], str], words: list[str]
) -> None:
    """A command that needs no kernel never loads numba."""
    code = f"from ekya_opt.cli import main; assert main({words}) == 0\n"
    code += "import sys; print('numba' in sys.modules)"
    assert printed_by(code).splitlines()[-1] == "False"


def test_every_public_name_loads() -> None:
    """Each name in __all__ is an attribute, and dir() lists it."""
    import ekya_opt

    for name in ekya_opt.__all__:
        assert getattr(ekya_opt, name) is not None
    assert set(ekya_opt.__all__) <= set(dir(ekya_opt))


def test_no_public_name_is_hidden_by_a_module() -> None:
    """A module of the package never has the name of a public function."""
    import ekya_opt

    for name in ekya_opt.__all__:
        assert type(getattr(ekya_opt, name)).__name__ != "module"


def test_unknown_names_are_attribute_errors() -> None:
    """A name that there is not raises AttributeError, as in any module."""
    import ekya_opt

    with pytest.raises(AttributeError, match="has no attribute 'magic'"):
        getattr(ekya_opt, "magic")  # noqa: B009
