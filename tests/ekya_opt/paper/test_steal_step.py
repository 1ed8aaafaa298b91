"""The Thief's step: the rule, what steals can reach, and a tiny run."""

from itertools import permutations

import pandas as pd
import pytest

from ekya_opt.paper import steal_step
from ekya_opt.paper.finding import Scale, Verdict
from formulations.pick_configs import PickConfigs
from instances import Instance
from instances.generators import generate
from solvers.thief import fair_start


@pytest.mark.parametrize(
    ("gain", "expected"),
    [
        (8.0, Verdict.REPRODUCED),
        (4.1, Verdict.REPRODUCED),
        (15.9, Verdict.REPRODUCED),
        (3.9, Verdict.SHAPE_ONLY),
        (16.1, Verdict.SHAPE_ONLY),
        (0.4, Verdict.NOT_REPRODUCIBLE),
        (-3.0, Verdict.NOT_REPRODUCIBLE),
    ],
)
def test_gains_are_judged(gain: float, expected: Verdict) -> None:
    """The gain is the mean over the servers of 0.1 against 1.0 GPU; others are not."""
    rows = [
        {"gpus": gpus, "step": step, "thief": 0.6 + extra / 100}
        for gpus, shift in ((2, 1.0), (4, -1.0))
        for step, extra in ((1.0, 0.0), (0.1, gain + shift), (0.01, 30.0))
    ]
    verdict, found = steal_step.judge(pd.DataFrame(rows))
    assert verdict is expected
    assert found == pytest.approx(gain)


def by_steals(instance: Instance, step: int) -> float:
    """Return the best of all allocations that steals lead to, one after the other."""
    picks = PickConfigs(instance)
    start = tuple(fair_start(instance, "inference-first"))
    jobs = [(v, kind) for v in range(len(start)) for kind in (0, 1)]
    seen, todo = {start}, [start]
    while todo:
        allocation = todo.pop()
        for thief, victim in permutations(jobs, 2):
            shares = [list(share) for share in allocation]
            shares[thief[0]][thief[1]] += step
            shares[victim[0]][victim[1]] -= step
            after = tuple((share[0], share[1]) for share in shares)
            if min(map(min, after)) >= 0 and after not in seen:
                seen.add(after)
                todo.append(after)
    return max(picks.objective(allocation) for allocation in seen)


@pytest.mark.parametrize("step", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_best_of_steals(step: int, seed: int) -> None:
    """The program over quanta finds the best of all that steals can reach."""
    instance = generate("recorded-like", 2, 0.7, seed, units_per_gpu=20)
    expected = by_steals(instance, step)
    assert steal_step.reachable_optimum(instance, step) == pytest.approx(expected)


def test_a_tiny_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Thief beats its steals, and neither steals nor a coarse grid the optimum."""
    monkeypatch.setattr(steal_step, "STREAMS", 3)
    monkeypatch.setattr(steal_step, "GPUS", (1,))
    finding = steal_step.experiment(Scale(quick=True, seeds=(0,)))
    table = finding.tables[0][1]
    assert list(table["step"]) == sorted(steal_step.STEPS)
    assert (table["thief"] <= table["reachable"] + 1e-9).all()
    assert (table["reachable"] <= table["optimum"] + 1e-9).all()
    assert (table["same_grid"] <= table["optimum"] + 1e-9).all()
    assert finding.verdict is steal_step.judge(table)[0]
    finding.figures[0].draw()
