"""The compact mixed-integer program of a static window.

A multiple-choice knapsack over the value table: one binary for each undominated
number of units of each stream. Builds and decodes; ``solvers/milp.py`` solves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from formulations.labels import stream_label
from formulations.schedule import Schedule
from formulations.value_tables import ValueTable, value_table
from instances import Instance, SolverDisagreement

if TYPE_CHECKING:
    from pulp import LpProblem, LpVariable

Choice = TypeVar("Choice")

SCALE_PER_STREAM = 1e3
"""The objective is ``SCALE_PER_STREAM · V · (weighted mean)``.

Solvers' tolerances are absolute: on coefficients of the mean itself they stop early
and call it optimal.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowMilp:
    """The compact program of one instance.

    Parameters
    ----------
    instance, table
        The problem and its value table.
    problem
        The PuLP model; maximises ``scale`` times the weighted mean.
    take
        For each stream its binaries x_{v,k}, by k.
    options
        For each stream the numbers of units k that the binaries stand for.
    """

    instance: Instance
    table: ValueTable
    problem: "LpProblem"
    take: tuple[tuple["LpVariable", ...], ...]
    options: tuple[tuple[int, ...], ...]

    @property
    def scale(self) -> float:
        """The problem's objective divided by the weighted mean."""
        return SCALE_PER_STREAM * len(self.instance.streams)

    @property
    def columns(self) -> list["LpVariable"]:
        """All variables, stream by stream."""
        return [x for row in self.take for x in row]

    def units(self, ones: Sequence[int]) -> list[int]:
        """Return the units of each stream, given the indices of the columns at 1."""
        return chosen_of_each(self.options, ones)

    def objective(self, ones: Sequence[int]) -> float:
        """Return the weighted mean, from the table and not from the solver."""
        return self.table.objective(self.units(ones))

    def decode(self, ones: Sequence[int]) -> Schedule:
        """Return the schedule that the columns at 1 stand for."""
        return self.table.schedule(self.instance, self.units(ones))

    def encode(self, schedule: Schedule) -> list[int] | None:
        """Return the columns at 1 of a choice at least as good as a schedule.

        ``None`` if the schedule does not map onto the program.
        """
        units = self.table.units_within(self.instance, schedule)
        if units is None:
            return None
        starts = accumulate(map(len, self.options), initial=0)
        each = zip(starts, self.options, units, strict=False)
        return [start + options.index(k) for start, options, k in each]


def build(
    instance: Instance, check_time: Callable[[], None] = lambda: None
) -> WindowMilp:
    """Return the compact program of a static window.

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    check_time
        Called often; may raise to stop the building.
    """
    from pulp import LpMaximize, LpProblem

    table = value_table(instance, check_time)
    problem = LpProblem("window_compact", LpMaximize)
    model = add_variables(instance, table, problem, check_time)
    add_objective(model)
    add_constraints(model, check_time)
    return model


def add_variables(
    instance: Instance,
    table: ValueTable,
    problem: "LpProblem",
    check_time: Callable[[], None],
) -> WindowMilp:
    """Add x_{v,k} ∈ {0, 1}: stream v gets k units, k undominated."""
    take: list[tuple[LpVariable, ...]] = []
    options: list[tuple[int, ...]] = []
    for v, stream in enumerate(instance.streams):
        check_time()
        label = stream_label(v, stream)
        units = tuple(table.options(v)[0].tolist())
        options.append(units)
        names = [f"take_{label}_{k}units" for k in units]
        take.append(tuple(problem.add_variable(x, 0, 1, "Integer") for x in names))
    return WindowMilp(
        instance=instance,
        table=table,
        problem=problem,
        take=tuple(take),
        options=tuple(options),
    )


def add_objective(model: WindowMilp) -> None:
    """Maximise the scaled weighted mean, max Σ_v Σ_k scale · w_v · A_v(k) · x_{v,k}."""
    from pulp import LpAffineExpression

    weights = (model.table.weights * model.scale).tolist()
    terms = [
        (x, weight * value)
        for v, (row, weight) in enumerate(zip(model.take, weights, strict=True))
        for x, value in zip(row, model.table.options(v)[1].tolist(), strict=True)
    ]
    problem = model.problem
    problem += LpAffineExpression(terms), "scaled_accuracy"


def add_constraints(model: WindowMilp, check_time: Callable[[], None]) -> None:
    """Add all constraints."""
    add_one_choice(model, check_time)
    add_capacity(model, check_time)


def add_one_choice(model: WindowMilp, check_time: Callable[[], None]) -> None:
    """Give each stream one number of units, Σ_k x_{v,k} = 1 for all v."""
    from pulp import LpAffineExpression, LpConstraint, LpConstraintEQ

    for v, (stream, row) in enumerate(
        zip(model.instance.streams, model.take, strict=True)
    ):
        check_time()
        chosen = LpAffineExpression([(x, 1) for x in row])
        name = f"one_choice_{stream_label(v, stream)}"
        model.problem.addConstraint(LpConstraint(chosen, LpConstraintEQ, name, 1))


def add_capacity(model: WindowMilp, check_time: Callable[[], None]) -> None:
    """Keep the units within the total, Σ_v Σ_k k · x_{v,k} ≤ K."""
    from pulp import LpAffineExpression, LpConstraint, LpConstraintLE

    check_time()
    units = [k for options in model.options for k in options]
    used = LpAffineExpression(list(zip(model.columns, units, strict=True)))
    total = model.instance.total_units
    model.problem.addConstraint(LpConstraint(used, LpConstraintLE, "capacity", total))


def chosen_of_each(
    rows: Sequence[Sequence[Choice]], ones: Sequence[int]
) -> list[Choice]:
    """Return the choice of each row, given the indices of the columns at 1.

    Raises
    ------
    SolverDisagreement
        If a row has no column at 1 or several.
    """
    chosen: list[Choice] = []
    before = 0
    at_one = sorted(ones)
    for row, one in zip(rows, at_one, strict=False):
        if not before <= one < before + len(row):
            break
        chosen.append(row[one - before])
        before += len(row)
    if not len(chosen) == len(rows) == len(at_one):
        message = f"a backend sets {len(at_one)} columns to 1, expected one for each"
        raise SolverDisagreement(f"{message} of {len(rows)} streams")
    return chosen
