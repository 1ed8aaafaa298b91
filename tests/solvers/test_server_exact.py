"""The exact solvers of server windows against each other and the referee."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formulations.evaluate import evaluate
from instances import Instance, InvalidOption, Reallocation, SolverUnavailable
from instances.generators import generate
from solvers import Options, Result, Status, StoppedBy, solve
from tests.small import retraining, segment, serving, stream, window
from tests.small import schedule as small_schedule
from tests.strategies import instances

ROOT = Path(__file__).parents[2]
TOLERANCE = 1e-6
ALONE: list[tuple[str, dict[str, Any]]] = [
    ("milp", {"backend": "highs", "presolve": "none"}),
    ("milp", {"backend": "cbc", "presolve": "none"}),
    ("cp-sat", {"presolve": "none"}),
]
PRICED: list[tuple[str, dict[str, Any]]] = [
    ("milp", {"backend": "highs"}),
    ("milp", {"backend": "cbc"}),
    ("cp-sat", {}),
]
WAYS = [*ALONE, *PRICED]

drawn = st.sampled_from([10, 15, 20, 30]).flatmap(
    lambda slot: instances(
        max_streams=2, max_units=5, reallocation="server", slot_seconds=slot
    )
)


def named(way: Any) -> str:
    """Return a short name of a way for the test's identity."""
    return "-".join([way[0], *way[1].values()])


def run(way: tuple[str, dict[str, Any]], instance: Instance, **options: Any) -> Result:
    """Solve an instance one way."""
    return solve(instance, way[0], Options(settings=way[1], **options))


def ten_streams(gpus: int = 4) -> Instance:
    """Return a window that no way proves in two seconds, or on four GPUs in ten."""
    return generate("recorded-like", 10, gpus, 0, reallocation="server", slot_seconds=5)


@cache
def good_schedule() -> Result:
    """Return what the decomposition finds soon of ten streams on two GPUs."""
    settings = {"gap": 0.001}
    return solve(ten_streams(2), "decomposition", Options(settings=settings))


@settings(max_examples=30)
@given(drawn)
def test_all_ways_agree(instance: Instance) -> None:
    """All engines, alone and presolved, and the decomposition: one optimum.

    Each proves it to the tolerance, or infeasibility; the referee has seen each
    schedule.
    """
    results = [run(way, instance) for way in WAYS]
    results.append(run(("decomposition", {"gap": 0}), instance))
    if any(result.status is Status.INFEASIBLE for result in results):
        assert all(result.status is Status.INFEASIBLE for result in results)
        return
    objectives = [result.objective or 0.0 for result in results]
    bounds = [result.bound for result in results if result.bound is not None]
    assert max(objectives) <= min(bounds) + TOLERANCE
    for result in results[:-1]:
        assert result.status is Status.OPTIMAL, result.metadata


@settings(max_examples=20)
@given(instances(max_units=3, max_streams=2, reallocation="server", slot_seconds=20))
def test_brute_force_finds_no_better(instance: Instance) -> None:
    """Enumeration, priced by the referee alone, has the same optimum."""
    brute = solve(instance, "brute-force")
    result = run(ALONE[0], instance)
    assert result.status is brute.status
    if brute.objective is not None:
        assert result.objective == pytest.approx(brute.objective, abs=TOLERANCE)


@settings(max_examples=15)
@given(instances(max_streams=4, max_units=12, reallocation="server", slot_seconds=10))
def test_bounds_never_cross_objectives(instance: Instance) -> None:
    """On larger windows what time left unproven is still true."""
    results = [run(way, instance, time_limit=3) for way in (*ALONE, PRICED[0])]
    objectives = [r.objective for r in results if r.objective is not None]
    bounds = [r.bound for r in results if r.bound is not None]
    if objectives and bounds:
        assert max(objectives) <= min(bounds) + TOLERANCE


