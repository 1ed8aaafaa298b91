"""Checking a schedule and what is claimed about it against the referee."""

from dataclasses import dataclass
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from formulations import OBJECTIVE_TOLERANCE, Schedule
from formulations.certificate import Certificate, Reproof
from formulations.evaluate import evaluate
from formulations.problems import evaluate_any, is_schedule, read_any_schedule
from formulations.schedule_files import ScheduleFile
from instances import Instance, InvalidData, InvalidSchedule
from instances.instance_files import holds_columns
from instances.problems import Kind, is_columns, kind_of

if TYPE_CHECKING:
    from formulations.kernels.plan_check import PlanVerdict
    from formulations.problems import AnyEvaluation, AnySchedule, AnyScheduleFile
    from formulations.schedule_columns import ScheduleColumns
    from formulations.schedule_npz import ScheduleColumnsFile
    from instances.columns import Columns
    from instances.problems import Problem

MOST_PLAIN_STREAMS = 20_000
"""Streams up to which the referee in plain Python judges a columnar schedule."""

PLAIN, COMPILED = "plain Python", "compiled, for fleets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The referee's verdict on a schedule and on the claims made about it.

    Parameters
    ----------
    evaluation
        What the schedule is worth and every rule that it breaks; for large columnar
        schedules what :func:`formulations.kernels.plan_check.verify_plan` finds.
    claimed, bound
        The claimed objective and upper bound; ``None`` without a claim.
    certificate, reproof
        What is to prove the bound, and what it proves; ``None`` if there is none.
    false_claims
        Every claim that does not hold, as a sentence.
    referee
        Which of the two referees judged.
    """

    evaluation: "AnyEvaluation | PlanVerdict"
    claimed: float | None
    bound: float | None = None
    certificate: Certificate | None = None
    reproof: Reproof | None = None
    false_claims: tuple[str, ...]
    referee: str = PLAIN

    @property
    def passed(self) -> bool:
        """Whether the schedule is feasible and every claim holds."""
        return self.evaluation.feasible and not self.false_claims


def check(
    problem: "Problem | Columns",
    schedule: "AnySchedule | AnyScheduleFile | ScheduleColumns | ScheduleColumnsFile"
    " | str | PathLike[str]",
) -> Check:
    """Return the verdict on a schedule, a schedule file's content or its path.

    A certificate is re-proven from the instance and its price alone.

    Parameters
    ----------
    problem
        An instance, as objects or as columns, a horizon or a placement.
    schedule
        A schedule in objects or columns, with or without claims, or the path of a
        schedule file (``.npz`` for columns).

    Raises
    ------
    InvalidSchedule
        If the file breaks a rule of the schedule format, is of another kind than the
        problem, or a columnar schedule has other streams than the instance or a
        config that it lacks.
    InstanceTooLarge
        If a schedule in objects is given for more streams than objects can be.
    SolverUnavailable
        If a columnar schedule is given for a window that is not static.
    """
    if isinstance(schedule, str | PathLike):
        path = fspath(schedule)
        try:
            return _check(problem, _read(path))
        except InvalidData as wrong:
            raise (wrong if wrong.file else wrong.in_file(path)) from None
    return _check(problem, schedule)


def _read(path: str) -> "AnyScheduleFile | ScheduleColumnsFile":
    if not holds_columns(path):
        return read_any_schedule(path)
    from formulations.schedule_npz import read_schedule_columns

    return read_schedule_columns(path)


def _check(problem: Any, schedule: Any) -> Check:
    if type(schedule).__name__ in ("ScheduleColumns", "ScheduleColumnsFile"):
        return _check_columns(problem, schedule)
    if isinstance(schedule, Schedule):
        schedule = ScheduleFile(streams=schedule.streams)
    own = problem.instance() if is_columns(problem) else problem
    plain = is_schedule(schedule)
    evaluation = evaluate_any(own, schedule if plain else schedule.schedule)
    certificate = getattr(schedule, "certificate", None)
    file = None if plain else schedule
    return _verdict(problem, file, certificate, evaluation, PLAIN)


def _check_columns(problem: Any, schedule: Any) -> Check:
    from formulations.schedule_columns import ScheduleColumns
    from formulations.schedule_npz import ScheduleColumnsFile

    if kind_of(problem) is not Kind.WINDOW:
        message = f"is one of a window, expected one of a {kind_of(problem)}"
        raise InvalidSchedule(message, "schedule")
    if isinstance(schedule, ScheduleColumns):
        schedule = ScheduleColumnsFile(schedule=schedule)
    price = schedule.price
    certificate = None if price is None else Certificate(price=price)
    return _verdict(
        problem, schedule, certificate, *_judged(problem, schedule.schedule)
    )


def _judged(
    problem: "Instance | Columns", schedule: "ScheduleColumns"
) -> "tuple[AnyEvaluation | PlanVerdict, str]":
    """Return the verdict on a columnar schedule, and which referee's it is."""
    schedule.check_fits(problem)
    if schedule.num_streams <= MOST_PLAIN_STREAMS:
        instance = problem if isinstance(problem, Instance) else problem.instance()
        return evaluate(instance, schedule.schedule(instance)), PLAIN
    from formulations.kernels.plan_check import verify_plan
    from instances.columns import columns_of

    columns = columns_of(problem) if isinstance(problem, Instance) else problem
    return verify_plan(columns, schedule), COMPILED


def _verdict(
    problem: Any,
    file: "AnyScheduleFile | ScheduleColumnsFile | None",
    certificate: Certificate | None,
    evaluation: "AnyEvaluation | PlanVerdict",
    referee: str,
) -> Check:
    found = evaluation.objective
    claimed = None if file is None else file.objective
    bound = None if file is None else file.bound
    false_claims = []
    if claimed is not None and abs(claimed - found) > OBJECTIVE_TOLERANCE:
        text = f"The claimed objective is {claimed!r}, the referee finds"
        false_claims.append(f"{text} {found!r}.")
    beaten = bound is not None and bound < found - OBJECTIVE_TOLERANCE
    if evaluation.feasible and beaten:
        text = f"The claimed bound is {bound!r}, below the objective"
        false_claims.append(f"{text} {found!r}.")
    reproof = None
    if certificate is not None:
        from formulations.reproof import reprove

        worth = found if evaluation.feasible else None
        reproof = reprove(problem, certificate, bound, worth)
        if not reproof.holds:
            text = f"The certificate does not prove the claimed bound {bound!r}:"
            false_claims.append(f"{text} {_lowered(reproof.explanation)}")
    return Check(
        evaluation=evaluation,
        claimed=claimed,
        bound=bound,
        certificate=certificate,
        reproof=reproof,
        false_claims=tuple(false_claims),
        referee=referee,
    )


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
