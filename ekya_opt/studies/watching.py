"""Watching a run's process: what it tells, its time and its memory."""

import contextlib
import os
import select
import signal
import struct
import time
from dataclasses import dataclass, field

from ekya_opt.studies.outcome import Failure
from ekya_opt.studies.process_tree import (
    Memory,
    descendants,
    kill_descendants,
    memory_of,
)

FIRST_LOOK, LONGEST_LOOK = 0.005, 0.1
"""Seconds between two looks at a run's memory; each is twice the one before."""

REFEREE_SECONDS = 60.0
"""How long a run with a time limit may take after its solve."""

MOST_WORDS = 4_000
"""Bytes that are kept of what a run writes to standard output and error."""

PIECE = 1 << 16

SOLVED = b"."
"""What a run tells first, when its solve has ended."""

SIZES = struct.Struct("!QQ")
"""What it tells next: the lengths of two parts that follow."""


class Abandoned(Exception):
    """Nobody waits for the run, which has been killed."""


@dataclass(slots=True, kw_only=True)
class Watched:
    """What is seen of a run.

    Parameters
    ----------
    told
        What it told, complete or not.
    words
        The end of what it wrote to standard output and error.
    killed
        Why it was killed; ``None`` if it was not.
    status
        How its process ended by itself, as of ``os.waitpid``; 0 if it had not.
    peak
        Largest resident memory seen of all its processes.
    own
        Largest memory seen that is not backed by files, beyond what it began with.
    reserved
        Largest memory that one of its processes had reserved for writing, beyond what
        it began with.
    """

    told: bytearray = field(default_factory=bytearray)
    words: bytearray = field(default_factory=bytearray)
    killed: Failure | None = None
    status: int = 0
    peak: int | None = None
    own: int = 0
    reserved: int = 0

    @property
    def parts(self) -> tuple[bytes, bytes] | None:
        """The two parts that it told; ``None`` before all is told."""
        start = len(SOLVED) + SIZES.size
        if len(self.told) < start:
            return None
        first, second = SIZES.unpack(self.told[len(SOLVED) : start])
        if len(self.told) < start + first + second:
            return None
        rest = bytes(self.told[start : start + first + second])
        return rest[:first], rest[first:]


def watch(
    process: int,
    *,
    told: int,
    heard: int,
    control: int,
    seconds: float | None,
    memory_limit: int | None,
    before: Memory | None,
) -> Watched:
    """Watch a child process until it has told all, ends or must be killed.

    Afterwards neither it nor anything that it started is left.

    Parameters
    ----------
    told, heard
        Descriptors of what it tells, and of its standard output and error.
    control
        Descriptor that ends when nobody waits for the run any more.
    seconds
        Time for its solve.
    memory_limit
        Bytes that its processes may take beyond what a fork begins with.
    before
        What that is; ``None`` if the system does not tell.

    Raises
    ------
    Abandoned
        When nobody waits for the run any more.
    """
    seen = Watched()
    start, look, parent = time.monotonic(), FIRST_LOOK, os.getppid()
    next_look, solved = start + look, False
    pipes = {told: seen.told, heard: seen.words}
    poller = select.poll()
    poller.register(control, select.POLLIN)
    for descriptor in pipes:
        os.set_blocking(descriptor, False)
        poller.register(descriptor, select.POLLIN)
    while seen.parts is None and seen.killed is None:
        wait = max(0.0, next_look - time.monotonic())
        for descriptor, _ in poller.poll(1 + 1000 * wait):
            if descriptor == control:
                kill_run(process)
                raise Abandoned
            if not _read(descriptor, pipes[descriptor]):
                poller.unregister(descriptor)
                look = FIRST_LOOK
        del seen.words[:-MOST_WORDS]
        if seen.parts is not None:
            break
        now = time.monotonic()
        if seen.told and not solved:
            solved = True
            seconds = None if seconds is None else now - start + REFEREE_SECONDS
        if seconds is not None and now > start + seconds:
            seen.killed = Failure.OVERTIME
        if now >= next_look or look == FIRST_LOOK:
            look = min(2 * look, LONGEST_LOOK)
            next_look = now + look
            _look(seen, memory_limit, before)
            if os.getppid() != parent:
                kill_run(process)
                raise Abandoned
            ended, seen.status = os.waitpid(process, os.WNOHANG)
            if ended:
                break
    kill_run(process)
    for descriptor, content in pipes.items():
        _read_all(descriptor, content)
    return seen


def kill_run(process: int) -> None:
    """Kill a run and everything that it started, and reap them all."""
    for kill in (os.kill, os.killpg):
        with contextlib.suppress(OSError):
            kill(process, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process, 0)
    kill_descendants()


def _look(seen: Watched, memory_limit: int | None, before: Memory | None) -> None:
    """Note the memory of all processes of the run, and whether it is too much."""
    found = [memory_of(process) for process in descendants(os.getpid())]
    memories = [memory for memory in found if memory is not None]
    if not memories or before is None:
        return
    seen.peak = max(seen.peak or 0, sum(memory.resident for memory in memories))
    own = sum(memory.own for memory in memories) - before.own
    seen.own = max(seen.own, own)
    reserved = max(memory.data for memory in memories) - before.data
    seen.reserved = max(seen.reserved, reserved)
    if memory_limit is not None and own > memory_limit and seen.killed is None:
        seen.killed = Failure.MEMORY


def _read(descriptor: int, content: bytearray) -> bool:
    """Read a piece of what there is; return whether there was one, or may come."""
    try:
        piece = os.read(descriptor, PIECE)
    except BlockingIOError:
        return True
    content += piece
    return bool(piece)


def _read_all(descriptor: int, content: bytearray) -> None:
    """Read all that is left, once nobody can write any more."""
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(descriptor, PIECE):
            content += piece
