"""Instances from files, from directories and from the shipped library."""

from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instances import InvalidOption, read_instance
from instances.instance_files import holds_columns
from instances.library import SHIPPED, expand
from instances.problems import read_problem

if TYPE_CHECKING:
    from instances import Instance
    from instances.columns import Columns


def read(source: str | PathLike[str]) -> Any:
    """Return the instance in a file or of a ``shipped:FAMILY/NAME``.

    An ``Instance``, a ``Horizon`` or a ``Placement``, as the ``kind`` in it says.

    Raises
    ------
    InvalidInstance
        If the file breaks a rule of the instance format.
    InvalidOption
        If the source stands for several instances.
    InstanceTooLarge
        If an ``.npz`` file holds too many streams to be objects.
    EkyaOptError
        If the file cannot be read or nothing of that name is shipped.
    """
    return read_problem(_path_of(source))


def read_window(source: str | PathLike[str]) -> "Instance":
    """Return the same where only one window will do; raise as :func:`read`."""
    return read_instance(_path_of(source))


def read_columns(source: str | PathLike[str]) -> "Columns":
    """Return the one instance that :func:`read` would, as columns.

    The columns of an ``.npz`` file are read as they are, however many streams.

    Raises
    ------
    InvalidInstance
        If the file breaks a rule of the instance format.
    InvalidOption
        If the source stands for several instances.
    InstanceTooLarge
        If the columns do not fit into memory.
    EkyaOptError
        If the file cannot be read or nothing of that name is shipped.
    """
    from instances import npz_files
    from instances.columns import columns_of

    path = _path_of(source)
    if holds_columns(path):
        return npz_files.read_columns(path)
    return columns_of(read_instance(path))


def paths_of(sources: Iterable[str]) -> list[Path]:
    """Return the instance files that files, directories and shipped names hold.

    Each file comes once, in the order of the sources.
    """
    found = (path for source in sources for path in expand(source))
    return list(dict.fromkeys(found))


def _path_of(source: str | PathLike[str]) -> str | Path:
    """Return the one instance file that a source stands for."""
    text = fspath(source)
    if not text.startswith(SHIPPED):
        return text
    paths = expand(text)
    if len(paths) != 1:
        example = f"{SHIPPED}{paths[0].parent.name}/{paths[0].stem}"
        message = f"{text} stands for {len(paths)} instances, expected one"
        raise InvalidOption(f"{message}, such as {example}")
    return paths[0]
