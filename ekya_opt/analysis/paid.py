"""What a plan is worth if the time that it took to find is part of the window."""

import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import pandas as pd

from ekya_opt.analysis.tables import check_columns
from formulations.problems import evaluate_any
from formulations.stream_model import serving_levels
from instances import Instance, InvalidOption, InvalidSchedule
from instances.problems import Kind, kind_of

if TYPE_CHECKING:
    from formulations import Evaluation
    from formulations.problems import AnySchedule
    from instances.problems import Problem

FAIR = "fair"

Before = str | float | Sequence[float]


def paid_accuracy(
    problem: "Problem",
    schedule: "AnySchedule | None",
    decision_seconds: float,
    before: Before = FAIR,
) -> float:
    """Return the objective when the decision itself takes time of the window.

    Until the plan is ready at d, every stream is served as before; from d on the plan
    runs, with all its instants later by d. The window still ends at T, and what the
    plan would do after T − d is cut off: a retraining that would complete later never
    serves. With q_v the accuracy before and A_v(s) that of the plan at instant s, it
    is the weighted mean over the streams of

        (d · q_v + ∫ A_v(s) ds from 0 to T − d) / T,

    exact from the referee's timelines. d = 0 gives the objective, d ≥ T the accuracy
    before. Ekya's decision takes 9.4 s of a window of 200 s (§6.2).

    Parameters
    ----------
    problem
        A window or a placement.
    schedule
        A feasible schedule of it; ``None`` if none was found, so that the streams are
        served as before to the end.
    decision_seconds
        The time d that the decision takes, at least 0.
    before
        ``fair``: the units of a window are split equally over the streams, all serve,
        with the current models and the most accurate inference config that fits, which
        keeps the floor if any does. Or the accuracy of every stream before the plan,
        or one accuracy for each stream in the problem's order, in [0, 1].

    Raises
    ------
    InvalidOption
        If the problem is a horizon, whose later windows depend on what a cut window
        did not finish; if ``decision_seconds`` or ``before`` lies outside its domain;
        or if ``before`` is ``fair`` for a placement.
    InvalidSchedule
        If the schedule breaks a rule.
    """
    if not decision_seconds >= 0:
        message = f"decision_seconds is {decision_seconds!r}, expected at least 0"
        raise InvalidOption(message)
    levels = accuracies_before(problem, before)
    window: float = problem.window_seconds
    spent = min(float(decision_seconds), window)
    if schedule is None:
        spent = window
    weights = [float(stream.weight) for stream in problem.streams]
    gained = [spent * level for level in levels]
    if schedule is not None:
        verdict: Evaluation = evaluate_any(problem, schedule)  # type: ignore[assignment]
        if verdict.violations:
            raise InvalidSchedule(verdict.violations[0], "schedule")
        left = window - spent
        for v, stream in enumerate(verdict.streams):
            gained[v] += math.fsum(
                level * (min(end, left) - start)
                for start, end, level in stream.timeline
                if start < left
            )
    total = math.fsum(w * area for w, area in zip(weights, gained, strict=True))
    return total / window / math.fsum(weights)


def accuracies_before(problem: "Problem", before: Before = FAIR) -> list[float]:
    """Return what every stream is served at before the plan; see `paid_accuracy`."""
    if kind_of(problem) is Kind.HORIZON:
        message = f"{problem.name} is a horizon, expected a window or a placement"
        raise InvalidOption(message)
    count = len(problem.streams)
    if isinstance(before, str):
        if before != FAIR:
            message = f"before is {before!r}, expected {FAIR!r} or accuracies"
            raise InvalidOption(message)
        if not isinstance(problem, Instance):
            message = f"before is {FAIR!r}, expected accuracies for a placement"
            raise InvalidOption(message)
        return _fair(problem)
    given: Any = before
    levels = [given] * count if isinstance(before, Real) else list(given)
    if len(levels) != count:
        message = f"before has {len(levels)} accuracies, expected {count}"
        raise InvalidOption(message)
    for level in levels:
        if not 0 <= level <= 1:
            message = f"before has {level!r}, expected accuracies from 0 to 1"
            raise InvalidOption(message)
    return [float(level) for level in levels]


def paid_accuracies(
    runs: pd.DataFrame,
    problem_of: "Callable[[str], Problem]",
    schedule_of: "Callable[[str], AnySchedule | None]",
    *,
    slowdown: float = 1.0,
    before: Before = FAIR,
) -> pd.DataFrame:
    """Return the runs with their accuracy after paying for the decision.

    The columns added are ``decision_seconds``, the run's seconds times the slowdown;
    ``paid_accuracy``, as in :func:`ekya_opt.paid_accuracy`; and ``decision_cost``, the
    objective less it. A run that ended without a schedule is worth what was before.
    NaN where the schedule was not kept, and for problems and settings for which
    :func:`ekya_opt.paid_accuracy` is not defined (horizons; placements with ``fair``).

    Parameters
    ----------
    runs
        A table with ``RUN_COLUMNS``.
    problem_of
        Returns the problem of an instance hash, such as ``store.problem``.
    schedule_of
        Returns the schedule of a run's key or ``None``, such as ``store.schedule``.
    slowdown
        How much slower the server decides than the machine of the runs, at least 0.
    before
        As in :func:`ekya_opt.paid_accuracy`.

    Raises
    ------
    InvalidData
        If the table lacks a column that is needed.
    InvalidOption
        If the slowdown is negative or ``before`` lies outside its domain.
    """
    check_columns(runs, "key", "instance_hash", "kind", "objective", "seconds")
    if not 0 <= slowdown < math.inf:
        raise InvalidOption(f"slowdown is {slowdown!r}, expected at least 0")
    seconds = runs["seconds"].astype("float64") * slowdown
    undefined = [Kind.HORIZON]
    if isinstance(before, str):
        undefined.append(Kind.PLACEMENT)
    problems: dict[str, Any] = {}
    values = []
    columns = ("key", "instance_hash", "kind", "objective")
    rows = zip(*(runs[name] for name in columns), seconds, strict=True)
    for key, digits, kind, objective, spent in rows:
        if kind in undefined:
            values.append(math.nan)
            continue
        if digits not in problems:
            problems[digits] = problem_of(digits)
        schedule = None if pd.isna(objective) else schedule_of(key)
        if schedule is None and not pd.isna(objective):
            values.append(math.nan)
        else:
            values.append(paid_accuracy(problems[digits], schedule, spent, before))
    paid = pd.Series(values, index=runs.index, dtype="float64")
    return runs.assign(
        decision_seconds=seconds,
        paid_accuracy=paid,
        decision_cost=runs["objective"].astype("float64") - paid,
    )


def _fair(instance: Instance) -> list[float]:
    """Return the accuracies of an equal split; the first streams get what remains."""
    each, rest = divmod(instance.total_units, len(instance.streams))
    levels = []
    for v, stream in enumerate(instance.streams):
        units = each + (v < rest)
        kept = 0.0
        for needed, idx in serving_levels(stream, instance.units_per_gpu):
            if needed <= units:
                kept = max(kept, stream.inference[idx].relative_accuracy)
        levels.append(stream.accuracy * kept)
    return levels
