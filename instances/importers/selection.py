"""Which windows and which streams of a recording are imported."""

from collections.abc import Sequence

from instances.checks import shown
from instances.errors import InvalidOption


def select_windows(windows: Sequence[int], window: int | None) -> tuple[int, ...]:
    """Return the one window asked for, or all of them when it is ``None``.

    Raises
    ------
    InvalidOption
        If the window is not among them.
    """
    if window is None:
        return tuple(windows)
    if window not in windows:
        known = ", ".join(map(str, windows))
        raise InvalidOption(f"window is {shown(window)}, expected one of {known}")
    return (window,)


def select_streams(
    names: Sequence[str], streams: Sequence[str] | int | None, where: str
) -> tuple[str, ...]:
    """Return the names asked for in the order given, or the first so many of all.

    Parameters
    ----------
    names
        All there are.
    streams
        Names, or a number from 1 to that of all; ``None`` is all of them.
    where
        What holds the names, for the error.

    Raises
    ------
    InvalidOption
        If a name is unknown or comes twice, or there are not so many.
    """
    if streams is None:
        return tuple(names)
    if isinstance(streams, int):
        if not 1 <= streams <= len(names):
            message = f"streams is {streams}, expected 1 to {len(names)}"
            raise InvalidOption(f"{message} (those of {where})")
        return tuple(names[:streams])
    for idx, name in enumerate(streams):
        if name not in names:
            message = f"streams holds {shown(name)}, which {where} has not"
            raise InvalidOption(f"{message}, expected some of {', '.join(names)}")
        if name in streams[:idx]:
            raise InvalidOption(f"streams holds {shown(name)} twice")
    if not streams:
        raise InvalidOption("streams is empty, expected at least one name")
    return tuple(streams)
