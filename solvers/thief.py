"""The Thief scheduler of Ekya (NSDI 2022), Algorithms 1 and 2 as printed."""

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from formulations.pick_configs import BelowFloor, PickConfigs, Share
from formulations.schedule import Schedule
from formulations.tolerances import LEAST_IMPROVEMENT
from instances import Instance, InstanceTooLarge, InvalidOption
from solvers.allocations import (
    allocation_of,
    answer_allocation,
    fair_split,
    report_allocation,
)
from solvers.compiled_work import compiled_pays, in_time
from solvers.rerun import Adopt, PlanAs, Running, rerun
from solvers.search import Answer, Search

if TYPE_CHECKING:
    from formulations.kernels.tabled_picks import TabledPicks

INFERENCE, TRAINING = 0, 1

USUAL_STEAL_GPUS = 0.1
"""Δ in the paper's evaluation (Ekya, §6.2)."""

USUAL_PASSES = 6
"""Passes until nothing changes, as a rule."""

PAIRS_AT_ONCE = 500_000
SECONDS_A_PAIR = 3e-6
SECONDS_A_CELL = 1e-9

JobOrder = Literal["inference-first", "training-first", "by-stream"]
Job = tuple[int, int]
"""Index of a stream, and which of its two jobs."""


def solve_thief(
    instance: Instance,
    search: Search,
    *,
    steal_units: int = 0,
    passes: int = 1,
    order: JobOrder = "inference-first",
    remainder: JobOrder = "inference-first",
    below_floor: BelowFloor = "penalised",
    plan_as: PlanAs = "stream",
    running: Running = "keep",
    adopt: Adopt = "always",
) -> Answer:
    """Ekya's Thief: from a fair start, each job steals from each other while it pays.

    The paper leaves open what the settings fix. Under ``server`` it runs again, as the
    paper has it, whenever a retraining completes, on what is left of the window; a
    stream that has retrained then has no training job any more.

    Parameters
    ----------
    instance
        The window.
    search
        The run's options, clock and incumbents. An initial schedule takes the place
        of the fair start.
    steal_units
        Δ, in units; 0 is a tenth of a GPU as in the paper's evaluation, at least one
        unit.
    passes
        How often all pairs of jobs are tried; 0 goes on until a pass changes nothing.
    order
        Order of the thieves, and of each thief's victims.
    remainder
        Order in which jobs get one unit each of those that the fair start leaves.
    below_floor
        What a stream counts for which no inference config keeps the floor:
        ``penalised`` is the accuracy it has less 1, so that stealing leads back to
        the floor, ``unserved`` is nothing.
    plan_as, running, adopt
        Under ``server``: the static reallocation to plan with; whether a running
        retraining keeps its config or may be dropped for another; whether a new plan
        counts only if it beats going on with the one before, both carried out to the
        end. The paper's rule carries out every new plan.
    """
    if steal_units < 0 or passes < 0:
        message = f"thief: steal_units is {steal_units}, passes is {passes}"
        raise InvalidOption(f"{message}, expected at least 0")
    step = steal_units or usual_steal_units(instance)
    retrained = frozenset(
        v for v, each in enumerate(instance.streams) if each.retraining
    )

    def plan(window: Instance, part: Search) -> Answer:
        done = {v for v in retrained if not window.streams[v].retraining}
        best = fair_start(window, remainder, done)
        if isinstance(part.options.initial_schedule, Schedule):
            best = allocation_of(window, part.options.initial_schedule)
        jobs = ordered_jobs(len(window.streams), order, done)
        picks = PickConfigs(window, below_floor)
        report_allocation(part, picks, best)

        robbery = Robbery(picks, best, jobs, step)
        if _compiled_pays(window, picks, len(jobs) ** 2 * (passes or USUAL_PASSES)):
            robbery = _compiled(robbery, window, part, below_floor)
        for best in robbery.run(part, passes):
            report_allocation(part, robbery.picks, best)
        answer = answer_allocation(robbery.picks, robbery.allocation)
        answer.metadata.update(passes_done=robbery.passes_done, steal_units=step)
        return answer

    return rerun(plan, instance, search, plan_as, running=running, adopt=adopt)


