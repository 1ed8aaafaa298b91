import pytest

from instances.profiler.costs import CostSource, cost_spread, run_costs
from tests.instances.profiler.records import run


def test_measured_costs_are_set_up_and_epochs_so_far() -> None:
    """0.5 s of set-up and epochs of 1, 2 and 4 s: 1.5 s after 1, 7.5 s after 3."""
    assert run_costs(run(), CostSource.MEASURED) == (1.5, 7.5)


def test_nominal_costs_follow_the_formula() -> None:
    """2 GFLOP and 10 steps an epoch: 0.07 + 0.0095 s each."""
    one, three = run_costs(run(), CostSource.NOMINAL)
    assert one == pytest.approx(0.0795)
    assert three == pytest.approx(0.2385)


def test_nominal_costs_do_not_depend_on_the_clock() -> None:
    """Other measured seconds leave the nominal costs as they are."""
    slow = run(epoch_seconds=(10.0, 20.0, 40.0), setup_seconds=9.0)
    assert run_costs(slow, CostSource.NOMINAL) == run_costs(run(), CostSource.NOMINAL)


def test_cost_spread_is_largest_over_smallest() -> None:
    """Between 0.5 s and 20 s lies a factor of 40."""
    assert cost_spread([4.0, 0.5, 20.0]) == 40.0
