"""The Thief scheduler of Ekya (NSDI 2022), Algorithms 1 and 2 as printed."""

from typing import Literal

from formulations.pick_configs import BelowFloor, PickConfigs, Share
from instances import Instance, InvalidOption
from solvers.allocations import (
    allocation_of,
    answer_allocation,
    fair_split,
    report_allocation,
)
from solvers.search import Answer, Search

INFERENCE, TRAINING = 0, 1
LEAST_IMPROVEMENT = 1e-12

JobOrder = Literal["inference-first", "training-first", "by-stream"]
Job = tuple[int, int]
"""Index of a stream, and which of its two jobs."""


def solve_thief(
    instance: Instance,
    search: Search,
    *,
    steal_units: int = 1,
    passes: int = 1,
    order: JobOrder = "inference-first",
    remainder: JobOrder = "inference-first",
    below_floor: BelowFloor = "penalised",
) -> Answer:
    """Ekya's Thief: from a fair start, each job steals from each other while it pays.

    The paper leaves five things open, which are settings here. ``steal_units`` is Δ,
    in units. ``passes`` is how often all pairs of jobs are tried; 0 goes on until a
    pass changes nothing. ``order`` is the order of the thieves and of their victims.
    ``remainder`` is the order in which jobs get the units that the fair start leaves.
    ``below_floor`` is what a stream counts for which no inference config keeps the
    floor: its accuracy less 1, so that stealing leads back to the floor, or nothing.
    """
    if steal_units < 1 or passes < 0:
        message = f"thief: steal_units is {steal_units}, passes is {passes}"
        raise InvalidOption(f"{message}, expected at least 1 and at least 0")
    picks = PickConfigs(instance, below_floor)
    best = _fair_start(instance, remainder)
    if search.options.initial_schedule is not None:
        best = allocation_of(instance, search.options.initial_schedule)
    report_allocation(search, picks, best)

    jobs = _ordered_jobs(len(instance.streams), order)
    done, stolen = 0, -1
    while stolen != 0 and (passes == 0 or done < passes):
        stolen = 0
        for thief in jobs:
            for victim in jobs:
                if victim != thief:
                    search.check_time()
                    steals, best = _steal(picks, best, thief, victim, steal_units)
                    if steals:
                        stolen += steals
                        report_allocation(search, picks, best)
        done += 1
    answer = answer_allocation(picks, best)
    answer.metadata["passes_done"] = done
    return answer


def _steal(
    picks: PickConfigs, best: list[Share], thief: Job, victim: Job, steal_units: int
) -> tuple[int, list[Share]]:
    """Steal Δ while the mean accuracy improves; return how often, and the best."""
    steals = 0
    while True:
        trial = _moved(best, thief, victim, steal_units)
        if trial[victim[0]][victim[1]] < 0:
            return steals, best
        streams = {thief[0], victim[0]}
        before = sum(picks.gain(v, best[v]) for v in streams)
        after = sum(picks.gain(v, trial[v]) for v in streams)
        if after <= before + LEAST_IMPROVEMENT:
            return steals, best
        best = trial
        steals += 1


def _moved(allocation: list[Share], thief: Job, victim: Job, units: int) -> list[Share]:
    """Return the allocation with units moved from the victim to the thief."""
    moved = list(allocation)
    for (v, kind), change in ((victim, -units), (thief, units)):
        inference, training = moved[v]
        moved[v] = (
            inference + change * (kind == INFERENCE),
            training + change * (kind == TRAINING),
        )
    return moved


def _fair_start(instance: Instance, remainder: JobOrder) -> list[Share]:
    """Return equal units for all jobs, the remainder one each in the given order."""
    jobs = _ordered_jobs(len(instance.streams), remainder)
    units = dict(zip(jobs, fair_split(instance.total_units, len(jobs)), strict=True))
    return [
        (units[v, INFERENCE], units[v, TRAINING]) for v in range(len(instance.streams))
    ]


def _ordered_jobs(num_streams: int, order: JobOrder) -> list[Job]:
    jobs = [(v, kind) for v in range(num_streams) for kind in (INFERENCE, TRAINING)]
    if order == "by-stream":
        return jobs
    first = INFERENCE if order == "inference-first" else TRAINING
    return sorted(jobs, key=lambda job: (job[1] != first, job[0]))