@settings(max_examples=40)
@given(
    instances(max_streams=3, max_units=3, training_throughput=None),
    st.sampled_from([5, 10]),
    st.data(),
)
def test_static_is_at_most_server_where_completions_fall_on_slots(
    instance: Instance, slot: int, data: st.DataObject
) -> None:
    """The optimum of never and stream is at most that of server.

    With three units at most, works of six unit-slots, or whole multiples, end on
    slots whatever the units, if their delays do.
    """
    unit_slots = 6 * slot / instance.units_per_gpu
    streams = [
        replace(
            each,
            retraining=tuple(
                replace(
                    config,
                    gpu_seconds=unit_slots * data.draw(st.sampled_from([0, 1, 2])),
                    delay_seconds=slot * data.draw(st.sampled_from([0, 0, 1])),
                )
                for config in each.retraining
            ),
        )
        for each in instance.streams
    ]
    static = replace(instance, streams=tuple(streams))
    server = replace(static, reallocation=Reallocation.SERVER, slot_seconds=slot)
    least, most = solve(static, "dp"), run(ALONE[0], server)
    if least.objective is not None:
        assert most.objective is not None
        assert least.objective <= most.objective + TOLERANCE


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_units_move_when_a_training_ends(way: Any) -> None:
    """Two trainings of ten unit-slots one after another, of five free units.

    A and B serve with two and three of ten units. In slots of 10 s A's model is ready
    after 20 s and B's after 40 s: ((2 · 0.5 + 8 · 0.9) + (4 · 0.5 + 6 · 0.9)) / 20 =
    0.78. Side by side both are ready after 40 s: 0.74.
    """
    two = window(
        stream("A", inference=(serving(0.2, 1.0),), retraining=(retraining(10, 0.9),)),
        stream("B", inference=(serving(0.3, 1.0),), retraining=(retraining(10, 0.9),)),
        reallocation="server",
        slot_seconds=10,
    )
    result = run(way, two)
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(0.78)


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_a_floor_that_nothing_keeps_is_infeasible(way: Any) -> None:
    """A stream of accuracy 0.5 cannot start at 0.6, whatever it trains."""
    held = stream(min_accuracy=0.6, retraining=(retraining(10, 0.9),))
    result = run(way, window(held, reallocation="server", slot_seconds=10))
    assert result.status is Status.INFEASIBLE


@pytest.mark.parametrize("way", WAYS, ids=named)
@pytest.mark.parametrize("seconds", [0.001, 2.0])
def test_the_time_limit_is_kept(way: Any, seconds: float) -> None:
    """A hard window is left on time, with a true bound where there is one."""
    result = run(way, ten_streams(), time_limit=seconds)
    assert result.runtime <= 1.1 * seconds + 1
    assert result.stopped_by is StoppedBy.TIME_LIMIT
    assert result.objective is None or result.objective <= (result.bound or 1)


@pytest.mark.parametrize("way", PRICED, ids=named)
def test_prices_are_told(way: Any) -> None:
    """The presolve leaves out cells, starts the engine, and its bound holds."""
    result = run(way, ten_streams(2), time_limit=8)
    told, good = result.metadata, good_schedule()
    assert told["cells_after_fixing"] < told["cells"] / 2
    assert told["warm_start"] == "accepted"
    assert told["variables"] > 0
    assert told["constraints"] > 0
    assert result.objective is not None
    assert result.bound is not None
    assert good.objective is not None
    assert good.objective <= result.bound + TOLERANCE
    assert result.bound <= told["presolve_bound"] <= told["root_bound"]
    assert (result.bound - result.objective) / result.bound <= 0.01


@pytest.mark.parametrize("way", ALONE, ids=named)
def test_a_start_is_taken_and_never_lost(way: Any) -> None:
    """A good schedule to start from is accepted, and the result is no worse."""
    good = good_schedule()
    start = good.schedule
    result = run(way, ten_streams(2), time_limit=8, initial_schedule=start)
    assert good.objective is not None
    assert result.objective is not None
    assert result.objective >= good.objective - 1e-12
    assert result.metadata["warm_start"] == "accepted"
    assert result.metadata["root_bound"] is None


def test_a_start_that_trains_in_vain_is_no_loss() -> None:
    """A config that is no better than the model held is left out of the start."""
    vain = stream(retraining=(retraining(10, 0.4),))
    one = window(vain, reallocation="server", slot_seconds=10)
    start = small_schedule(A=("retrain", [segment(0, "full", 5, 5)]))
    result = run(ALONE[0], one, initial_schedule=start)
    assert result.objective == pytest.approx(0.5)
    assert result.metadata["warm_start"] == "accepted"


def test_eq_1_is_for_static_windows() -> None:
    """The literal formulation is refused in one line."""
    with pytest.raises(SolverUnavailable, match="server is not a static") as caught:
        run(("milp", {"formulation": "literal"}), ten_streams())
    assert "\n" not in str(caught.value)


def test_an_unknown_presolve_is_refused() -> None:
    """The setting's values are listed."""
    with pytest.raises(InvalidOption, match=r"prices \| none"):
        run(("cp-sat", {"presolve": "magic"}), ten_streams())


def test_large_programs_run_in_a_process_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """HiGHS in another process takes columns that are no binaries, and a start."""
    monkeypatch.setattr("solvers.highs_backend.MOST_COLUMNS_HERE", 0)
    curve = ((0.5, 0.7), (1.0, 1.0))
    one = window(
        stream(retraining=(retraining(10, 0.9, 15),)),
        reallocation="server",
        slot_seconds=10,
        training_throughput=curve,
    )
    first = run(ALONE[0], one)
    assert first.status is Status.OPTIMAL
    again = run(ALONE[0], one, initial_schedule=first.schedule)
    assert again.metadata["warm_start"] == "accepted"
    assert again.objective == first.objective


