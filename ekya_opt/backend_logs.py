"""Where the logs of backends go."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def logs_to_stderr() -> Iterator[None]:
    """Send what the block writes to standard output to standard error.

    Backends in C and in processes of their own write to the descriptor itself, which
    is kept for data.
    """
    if sys.stdout is None:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
