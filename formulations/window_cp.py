"""The constraint program of a static window, for CP-SAT.

The multiple-choice knapsack of ``window_milp.py`` with exactly-one booleans and an
integer objective. Builds and decodes; ``solvers/cp_sat.py`` solves.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formulations.labels import stream_label
from formulations.schedule import Schedule
from formulations.value_tables import ValueTable, value_table
from instances import Instance

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, IntVar, LinearExpr

SCALE = 2 * 10**9
"""The integer objective is ``SCALE · (weighted mean)``, each coefficient rounded.

Any total stays below 2**31, beyond which a wrong proof is reported upstream. The
rounding allows a proof to 1e-6 of up to 4,000 streams.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCp:
    """The constraint program of one instance.

    Parameters
    ----------
    instance, table
        The problem and its value table.
    problem
        The CP-SAT model; maximises ``SCALE`` times the weighted mean, rounded.
    take
        For each stream its booleans x_{v,k}, by k.
    options
        For each stream the numbers of units k that the booleans stand for.
    """

    instance: Instance
    table: ValueTable
    problem: "CpModel"
    take: tuple[tuple["IntVar", ...], ...]
    options: tuple[tuple[int, ...], ...]

    @property
    def rounding_error(self) -> float:
        """How far rounding may move the mean, V / 2 / SCALE; add it to a bound."""
        return len(self.take) * 0.5 / SCALE

    def units(self, is_one: Callable[["IntVar"], bool]) -> list[int]:
        """Return the units of each stream, given which booleans are true."""
        return [
            next(k for x, k in zip(row, options, strict=True) if is_one(x))
            for row, options in zip(self.take, self.options, strict=True)
        ]

    def objective(self, units: Sequence[int]) -> float:
        """Return the weighted mean, from the table and not from the solver."""
        return self.table.objective(units)

    def decode(self, units: Sequence[int]) -> Schedule:
        """Return the schedule of one number of units a stream."""
        return self.table.schedule(self.instance, units)

    def encode(self, schedule: Schedule) -> list[int] | None:
        """Return the units of a choice at least as good as a schedule.

        ``None`` if the schedule does not map onto the program.
        """
        return self.table.units_within(self.instance, schedule)


def build(
    instance: Instance, check_time: Callable[[], None] = lambda: None
) -> WindowCp:
    """Return the constraint program of a static window.

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    check_time
        Called often; may raise to stop the building.
    """
    from ortools.sat.python.cp_model import CpModel

    table = value_table(instance, check_time)
    model = add_variables(instance, table, CpModel(), check_time)
    add_objective(model)
    add_constraints(model, check_time)
    return model


def add_variables(
    instance: Instance,
    table: ValueTable,
    problem: "CpModel",
    check_time: Callable[[], None],
) -> WindowCp:
    """Add x_{v,k} ∈ {0, 1}: stream v gets k units, k undominated."""
    take: list[tuple[IntVar, ...]] = []
    options: list[tuple[int, ...]] = []
    for v, stream in enumerate(instance.streams):
        check_time()
        label = stream_label(v, stream)
        units = tuple(table.options(v)[0].tolist())
        options.append(units)
        take.append(
            tuple(problem.new_bool_var(f"take_{label}_{k}units") for k in units)
        )
    return WindowCp(
        instance=instance,
        table=table,
        problem=problem,
        take=tuple(take),
        options=tuple(options),
    )


def add_objective(model: WindowCp) -> None:
    """Maximise the rounded mean, max Σ_v Σ_k round(SCALE · w_v · A_v(k)) · x_{v,k}."""
    booleans: list[IntVar] = []
    coefficients: list[int] = []
    for v, (row, weight) in enumerate(
        zip(model.take, model.table.weights, strict=True)
    ):
        booleans.extend(row)
        gains = model.table.options(v)[1] * float(weight) * SCALE
        coefficients.extend(gains.round().astype(int).tolist())
    model.problem.maximize(_weighted_sum(booleans, coefficients))


def add_constraints(model: WindowCp, check_time: Callable[[], None]) -> None:
    """Add all constraints."""
    add_one_choice(model, check_time)
    add_capacity(model, check_time)


def add_one_choice(model: WindowCp, check_time: Callable[[], None]) -> None:
    """Give each stream one number of units, Σ_k x_{v,k} = 1 for all v."""
    for row in model.take:
        check_time()
        model.problem.add_exactly_one(row)


def add_capacity(model: WindowCp, check_time: Callable[[], None]) -> None:
    """Keep the units within the total, Σ_v Σ_k k · x_{v,k} ≤ K."""
    check_time()
    booleans = [x for row in model.take for x in row]
    units = [k for options in model.options for k in options]
    used = _weighted_sum(booleans, units)
    model.problem.add_linear_constraint(used, 0, model.instance.total_units)


def _weighted_sum(
    booleans: Iterable["IntVar"], coefficients: Iterable[int]
) -> "LinearExpr":
    from ortools.sat.python.cp_model import LinearExpr

    return LinearExpr.weighted_sum(list(booleans), list(coefficients))
