"""What tests of processes share: solvers that misbehave, and what is left of them."""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from instances.problems import problem_hash
from tests.small import stream, window

SOLVERS = (
    *("crash", "leave", "abort", "eat", "feed", "sleep", "litter", "refuse"),
    *("exit_", "lie", "starve", "shoot", "chat", "nap", "compile_", "count", "babble"),
    *("give_up", "spread", "load", "err", "brood", "delegate"),
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's /proc")
TWO = window(stream(), stream("B"), min_accuracy=0.4)
HASH = problem_hash(TWO)
READY, COMPILED = "EKYA_OPT_TEST_READY", "EKYA_OPT_TEST_COMPILED"
"""Variables with the files that a sleeping and a compiling solver make."""

MARK = "EKYA_OPT_TEST_MARK"
"""Variable with a word to find processes by."""

_PLUG_INS = Path(__file__).resolve().parents[2] / "plug_in"
_METADATA = "Metadata-Version: 2.1\nName: misbehaving\nVersion: 1.0\n"


def install(folder: Path) -> None:
    """Install the solvers into a folder."""
    information = folder / "misbehaving-1.0.dist-info"
    information.mkdir()
    shutil.copy(_PLUG_INS / "misbehaving.py", folder)
    points = [f"{name} = misbehaving:{name}" for name in SOLVERS]
    text = "\n".join(["[ekya_opt.solvers]", *points, ""])
    (information / "METADATA").write_text(_METADATA, encoding="utf-8")
    (information / "entry_points.txt").write_text(text, encoding="utf-8")


def wait_for(condition: Callable[[], object]) -> None:
    """Wait for a condition, for a minute at most."""
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("nothing happened for a minute")


def marked(mark: str) -> list[int]:
    """Return the processes that began with this value of ``MARK``."""
    found, word = [], f"{MARK}={mark}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if word in words:
            found.append(int(folder.name))
    return found
