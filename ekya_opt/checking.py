"""Checking a schedule and what is claimed about it against the referee."""

from dataclasses import dataclass
from os import PathLike

from formulations import OBJECTIVE_TOLERANCE, Evaluation, Schedule
from formulations.evaluate import evaluate
from formulations.schedule_files import ScheduleFile, read_schedule
from instances import Instance


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The referee's verdict on a schedule and on the claims made about it.

    Parameters
    ----------
    evaluation
        What the schedule is worth and every rule that it breaks.
    claimed
        The claimed objective; ``None`` without a claim.
    false_claims
        Every claim that does not hold, as a sentence.
    """

    evaluation: Evaluation
    claimed: float | None
    false_claims: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the schedule is feasible and every claim holds."""
        return self.evaluation.feasible and not self.false_claims


def check(
    instance: Instance, schedule: Schedule | ScheduleFile | str | PathLike[str]
) -> Check:
    """Return the verdict on a schedule, a schedule file's content or its path.

    Raises
    ------
    InvalidSchedule
        If the file breaks a rule of the schedule format.
    """
    if isinstance(schedule, Schedule):
        file = ScheduleFile(streams=schedule.streams)
    elif isinstance(schedule, ScheduleFile):
        file = schedule
    else:
        file = read_schedule(str(schedule))
    evaluation = evaluate(instance, file.schedule)
    found = evaluation.objective
    false_claims = []
    if file.objective is not None and abs(file.objective - found) > OBJECTIVE_TOLERANCE:
        text = f"The claimed objective is {file.objective!r}, the referee finds"
        false_claims.append(f"{text} {found!r}.")
    if (
        evaluation.feasible
        and file.bound is not None
        and file.bound < found - OBJECTIVE_TOLERANCE
    ):
        text = f"The claimed bound is {file.bound!r}, below the objective"
        false_claims.append(f"{text} {found!r}.")
    return Check(
        evaluation=evaluation,
        claimed=file.objective,
        false_claims=tuple(false_claims),
    )
