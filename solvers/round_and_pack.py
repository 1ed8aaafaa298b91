"""Round and pack: a pooled plan, rounded to shares of GPUs and packed on them."""

from contextlib import suppress
from dataclasses import replace
from typing import Literal

from formulations.schedule import Schedule
from formulations.tolerances import LEAST_IMPROVEMENT
from instances.placement import Placement
from solvers.dp import solve_dp
from solvers.packed_plans import PackedPlan, Packer, Units
from solvers.search import Answer, Search, TimeUp
from solvers.thief import solve_thief


def solve_round_and_pack(
    placement: Placement,
    search: Search,
    *,
    plan: Literal["dp", "thief"] = "dp",
    redistribute: bool = False,
    restarts: bool = False,
) -> Answer:
    """Ekya's placement: a pooled plan's shares rounded down to the menu and packed.

    Jobs are packed by first-fit decreasing, on the fastest GPUs first. Configs are
    picked again for what a job has got (Ekya, Algorithm 2), and a training that does
    not find room, or does not pay any more, is dropped. The GPUs of a job count as a
    pool of units of speed 1 until then. If a stream is left below its floor there is
    no schedule.

    Parameters
    ----------
    placement
        The problem.
    search
        The run's options, clock and incumbents.
    plan
        Solver of the pooled window: ``dp`` (exact) or ``thief``.
    redistribute
        Whether what rounding leaves is given back: while other sizes of some stream's
        two jobs can be packed and pay, the stream that gains most a unit gets them.
    restarts
        Whether all is also given out from the rounded inference alone, and from
        nothing at all; the best plan stays. Without ``redistribute`` it does nothing.
    """
    planned, pooled = _pooled_plan(placement, search, plan)
    if pooled is None:
        return Answer()
    packer = Packer(placement)
    rounded = _rounded(packer, pooled)
    starts = [rounded]
    if redistribute and restarts:
        starts += [
            [(inference, 0) for inference, _ in rounded],
            [(0, 0)] * len(rounded),
        ]
    found = []
    for units in starts:
        packed = packer.pack(units)
        _report(search, packed)
        while redistribute:
            better = _improved(packer, packed, search)
            if better is None:
                break
            packed = better
            _report(search, packed)
        found.append(packed)
    best = max(found, key=lambda each: each.worth)
    metadata = {"planned": planned, "streams_below_floor": best.below_floor}
    if best.below_floor:
        return Answer(metadata=metadata)
    return Answer(schedule=best.schedule, objective=best.objective, metadata=metadata)


def report_packed(placement: Placement, search: Search) -> None:
    """Report what round and pack finds in a tenth of the time that is left."""
    limit = None
    if search.options.time_limit is not None:
        search.check_time()
        limit = search.remaining / 10
    options = replace(search.options, time_limit=limit, initial_schedule=None)
    packing = Search(options)
    try:
        with suppress(TimeUp):
            solve_round_and_pack(placement, packing, redistribute=True, restarts=True)
    finally:
        # Ctrl-C leaves what is packed by then.
        if packing.objective is not None:
            search.report(packing.objective, lambda: packing.schedule)


def _pooled_plan(
    placement: Placement, search: Search, plan: Literal["dp", "thief"]
) -> tuple[float | None, Schedule | None]:
    """Return another solver's objective and schedule of the pooled window."""
    search.check_time()
    limit = None if search.options.time_limit is None else search.remaining
    options = replace(search.options, time_limit=limit, initial_schedule=None)
    solver = solve_dp if plan == "dp" else solve_thief
    answer = solver(placement.instance, Search(options))
    return answer.objective, answer.schedule


def _rounded(packer: Packer, pooled: Schedule) -> list[Units]:
    """Return the units of each stream's jobs, rounded down to sizes that may be."""
    held = {plan.stream: plan.segments[0] for plan in pooled.streams}
    segments = [held[stream.name] for stream in packer.placement.streams]
    return [
        (packer.at_most(part.inference_units), packer.at_most(part.training_units))
        for part in segments
    ]


def _improved(packer: Packer, packed: PackedPlan, search: Search) -> PackedPlan | None:
    """Return the plan with other sizes of one stream's jobs, those that gain most.

    A unit more is what the gain is weighed by. ``None`` if no change pays.
    """
    units = packed.units
    free = packer.placement.total_units - sum(map(sum, units))
    moves = [
        move
        for v in range(len(units))
        for move in packer.moves(packed, v)
        if move.extra <= free
    ]
    for move in sorted(moves, reverse=True):
        search.check_time()
        v = move.stream_idx
        trial = packer.pack([*units[:v], move.units, *units[v + 1 :]])
        if trial.worth > packed.worth + LEAST_IMPROVEMENT:
            return trial
    return None


def _report(search: Search, packed: PackedPlan) -> None:
    if not packed.below_floor:
        search.report(packed.objective, lambda: packed.schedule)
