"""Workers of the local executor: how they start, and that nothing outlives them."""

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from ekya_opt.studies.local_executor import LocalExecutor
from ekya_opt.studies.outcome import Failure
from ekya_opt.studies.task import Task
from instances import EkyaOptError
from tests.ekya_opt.studies.processes import (
    HASH,
    MARK,
    READY,
    TWO,
    linux,
    marked,
    wait_for,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def test_workers_that_cannot_start_are_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The message holds the worker's last line."""
    (tmp_path / "numpy.py").write_text("raise ImportError('no numbers today')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(EkyaOptError, match=r"workers do not start: .*no numbers today"):
        list(LocalExecutor(1).run([Task(instance_hash=HASH, solver="dp")], {HASH: TWO}))


FALTERING = """
import os
with open(os.environ["EKYA_OPT_TEST_STARTS"], "a+b", buffering=0) as starts:
    starts.write(b".")
    if starts.tell() in (1, 2, 4):
        os._exit(1)
"""


def test_workers_may_fail_to_start_now_and_then(
    site: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two of the three starts that fail come before one that does not."""
    (tmp_path / "sitecustomize.py").write_text(FALTERING)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("EKYA_OPT_TEST_STARTS", str(tmp_path / "starts"))
    task = Task(instance_hash=HASH, solver="shoot")
    ((_, outcome),) = LocalExecutor(1).run([task], {HASH: TWO})
    assert (outcome.failure, outcome.attempts) == (Failure.WORKER_LOST, 3)
    assert (tmp_path / "starts").stat().st_size == 6


SLEEPER = """
import sys
from ekya_opt.studies.local_executor import LocalExecutor
from ekya_opt.studies.task import Task
from tests.ekya_opt.studies.processes import HASH, TWO

tasks = [Task(instance_hash=HASH, solver=name) for name in ("dp", "sleep", "sleep")]
try:
    for task, outcome in LocalExecutor(2).run(tasks, {HASH: TWO}):
        print(task.solver, outcome.status, flush=True)
except KeyboardInterrupt:
    sys.exit(130)
"""


@linux
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_nothing_outlives_a_study_that_is_killed(
    site: Path, tmp_path: Path, by: signal.Signals
) -> None:
    """Neither workers, nor runs, nor what runs started in sessions of their own."""
    root = Path(__file__).resolve().parents[3]
    ready, mark = tmp_path / "ready", uuid.uuid4().hex
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(root), str(site)]),
        READY: str(ready),
        MARK: mark,
        "TMPDIR": str(temporary),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER], env=environment, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"dp optimal\n"
        wait_for(ready.exists)
        assert len(marked(mark)) >= 5
        process.send_signal(by)
        assert process.wait(60) == (130 if by is signal.SIGINT else -signal.SIGKILL)
        wait_for(lambda: not marked(mark))
        assert not list(temporary.iterdir())
    finally:
        process.kill()
        process.communicate()


@linux
def test_closing_ends_what_is_in_flight(
    site: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Leaving the loop over outcomes is enough."""
    ready, mark = tmp_path / "ready", uuid.uuid4().hex
    monkeypatch.setenv(READY, str(ready))
    monkeypatch.setenv(MARK, mark)
    names = ("dp", "sleep")
    tasks = [Task(instance_hash=HASH, solver=name) for name in names]
    outcomes = LocalExecutor(2).run(tasks, {HASH: TWO})
    assert next(outcomes)[0].solver == "dp"
    wait_for(ready.exists)
    outcomes.close()  # type: ignore[attr-defined]
    assert not marked(mark)
