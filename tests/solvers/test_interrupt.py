"""Ctrl-C, and backends that must share a process."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = """
import json, sys
from solvers import Options, solve
from tests.solvers.hard import hard
instance = hard()
print("ready", flush=True)
settings = json.loads(sys.argv[2])
if settings.pop("elsewhere", False):
    from solvers import highs_backend
    highs_backend.MOST_COLUMNS_HERE = 0
result = solve(instance, sys.argv[1], Options(settings=settings))
print(json.dumps([result.status, result.stopped_by, result.objective, result.bound]))
"""


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a child that keeps its temporary files in a folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}


@pytest.mark.parametrize(
    ("solver", "settings", "whole_group"),
    [
        ("milp", {"backend": "highs"}, False),
        ("milp", {"backend": "highs", "elsewhere": True}, True),
        ("milp", {"backend": "cbc"}, False),
        ("milp", {"backend": "cbc"}, True),
        ("cp-sat", {}, True),
    ],
    ids=["highs", "highs-elsewhere", "cbc", "cbc-group", "cp-sat"],
)
def test_ctrl_c_returns_the_incumbent(
    tmp_path: Path, solver: str, settings: dict[str, object], whole_group: bool
) -> None:
    """SIGINT to Python alone, or to all as from a terminal, keeps what was found."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, solver, json.dumps(settings)],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(4)
    asked = time.monotonic()
    if whole_group:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=30)
    assert time.monotonic() - asked < 5
    status, stopped_by, objective, bound = json.loads(told)
    assert (status, stopped_by) == ("feasible", "interrupt")
    assert 0.4 < objective < 0.5007
    assert bound >= 0.50074
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "names",
    [
        ("highspy", "ortools.sat.python.cp_model"),
        ("ortools.sat.python.cp_model", "pulp"),
    ],
    ids=["highspy-first", "ortools-first"],
)
def test_backends_share_a_process(names: tuple[str, str]) -> None:
    """HiGHS and OR-Tools import and solve in one process, in either order."""
    code = f"import {names[0]}\nimport {names[1]}\nimport highspy\n"
    code += "from solvers import Options, solve\n"
    code += "from tests.small import stream, window\n"
    code += "one = window(stream())\n"
    code += "print([solve(one, name).objective for name in ('milp', 'cp-sat')])\n"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[0.5, 0.5]\n"