def test_a_process_of_its_own_tells_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """HiGHS is stopped with a start that it cannot better, and its bound is known."""
    monkeypatch.setattr("solvers.highs_backend.MOST_COLUMNS_HERE", 0)
    start = good_schedule().schedule
    result = run(ALONE[0], ten_streams(2), time_limit=8, initial_schedule=start)
    assert result.objective is not None
    assert result.bound is not None
    assert result.objective - TOLERANCE <= result.bound <= 1.02 * result.objective


SCRIPT = """
import json, sys
from solvers import Options, solve
from tests.solvers.test_server_exact import ten_streams
instance = ten_streams()
print("ready", flush=True)
result = solve(instance, sys.argv[1], Options(settings=json.loads(sys.argv[2])))
print(json.dumps([result.status, result.stopped_by, result.objective, result.bound]))
"""


@pytest.mark.parametrize("way", PRICED, ids=named)
def test_ctrl_c_keeps_the_incumbent(tmp_path: Path, way: Any) -> None:
    """SIGINT ends the engine with the best schedule, and leaves no files."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, way[0], json.dumps(way[1])],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(10)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=30)
    assert time.monotonic() - asked < 5
    status, stopped_by, objective, bound = json.loads(told)
    assert (status, stopped_by) == ("feasible", "interrupt")
    assert 0.87 < objective <= bound < 0.89
    assert list(tmp_path.iterdir()) == []


def hardly_trained(gpu_seconds: float, *levels: Any, **values: Any) -> Instance:
    """Return a window of five slots with a stream that hardly trains at all."""
    told = {k: values.pop(k) for k in ("min_accuracy",) if k in values}
    one = stream(
        retraining=(retraining(gpu_seconds, 0.9),),
        inference=levels or (serving(0.5, 1.0, "full"),),
        **told,
    )
    return window(one, reallocation="server", slot_seconds=20, **values)


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_work_that_is_forgiven_serves_at_once(way: tuple[str, dict[str, Any]]) -> None:
    """A billionth of a GPU-second on a unit ends within 1e-7 s, which is slot 0."""
    result = run(way, hardly_trained(1e-9))
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(0.9, abs=TOLERANCE)


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_bounds_hold_where_many_units_are_forgiven(
    way: tuple[str, dict[str, Any]],
) -> None:
    """5e-8 GPU-seconds end at once on the five free units, on fewer in slot 1."""
    instance = hardly_trained(5e-8)
    at_once = small_schedule(A=("retrain", [segment(0, "full", 5, 5)]))
    assert evaluate(instance, at_once).objective == pytest.approx(0.9)
    result = run(way, instance)
    assert result.bound is not None
    assert result.bound >= 0.9 - TOLERANCE


@pytest.mark.parametrize("way", WAYS, ids=named)
def test_what_trains_at_once_takes_units(way: tuple[str, dict[str, Any]]) -> None:
    """The floor of 0.6 needs the new model and the whole GPU: nothing trains it."""
    result = run(way, hardly_trained(1e-9, serving(1, 1.0), min_accuracy=0.6))
    assert result.status is Status.INFEASIBLE


@pytest.mark.parametrize("way", ALONE, ids=named)
def test_little_work_is_work(way: tuple[str, dict[str, Any]]) -> None:
    """Half a millionth of a unit-slot takes a unit in slot 0: (0.45 + 4 · 0.9) / 5."""
    curve = ((0.7, 1 / 3),)
    levels = serving(0.9, 0.9), serving(1, 1.0)
    result = run(way, hardly_trained(1e-6, *levels, training_throughput=curve))
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(0.81, abs=TOLERANCE)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("backend", ["highs", "cbc"])
def test_works_of_many_parts_are_no_wrong_proof(backend: str, seed: int) -> None:
    """Works that are no multiple of what units gain: the new model serves from slot 2.

    All twenty units would do it at once, at the cost of serving nothing: 5/12. Fifteen
    leave five to serve with 0.3, and one more finishes: (2 · 0.3 + 4 · 0.5) / 6.
    """
    one = stream(
        accuracy=0.3,
        retraining=(
            retraining(0.4220643881243825, 0.5, name="whole"),
            retraining(0.3990035826953907, 0.5, 0.024256629525052566, "late"),
        ),
        inference=(serving(0.5, 1.0),),
    )
    instance = window(
        one,
        window_seconds=0.6,
        gpus=2,
        training_throughput=((0.5, 0.1), (1.0, 2.1), (1.5, 4.1)),
        reallocation="server",
        slot_seconds=0.1,
    )
    way = "milp", {"backend": backend, "presolve": "none"}
    result = run(way, instance, seed=seed)
    assert result.status is Status.OPTIMAL
    assert result.objective == pytest.approx(13 / 30, abs=TOLERANCE)
