"""Processes below this one: their memory, and their end."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PDEATHSIG, SUBREAPER = 1, 36
"""Options of Linux's prctl."""

MOST_ROUNDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memory of one process, in bytes.

    Parameters
    ----------
    resident
        In RAM now, with what it shares.
    peak
        The most that it had in RAM.
    own
        In RAM and not backed by a file.
    data
        Reserved for writing, in RAM or not.
    """

    resident: int
    peak: int
    own: int
    data: int


def memory_of(process: int | str = "self") -> Memory | None:
    """Return a process's memory; ``None`` if it is gone or the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    fields = dict(
        line.split(":", 1) for line in status.splitlines() if line[:2] in ("Vm", "Rs")
    )
    if "VmRSS" not in fields:
        return None
    kilobytes = {name: int(text.split()[0]) for name, text in fields.items()}
    return Memory(
        resident=1024 * kilobytes["VmRSS"],
        peak=1024 * kilobytes["VmHWM"],
        own=1024 * (kilobytes.get("RssAnon", 0) + kilobytes.get("RssShmem", 0)),
        data=1024 * kilobytes["VmData"],
    )


def descendants(process: int) -> list[int]:
    """Return the processes that a process started, directly or not; zombies too."""
    found, waiting = [], [process]
    while waiting:
        below = list(_children(waiting.pop()))
        found += below
        waiting += below
    return found


def kill_descendants() -> None:
    """Kill and reap all processes below this one.

    Those whose parent dies meanwhile come to this process if it has called
    :func:`adopt_orphans`, so that none escapes by a session of its own.
    """
    for _ in range(MOST_ROUNDS):
        below = descendants(os.getpid())
        for process in below:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        if not _reap() and not below:
            return


def adopt_orphans() -> None:
    """Make this process the parent of all below it that lose theirs, on Linux."""
    _prctl(SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """Have this process killed when the thread that forked it ends, on Linux.

    ``parent`` is the process that it is to depend on; if that is gone already, this
    one ends at once.
    """
    _prctl(PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def marked(mark: str) -> list[int]:
    """Return the processes with ``mark`` as a word of their environment, on Linux.

    Without this one.
    """
    word, found = mark.encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if word in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return [process for process in found if process != os.getpid()]


def kill_marked(mark: str) -> None:
    """Kill every process that has ``mark`` as a word of its environment, on Linux."""
    for process in marked(mark):
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)


def ending(code: int) -> str:
    """Return how a process ended, by its exit code as ``subprocess`` counts."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def killed_for_memory() -> int:
    """Return how many processes the system has killed for want of memory; or 0."""
    try:
        counters = Path("/proc/vmstat").read_text(encoding="ascii")
    except OSError:
        return 0
    lines = [line.split() for line in counters.splitlines()]
    return next((int(count) for name, count in lines if name == "oom_kill"), 0)


def _reap() -> bool:
    """Reap the children that have ended, waiting for one; return whether there was."""
    try:
        os.waitpid(-1, 0)
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _children(process: int) -> Iterator[int]:
    threads = Path(f"/proc/{process}/task")
    try:
        for thread in os.listdir(threads):
            with contextlib.suppress(FileNotFoundError):
                listed = (threads / thread / "children").read_text(encoding="ascii")
                yield from map(int, listed.split())
    except OSError:
        return


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _libc().prctl(option, value, 0, 0, 0)


@cache
def _libc() -> Any:
    import ctypes

    return ctypes.CDLL(None)
