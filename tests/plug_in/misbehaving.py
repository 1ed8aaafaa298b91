"""Solvers that do what a study must survive."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

from ekya_opt import Answer, Instance, Schedule, Search
from formulations import StreamModel
from formulations.stream_model import NO_RETRAINING
from instances import InvalidOption
from solvers.compiled_work import in_time

MEGABYTE = 1_000_000
SLEEPING = [sys.executable, "-c", "import time; time.sleep(600)"]


def served(instance: Instance, units: int | None = None) -> Schedule:
    """Return the schedule without retraining, by default on equal shares."""
    if units is None:
        units = instance.total_units // len(instance.streams)
    models = [StreamModel(instance, stream) for stream in instance.streams]
    return Schedule(streams=tuple(m.plan(NO_RETRAINING, units, 0) for m in models))


def crash(instance: Instance, search: Search) -> NoReturn:
    """Touch memory that is not there."""
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError


def leave(instance: Instance, search: Search) -> NoReturn:
    """End the process, with a last word."""
    print("so long", file=sys.stderr, flush=True)
    os._exit(3)


def abort(instance: Instance, search: Search) -> NoReturn:
    """End as C++ does when it gets no memory."""
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.abort()


def give_up(instance: Instance, search: Search) -> NoReturn:
    """End as LLVM does when it gets no memory."""
    os.write(2, b"LLVM ERROR: Unable to allocate section memory!\n")
    os.abort()


def spread(instance: Instance, search: Search) -> NoReturn:
    """Start threads until their stacks have no room."""
    threading.stack_size(8 * MEGABYTE // 4096 * 4096)
    while True:
        threading.Thread(target=time.sleep, args=(600,)).start()


def load(instance: Instance, search: Search) -> NoReturn:
    """Fail to load a library when there is little memory left."""
    eaten = bytearray(95 * MEGABYTE)
    raise ImportError(f"cannot map pages beyond {len(eaten)}")


def err(instance: Instance, search: Search) -> NoReturn:
    """Make a mistake when there is little memory left."""
    eaten = bytearray(95 * MEGABYTE)
    raise ValueError(f"{len(eaten)} bytes are not enough")


def brood(instance: Instance, search: Search) -> NoReturn:
    """Look at no clock when there is little memory left."""
    eaten = bytearray(95 * MEGABYTE)
    time.sleep(600)
    raise AssertionError(len(eaten))


def eat(instance: Instance, search: Search) -> NoReturn:
    """Take memory until there is none."""
    eaten = []
    while True:
        eaten.append(bytearray(b"x" * MEGABYTE))


def feed(instance: Instance, search: Search) -> NoReturn:
    """Have another process, in a session of its own, take memory slowly."""
    program = "import time\nx = []\nwhile True:\n x.append(b'x' * 2000000)"
    subprocess.run(
        [sys.executable, "-c", program + "; time.sleep(0.01)"], start_new_session=True
    )
    raise AssertionError


def delegate(instance: Instance, search: Search) -> NoReturn:
    """Have another process want more memory than there is."""
    subprocess.run([sys.executable, "-c", f"bytearray(900 * {MEGABYTE})"], check=True)
    raise AssertionError


def sleep(instance: Instance, search: Search) -> NoReturn:
    """Look at no clock, with a child in a session of its own."""
    subprocess.Popen(SLEEPING, start_new_session=True)
    tempfile.mkdtemp()
    if "EKYA_OPT_TEST_READY" in os.environ:
        Path(os.environ["EKYA_OPT_TEST_READY"]).touch()
    time.sleep(600)
    raise AssertionError


def babble(instance: Instance, search: Search) -> NoReturn:
    """Write faster than anybody reads, for ever."""
    while True:
        os.write(1, b"x" * 2**20)


def nap(instance: Instance, search: Search) -> Schedule:
    """Take a moment."""
    time.sleep(0.05)
    return served(instance)


def compile_(instance: Instance, search: Search) -> Schedule:
    """Compile for longer than there is time, and have it the next time."""

    def work(between: Any) -> None:
        time.sleep(0.4)
        Path(os.environ["EKYA_OPT_TEST_COMPILED"]).touch()

    in_time(search, work)
    return served(instance)


def count(instance: Instance, search: Search) -> Answer:
    """Tell how many threads the worker has, in which this run was forked."""
    status = Path(f"/proc/{os.getppid()}/status").read_text()
    (threads,) = [line for line in status.splitlines() if line.startswith("Threads")]
    return Answer(schedule=served(instance), metadata={"threads": threads.split()[1]})


def litter(instance: Instance, search: Search) -> Schedule:
    """Leave a process behind."""
    subprocess.Popen(SLEEPING, start_new_session=True)
    return served(instance)


def refuse(instance: Instance, search: Search) -> NoReturn:
    """Raise one of our errors."""
    raise InvalidOption("this will\nnot do")


def exit_(instance: Instance, search: Search) -> NoReturn:
    """Raise what is no ``Exception``."""
    raise SystemExit("enough")


def lie(instance: Instance, search: Search) -> Answer:
    """Claim more than the schedule is worth."""
    return Answer(schedule=served(instance), objective=0.9)


def starve(instance: Instance, search: Search) -> Schedule:
    """Serve below the floor."""
    return served(instance, units=0)


def shoot(instance: Instance, search: Search) -> NoReturn:
    """Kill the worker that started this run."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)
    raise AssertionError


def chat(instance: Instance, search: Search) -> Answer:
    """Tell a lot, in words that JSON does not have."""
    for _ in range(20_000):
        print("a line that nobody reads")
    metadata: Any = {
        "set": {1},
        "nan": float("nan"),
        "long": "x" * 10**6,
        "many": [0] * 10**6,
        "self": chat,
        3: {"deep": [1, (2.5, None)]},
        "surrogate": "\udcff",
    }
    return Answer(schedule=served(instance), metadata=metadata)