class Robbery:
    """Each job steals from each other while the mean accuracy improves.

    Parameters
    ----------
    picks
        What shares are worth.
    allocation
        Where it begins.
    jobs
        All jobs, in the order of thieves and of each thief's victims.
    steal_units
        Δ, in units.
    """

    def __init__(
        self,
        picks: PickConfigs,
        allocation: list[Share],
        jobs: list[Job],
        steal_units: int,
    ) -> None:
        self.picks = picks
        self.jobs = jobs
        self.steal_units = steal_units
        self.passes_done = 0
        self._allocation = allocation

    @property
    def allocation(self) -> list[Share]:
        """The best allocation so far."""
        return self._allocation

    def run(self, search: Search, passes: int) -> Iterator[list[Share]]:
        """Yield the allocation after each pair of jobs that stole; 0 passes: all."""
        stolen = -1
        while stolen != 0 and (passes == 0 or self.passes_done < passes):
            stolen = position = 0
            while position < len(self.jobs) ** 2:
                search.check_time()
                position, steals = self._go_on(position)
                if steals:
                    stolen += steals
                    yield self.allocation
            self.passes_done += 1

    def _go_on(self, position: int) -> tuple[int, int]:
        """Try one pair of jobs or more; return the next pair and the steals."""
        thief, victim = divmod(position, len(self.jobs))
        steals = 0
        if thief != victim:
            pair = self.jobs[thief], self.jobs[victim]
            steals, self._allocation = _steal(
                self.picks, self._allocation, *pair, self.steal_units
            )
        return position + 1, steals


class CompiledRobbery(Robbery):
    """The same steals in compiled code, thousands of pairs of jobs at a time."""

    def __init__(
        self,
        picks: "TabledPicks",
        allocation: list[Share],
        jobs: list[Job],
        steal_units: int,
    ) -> None:
        from formulations.kernels.thieves_cpu import rob

        super().__init__(picks, allocation, jobs, steal_units)
        self._rob = rob
        self._gains = picks.gains
        self._units = np.array(allocation)
        self._codes = np.array([2 * v + kind for v, kind in jobs])

    @property
    def allocation(self) -> list[Share]:
        """The best allocation so far."""
        return [(inference, training) for inference, training in self._units.tolist()]

    def _go_on(self, position: int, most_pairs: int = PAIRS_AT_ONCE) -> tuple[int, int]:
        return self._rob(
            self._gains,
            self._units,
            self._codes,
            self.steal_units,
            position,
            most_pairs,
        )


def _compiled_pays(instance: Instance, picks: PickConfigs, pairs: int) -> bool:
    """Return whether the compiled robbery pays, the table that it needs included."""
    seconds = pairs * SECONDS_A_PAIR
    if not compiled_pays(seconds, "formulations.kernels.thieves_cpu"):
        return False
    columns = instance.total_units + 1
    rows = sum(max(model.serving_units) + 1 for model in picks.models)
    choices = max(len(stream.retraining) for stream in instance.streams) + 1
    return rows * columns * choices * SECONDS_A_CELL < seconds / 2


def _compiled(
    robbery: Robbery, instance: Instance, search: Search, below_floor: BelowFloor
) -> Robbery:
    """Return the same robbery compiled; as it is if its table is too large."""

    def make(between: Callable[[], None]) -> CompiledRobbery:
        from formulations.kernels.tabled_picks import TabledPicks

        picks = TabledPicks(instance, below_floor, between=between)
        start = robbery.allocation, robbery.jobs, robbery.steal_units
        made = CompiledRobbery(picks, *start)
        made._go_on(0, most_pairs=0)
        return made

    try:
        return in_time(search, make)
    except InstanceTooLarge:
        return robbery


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


def usual_steal_units(instance: Instance) -> int:
    """Return Δ of the paper's evaluation in units, at least one."""
    return max(1, round(USUAL_STEAL_GPUS * instance.units_per_gpu))


def fair_start(
    instance: Instance, remainder: JobOrder, done: Collection[int] = ()
) -> list[Share]:
    """Return equal units for all jobs, the remainder one each in the given order.

    The streams that are ``done`` with their retraining have no training job.
    """
    jobs = ordered_jobs(len(instance.streams), remainder, done)
    units = dict(zip(jobs, fair_split(instance.total_units, len(jobs)), strict=True))
    return [
        (units[v, INFERENCE], units.get((v, TRAINING), 0))
        for v in range(len(instance.streams))
    ]


def ordered_jobs(
    num_streams: int, order: JobOrder, done: Collection[int] = ()
) -> list[Job]:
    """Return all jobs in the given order, but no training of the streams done."""
    jobs = [(v, INFERENCE) for v in range(num_streams)]
    jobs += [(v, TRAINING) for v in range(num_streams) if v not in done]
    jobs.sort()
    if order == "by-stream":
        return jobs
    first = INFERENCE if order == "inference-first" else TRAINING
    return sorted(jobs, key=lambda job: (job[1] != first, job[0]))
