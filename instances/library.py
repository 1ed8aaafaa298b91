"""The shipped instances, and what a command-line argument stands for."""

import os
from pathlib import Path
from typing import Any

from instances.best_known import BestKnown, read_best_known, write_best_known
from instances.checks import shown
from instances.errors import EkyaOptError
from instances.instance_files import INSTANCE_SUFFIXES
from instances.natural_order import natural_order

__all__ = [
    "BestKnown",
    "expand",
    "load_shipped",
    "read_best_known",
    "shipped_families",
    "shipped_names",
    "shipped_path",
    "write_best_known",
]

LIBRARY = Path(__file__).parent
SHIPPED = "shipped:"


def shipped_names() -> list[str]:
    """Return the names of all shipped instances, ``family/name``, sorted."""
    files = LIBRARY.glob("*/*.json")
    return sorted(f"{path.parent.name}/{path.stem}" for path in files)


def shipped_families() -> list[str]:
    """Return the families of the shipped instances, sorted."""
    return sorted({name.split("/")[0] for name in shipped_names()})


def shipped_path(name: str) -> Path:
    """Return the file of a shipped instance.

    Raises
    ------
    EkyaOptError
        If there is none of that name, ``family/name``.
    """
    if name not in shipped_names():
        raise _unknown(f"there is no shipped instance {shown(name)}")
    return LIBRARY / f"{name}.json"


def load_shipped(name: str) -> Any:
    """Return a shipped instance, horizon or placement by its name, ``family/name``.

    Raises
    ------
    EkyaOptError
        If there is none of that name.
    """
    from instances.problems import read_problem

    return read_problem(shipped_path(name))


def expand(text: str) -> list[Path]:
    """Return the instance files that a command-line argument stands for.

    Parameters
    ----------
    text
        A file; a folder, for all ``.json``, ``.json.gz`` and ``.npz`` files in it and
        below it, in natural order (window10 after window9); ``shipped:FAMILY`` or
        ``shipped:FAMILY/NAME``; ``shipped:`` or ``shipped:all`` for everything
        shipped.

    Raises
    ------
    EkyaOptError
        If it stands for no file.
    """
    if text.startswith(SHIPPED):
        return _expand_shipped(text.removeprefix(SHIPPED))
    path = Path(text)
    if os.path.isdir(text):
        found = (file for file in path.rglob("*") if _is_instance_file(file))
        files = sorted(found, key=lambda file: natural_order(str(file)))
        if not files:
            suffixes = " or ".join(INSTANCE_SUFFIXES)
            raise EkyaOptError(f"{text}: is a folder without any {suffixes} file")
        return files
    if not os.path.exists(text):
        raise _unknown(f"{text}: is no file, folder or {SHIPPED} name")
    return [path]


def _expand_shipped(wanted: str) -> list[Path]:
    names = shipped_names()
    if wanted not in ("", "all"):
        names = [name for name in names if wanted in (name, name.split("/")[0])]
    if not names:
        raise _unknown(f"nothing is shipped as {shown(SHIPPED + wanted)}")
    return [shipped_path(name) for name in names]


def _is_instance_file(path: Path) -> bool:
    hidden = path.name.startswith(".")
    return path.name.endswith(INSTANCE_SUFFIXES) and not hidden and path.is_file()


def _unknown(problem: str) -> EkyaOptError:
    families = ", ".join(shipped_families())
    message = f"{problem}; the shipped families are {families} (FAMILY or FAMILY/NAME)"
    return EkyaOptError(message)
