"""Progress of long work, on standard error and for people only."""

import sys
import threading
import time
from types import TracebackType
from typing import Self

FIRST_AFTER = 1.0
BAR_LENGTH = 20


class Ticker:
    """A line that tells what runs and for how long, while a block runs.

    Nothing is written unless standard error is a terminal, nor in the first second.

    Parameters
    ----------
    what
        What runs at first.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if sys.stderr is not None and sys.stderr.isatty():
            self._thread = threading.Thread(target=self._tick, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def say(self, what: str) -> None:
        """Show what runs now."""
        self.what = what

    def note(self, done: int, total: int, what: str) -> None:
        """Show what comes next and how much is done, with a bar."""
        filled = BAR_LENGTH * done // max(total, 1)
        bar = "#" * filled + "." * (BAR_LENGTH - filled)
        self.say(f"[{bar}] {done}/{total} {what}")

    def _tick(self) -> None:
        start = time.perf_counter()
        shown = False
        while not self._done.wait(FIRST_AFTER):
            seconds = time.perf_counter() - start
            sys.stderr.write(f"\r\x1b[K{self.what}: {seconds:.0f} s")
            sys.stderr.flush()
            shown = True
        if shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
