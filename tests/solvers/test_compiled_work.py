"""Compiled variants: the same results, time limits kept, numba only where it pays."""

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.kernels.programs_cpu import BLOCK
from formulations.value_tables import value_table
from instances import Instance
from instances.generators import generate
from solvers import Options, Search, StoppedBy, TimeUp, solve
from solvers.compiled_work import Abandoned, compiled_pays, in_time
from solvers.dp import _compiled_join, _joined, best_units
from solvers.thief import JobOrder
from tests.strategies import instances

ROOT = Path(__file__).parents[2]
ORDERS = st.sampled_from(JobOrder.__args__)  # type: ignore[attr-defined]

thief_settings = st.fixed_dictionaries(
    {
        "steal_units": st.integers(0, 3),
        "passes": st.integers(0, 2),
        "order": ORDERS,
        "remainder": ORDERS,
        "below_floor": st.sampled_from(["penalised", "unserved"]),
    }
)


def both_ways(module: str, work: Any) -> tuple[Any, Any]:
    """Return what ``work`` returns in plain Python and in compiled code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{module}.compiled_pays", lambda *_: False)
        plain = work()
        patch.setattr(f"{module}.compiled_pays", lambda *_: True)
        # The table costs more than so small a robbery.
        patch.setattr("solvers.thief.SECONDS_A_CELL", 0.0)
        return plain, work()


@settings(max_examples=150)
@given(instances(max_streams=4, max_units=12), thief_settings, st.booleans())
def test_the_compiled_thief_steals_the_same(
    instance: Instance, own: dict[str, Any], from_optimum: bool
) -> None:
    """Schedule, incumbents and metadata are equal in every setting, to the bit."""
    start = solve(instance, "dp").schedule if from_optimum else None
    options = Options(settings=own, initial_schedule=start)
    plain, compiled = both_ways(
        "solvers.thief", lambda: solve(instance, "thief", options)
    )
    assert plain.schedule == compiled.schedule
    assert plain.objective == compiled.objective
    assert [p.objective for p in plain.trace] == [p.objective for p in compiled.trace]
    assert plain.metadata == compiled.metadata
    assert plain.status == compiled.status


def test_the_compiled_thief_steals_the_same_on_many_streams() -> None:
    """Forty streams and 160 units until nothing changes."""
    instance = generate("recorded-like", 40, 16, 0, units_per_gpu=10)
    options = Options(settings={"passes": 0})
    plain, compiled = both_ways(
        "solvers.thief", lambda: solve(instance, "thief", options)
    )
    assert len(plain.trace) > 50
    assert plain.schedule == compiled.schedule
    assert [p.objective for p in plain.trace] == [p.objective for p in compiled.trace]


@settings(max_examples=60)
@given(instances(max_streams=5, max_units=40))
def test_the_compiled_program_finds_the_same(instance: Instance) -> None:
    """The numbers of units, or infeasibility, are those of the NumPy program."""
    table = value_table(instance)
    plain, compiled = both_ways(
        "solvers.dp", lambda: best_units(table, Search(Options()))
    )
    assert plain == compiled


@settings(max_examples=60)
@given(st.integers(1, 2 * BLOCK + 9), st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_a_compiled_join_has_the_same_bits(size: int, seed: int, kinds: int) -> None:
    """Rows with plateaus and unreachable starts, over one block or more."""
    rng = np.random.default_rng(seed)
    before, row = np.sort(rng.integers(0, kinds, (2, size)) / kinds, axis=1)
    row[: rng.integers(0, size)] = -np.inf
    padded = np.concatenate((np.full(size - 1, -np.inf), before))
    search = Search(Options())
    plain = _joined(padded, row, search)
    assert (plain == _compiled_join()(padded, row, search)).all()


def test_what_is_loaded_decides_what_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second pays once numba is there; a hundredth once the code is as well."""
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    assert compiled_pays(1.0, "not.there")
    assert not compiled_pays(0.5, "not.there")
    monkeypatch.setitem(sys.modules, "numba", sys)
    assert compiled_pays(0.5, "not.there")
    assert not compiled_pays(0.01, "not.there")
    assert compiled_pays(0.01, "solvers")
    assert not compiled_pays(0.001, "solvers")


def test_a_run_ends_in_time_while_code_loads() -> None:
    """Work that cannot be stopped is left behind, and told so at its next call."""
    ended = threading.Event()

    def work(between: Any) -> None:
        time.sleep(0.4)
        try:
            between()
        except Abandoned:
            ended.set()

    search = Search(Options(time_limit=0.1))
    with pytest.raises(TimeUp):
        in_time(search, work)
    assert search.seconds < 0.35
    assert ended.wait(5)


def test_ctrl_c_while_the_thread_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt within the start of the work's thread is told to the work."""
    start, told = threading.Thread.start, threading.Event()

    def interrupted(thread: threading.Thread) -> None:
        start(thread)
        raise KeyboardInterrupt

    def work(between: Any) -> None:
        for _ in range(50):
            time.sleep(0.02)
            try:
                between()
            except Abandoned:
                return told.set()

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            in_time(Search(Options()), work)
    assert told.wait(5)


@pytest.mark.parametrize(
    ("solver", "own"), [("thief", {"passes": 0}), ("steal-search", {"kicks": 10**6})]
)
def test_ctrl_c_keeps_the_incumbent(
    monkeypatch: pytest.MonkeyPatch, solver: str, own: dict[str, int]
) -> None:
    """Interrupted in compiled code, a run ends after its slice with what it has."""
    monkeypatch.setattr("solvers.thief.compiled_pays", lambda *_: True)
    calls = iter(range(40))

    def check_time(_: Search) -> None:
        if next(calls, None) is None:
            raise KeyboardInterrupt

    instance = generate("recorded-like", 30, 12, 0, reallocation="stream")
    monkeypatch.setattr(Search, "check_time", check_time)
    result = solve(instance, solver, Options(settings=own))
    assert result.stopped_by is StoppedBy.INTERRUPT
    assert result.objective == result.trace[-1].objective


def test_what_the_work_raises_comes_through() -> None:
    """A failure in the thread is a failure here."""

    def work(_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_time(Search(Options()), work)


@pytest.mark.parametrize("solver", ["dp", "thief", "greedy", "core"])
def test_a_small_solve_loads_no_numba(solver: str) -> None:
    """The command line solves a shipped instance without numba."""
    code = "import sys; from ekya_opt.cli import main\n"
    code += f"main(['solve', 'shipped:paper/window1', '--solver', '{solver}'])\n"
    code += "print('numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "False"
