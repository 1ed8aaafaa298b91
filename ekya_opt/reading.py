"""Instances from files, from directories and from the shipped library."""

from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path

from instances import Instance, InvalidOption, read_instance
from instances.library import SHIPPED, expand


def read(source: str | PathLike[str]) -> Instance:
    """Return the one instance in a file or of a ``shipped:FAMILY/NAME``.

    Raises
    ------
    InvalidInstance
        If the file breaks a rule of the instance format.
    InvalidOption
        If the source stands for several instances.
    EkyaOptError
        If the file cannot be read or nothing of that name is shipped.
    """
    text = fspath(source)
    if not text.startswith(SHIPPED):
        return read_instance(text)
    paths = expand(text)
    if len(paths) != 1:
        example = f"{SHIPPED}{paths[0].parent.name}/{paths[0].stem}"
        message = f"{text} stands for {len(paths)} instances, expected one"
        raise InvalidOption(f"{message}, such as {example}")
    return read_instance(paths[0])


def paths_of(sources: Iterable[str]) -> list[Path]:
    """Return the instance files that files, directories and shipped names hold.

    Each file comes once, in the order of the sources.
    """
    found = (path for source in sources for path in expand(source))
    return list(dict.fromkeys(found))
