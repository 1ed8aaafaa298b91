"""The curve of all capacities, against one solve for each."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekya_opt import (
    InvalidData,
    InvalidInstance,
    InvalidOption,
    Reallocation,
    SolverUnavailable,
    accuracy_curve,
    capacity_for,
    load_shipped,
    read,
    solve,
)
from instances import Instance
from tests.strategies import instances

SERVED = (0.65 + 0.5) / 2
TRAINED = (0.65 + (50 * 0.5 + 70 * 0.85) / 120) / 2


def test_the_paper_s_window(worked_file: Path) -> None:
    """Two GPUs serve both streams above their floor, a third retrains B in 50 s."""
    curve = accuracy_curve(worked_file)
    assert curve["units"].tolist() == curve["gpus"].tolist() == [0, 1, 2, 3]
    nan = float("nan")
    expected = [nan, nan, SERVED, TRAINED]
    assert curve["objective"].tolist() == pytest.approx(expected, nan_ok=True)
    assert capacity_for(worked_file, 0) == 2
    assert capacity_for(worked_file, SERVED) == 2
    assert capacity_for(worked_file, SERVED + 5e-7) == 2
    assert capacity_for(worked_file, SERVED + 0.001) == 3
    assert capacity_for(worked_file, TRAINED, most_gpus=2) is None
    # Two GPUs more: Cfg2A in 65 s on one and Cfg1B in 40 s on two.
    faster = (65 * 0.65 + 55 * 0.7 + 40 * 0.5 + 80 * 0.9) / 240
    assert accuracy_curve(worked_file, gpus=5)["objective"][5] >= faster
    assert capacity_for(read(worked_file), faster, most_gpus=5) is not None
    assert capacity_for(worked_file, faster, most_gpus=3) is None
    assert capacity_for(worked_file, 0.9) is None


@settings(max_examples=40)
@given(instances())
def test_one_program_is_as_good_as_many(instance: Instance) -> None:
    """Every row is what dp finds with that many units, or that nothing is feasible."""
    curve = accuracy_curve(instance)
    assert len(curve) == instance.total_units + 1
    for row in curve.itertuples():
        if row.units == 0:
            continue
        result = solve(replace(instance, gpus=row.units / instance.units_per_gpu))
        if result.objective is None:
            assert result.status == "infeasible"
            assert row.objective != row.objective
        else:
            assert row.objective == pytest.approx(result.objective, abs=1e-9)


@settings(max_examples=40)
@given(instances(), st.sampled_from([0.0, 0.3, 0.5, 0.8]), st.sampled_from([1, 3]))
def test_the_capacity_is_the_least(
    instance: Instance, accuracy: float, factor: int
) -> None:
    """It is the first row of a long curve that reaches the accuracy, and no other."""
    most = factor * instance.gpus
    curve = accuracy_curve(instance, gpus=most)
    enough = curve[curve["objective"] >= accuracy - 1e-6]["gpus"]
    found = capacity_for(instance, accuracy, most_gpus=most)
    assert found == (enough.iloc[0] if len(enough) else None)
    single = replace(instance, gpus=1 / instance.units_per_gpu)
    assert capacity_for(single, accuracy, most_gpus=most) == found


def test_a_shipped_window_in_both_modes() -> None:
    """Modes are changed on demand; with stream there is at least as much."""
    instance: Instance = load_shipped("contention/n04-g2")
    curves = [
        accuracy_curve(instance, reallocation=mode)["objective"]
        for mode in ("never", "stream")
    ]
    assert (curves[1].fillna(0) >= curves[0].fillna(0) - 1e-9).all()
    result = solve(replace(instance, reallocation=Reallocation.STREAM), "core")
    assert curves[1].iloc[-1] == pytest.approx(result.objective, abs=1e-9)


def test_what_has_no_curve(worked_file: Path) -> None:
    """Server windows, other problems and values outside domains are refused."""
    server = replace(
        read(worked_file), reallocation=Reallocation.SERVER, slot_seconds=10
    )
    with pytest.raises(SolverUnavailable, match="server is not a static window"):
        accuracy_curve(server)
    assert accuracy_curve(server, reallocation="never")["objective"][2] == SERVED
    with pytest.raises(InvalidData, match="is a horizon, expected a window"):
        accuracy_curve(load_shipped("paper/horizon"))
    with pytest.raises(InvalidInstance, match="whole number"):
        accuracy_curve(worked_file, gpus=1.5)
    with pytest.raises(InvalidInstance, match="reallocation"):
        accuracy_curve(worked_file, reallocation="often")
    with pytest.raises(InvalidOption, match=r"accuracy is 1\.5"):
        capacity_for(worked_file, 1.5)
    with pytest.raises(InvalidOption, match="most_gpus is 0"):
        capacity_for(worked_file, 0.5, most_gpus=0)
