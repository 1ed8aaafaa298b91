"""What every solver returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from instances.html import html_table
from instances.problems import Kind, kind_of

if TYPE_CHECKING:
    from formulations.schedule_columns import ScheduleColumns


class Status(StrEnum):
    """What is known at the end of a solve."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    NO_SOLUTION = "no_solution"
    ERROR = "error"


class StoppedBy(StrEnum):
    """What cut a solve short."""

    TIME_LIMIT = "time_limit"
    INTERRUPT = "interrupt"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePoint:
    """An incumbent or a better bound, when it was found.

    Parameters
    ----------
    seconds
        Wall seconds since the solve began.
    objective, bound
        Best known at that time; ``None`` if there was none.
    """

    seconds: float
    objective: float | None
    bound: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The certified outcome of one solve.

    Parameters
    ----------
    instance, solver
        Names of the instance and of the solver.
    status
        ``optimal`` is assigned by the toolkit alone, from ``bound - objective``.
    stopped_by
        What cut the solve short; ``None`` if it ran to its end.
    schedule
        The best schedule found, certified by the referee: a ``Schedule``, or one of a
        horizon or a placement.
    schedule_columns
        The same as columns, from a solver that works on them; on columns the only
        form.
    objective
        The referee's objective of the schedule, in [0, 1].
    bound
        Proven upper bound on the objective; ``None`` for heuristics.
    runtime
        Wall seconds of the whole call, model building included.
    trace
        Every incumbent and improved bound, by time, in the numbers planned on.
    metadata
        Settings in effect and what else the solver tells.
    problem
        What was solved, so that a notebook can draw the schedule; ``None`` for columns.
    """

    instance: str
    solver: str
    status: Status
    stopped_by: StoppedBy | None = None
    schedule: Any = None
    schedule_columns: "ScheduleColumns | None" = None
    objective: float | None = None
    bound: float | None = None
    runtime: float = 0.0
    trace: tuple[TracePoint, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    problem: Any = field(default=None, repr=False, compare=False)

    @property
    def has_schedule(self) -> bool:
        """Whether a schedule was found, in whatever form."""
        return self.schedule is not None or self.schedule_columns is not None

    @property
    def gap(self) -> float | None:
        """(bound - objective) / bound; 0 if both are 0, ``None`` without either."""
        if self.objective is None or self.bound is None:
            return None
        return relative_gap(self.bound, self.objective)

    def gap_to(self, reference: float | None) -> float | None:
        """Return (reference - objective) / reference; ``None`` without either."""
        if self.objective is None or reference is None:
            return None
        return relative_gap(reference, self.objective)

    def _repr_html_(self) -> str:
        rows = [
            ["status", self.status],
            ["stopped by", self.stopped_by or "–"],
            ["objective", _shown(self.objective)],
            ["bound", _shown(self.bound)],
            ["gap", "–" if self.gap is None else f"{self.gap:.4%}"],
            ["runtime, s", f"{self.runtime:.4f}"],
        ]
        caption = f"{self.solver} on {self.instance}"
        table = html_table(["", ""], rows, caption)
        if self.schedule is None:
            return table
        plain = str(self.schedule._repr_html_())
        if self.problem is None:
            return table + plain
        from formulations.pictures import schedule_table

        drawn = table + schedule_table(self.problem, self.schedule)
        # Only the plain table of a placement tells which GPUs its jobs lie on.
        return drawn + plain if kind_of(self.problem) is Kind.PLACEMENT else drawn


def relative_gap(reference: float, objective: float) -> float:
    """Return (reference - objective) / reference, 0 where both are 0."""
    if reference == objective:
        return 0.0
    return (reference - objective) / reference if reference else float("-inf")


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.6f}"
