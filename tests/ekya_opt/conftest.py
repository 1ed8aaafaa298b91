"""How the tests of the command line run it."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import instances
from ekya_opt.cli import main

ROOT = Path(instances.__file__).resolve().parent.parent


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The strict JSON value on standard output."""

        def refuse(constant: str) -> None:
            raise AssertionError(f"{constant} in JSON output")

        return json.loads(self.out, parse_constant=refuse)


Run = Callable[..., Outcome]


def run_in_process(*arguments: object) -> Outcome:
    """Run ``main`` on the arguments and capture what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([str(argument) for argument in arguments])
    return Outcome(status, out.getvalue(), err.getvalue())


def environment(*extra: Path) -> dict[str, str]:
    """Return an environment in which a new Python finds the packages."""
    inherited = os.environ.get("PYTHONPATH", "")
    paths = [*map(str, extra), str(ROOT), *filter(None, [inherited])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


@pytest.fixture(scope="session")
def run() -> Run:
    """Return a function that runs a command in this process."""
    return run_in_process


@pytest.fixture(scope="session")
def run_process() -> Run:
    """Return a function that runs a command in a process of its own."""

    def run_it(*arguments: object, path: Path | None = None) -> Outcome:
        done = subprocess.run(
            [sys.executable, "-m", "ekya_opt", *map(str, arguments)],
            env=environment(*([path] if path else [])),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run_it


@pytest.fixture(scope="session")
def printed_by() -> Callable[[str], str]:
    """Return a function that runs code in a new process and returns its output."""

    def run_it(code: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    return run_it


@pytest.fixture(scope="session")
def python_environment() -> Callable[..., dict[str, str]]:
    """Return the function that makes environments for new processes."""
    return environment


@pytest.fixture
def worked() -> dict[str, Any]:
    """Return window 1 of the paper's worked example, in units of a whole GPU.

    On paper: serving takes 1 GPU a stream, the third is best spent on Cfg2B for 50 s,
    so the objective is (0.65 + (50 · 0.5 + 70 · 0.85) / 120) / 2 = 0.677083….
    """
    every_frame = [{"name": "every-frame", "gpus": 1, "relative_accuracy": 1}]
    return {
        "schema_version": 1,
        "name": "worked",
        "window_seconds": 120,
        "gpus": 3,
        "units_per_gpu": 1,
        "min_accuracy": 0.4,
        "streams": [
            {
                "name": "A",
                "accuracy": 0.65,
                "retraining": [
                    {
                        "name": "Cfg1A",
                        "gpu_seconds": 85,
                        "accuracy": 0.75,
                        "estimate": {"gpu_seconds": 10, "accuracy": 0.95},
                    },
                    {"name": "Cfg2A", "gpu_seconds": 65, "accuracy": 0.7},
                ],
                "inference": every_frame,
            },
            {
                "name": "B",
                "accuracy": 0.5,
                "retraining": [
                    {"name": "Cfg1B", "gpu_seconds": 80, "accuracy": 0.9},
                    {"name": "Cfg2B", "gpu_seconds": 50, "accuracy": 0.85},
                ],
                "inference": every_frame,
            },
        ],
    }


@pytest.fixture
def worked_file(worked: dict[str, Any], tmp_path: Path) -> Path:
    """Return a file that holds the worked example."""
    path = tmp_path / "worked.json"
    path.write_text(json.dumps(worked), encoding="utf-8")
    return path
