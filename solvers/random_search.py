"""Random allocations, the baseline below all baselines."""

from functools import partial

from formulations.pick_configs import PickConfigs, Share
from instances import Instance, InvalidOption
from solvers.allocations import answer_allocation, report_allocation
from solvers.rerun import PlanAs, carry_out
from solvers.search import Answer, Search


def solve_random(
    instance: Instance,
    search: Search,
    *,
    samples: int = 1,
    plan_as: PlanAs = "stream",
) -> Answer:
    """Units thrown to the jobs at random by the seed; configs adapted to them.

    Every unit falls on each inference and retraining job with equal probability. An
    allocation that breaks a floor does not count.

    Parameters
    ----------
    instance
        The window.
    search
        The run's options, clock and incumbents.
    samples
        Allocations drawn, of which the best is kept; at least 1.
    plan_as
        Under ``server``: the static reallocation to plan with.
    """
    if samples < 1:
        raise InvalidOption(f"random: samples is {samples}, expected at least 1")
    return carry_out(partial(_solve_static, samples), instance, search, plan_as)


def _solve_static(samples: int, instance: Instance, search: Search) -> Answer:
    picks = PickConfigs(instance)
    num_jobs = 2 * len(instance.streams)
    best = Answer()
    for _ in range(samples):
        search.check_time()
        units = search.rng.multinomial(instance.total_units, [1 / num_jobs] * num_jobs)
        shares: list[Share] = [(int(i), int(r)) for i, r in units.reshape(-1, 2)]
        answer = answer_allocation(picks, shares)
        if best.objective is None or (answer.objective or 0.0) > best.objective:
            best = answer
            report_allocation(search, picks, shares)
    return best
