"""The best mean over scenarios, exactly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formulations.averaged_tables import AveragedTable
from formulations.stream_model import check_static
from instances import Instance, InvalidOption
from solvers.compiled_work import in_time
from solvers.dp import best_units
from solvers.search import Answer, Search

if TYPE_CHECKING:
    from formulations.kernels.averages import Averages
    from instances.columns import Columns
    from instances.scenarios import Scenarios


def solve_expected(
    instance: Instance,
    search: Search,
    *,
    scenarios: int = 200,
    accuracy_error: float = 0.1,
    cost_error: float = 0.1,
    from_estimates: bool = False,
) -> Answer:
    """Best mean over scenarios of the profiles, by an exact program on averages.

    The mean of a stream's value over scenarios still depends on its own choice alone,
    so that averaged values make a multiple-choice knapsack like the nominal ones. The
    plan keeps every rule on the nominal numbers, and ``objective`` is what it is worth
    there; ``expected_objective`` in the metadata is the mean, which no other such
    plan exceeds.

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    search
        The run's options, clock and incumbents; the seed draws the scenarios.
    scenarios
        How many, equally likely; drawn in pairs of opposite errors.
    accuracy_error, cost_error, from_estimates
        As in :class:`instances.scenarios.ErrorModel`.
    """
    problem = averaged_problem(
        instance,
        search,
        "expected",
        scenarios,
        accuracy_error,
        cost_error,
        from_estimates,
    )
    units = best_units(problem.mean.values, search)
    if units is None:
        return Answer(infeasible=True)
    expected = problem.mean.values.objective(units)
    return Answer(
        schedule=problem.mean.plan(units).schedule(instance),
        metadata={"expected_objective": expected, "expected_bound": expected},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AveragedProblem:
    """A window with scenarios of its profiles.

    Parameters
    ----------
    columns, scenarios
        The instance, and its scenarios.
    averages
        Tables for any weights of the scenarios.
    mean
        The table for equal weights.
    """

    columns: "Columns"
    scenarios: "Scenarios"
    averages: "Averages"
    mean: AveragedTable


def averaged_problem(
    instance: Instance,
    search: Search,
    solver: str,
    count: int,
    accuracy_error: float,
    cost_error: float,
    from_estimates: bool,
) -> AveragedProblem:
    """Draw the scenarios of a run and average over them.

    Raises
    ------
    InvalidOption
        If a setting lies outside its domain, or there is a schedule to start from: it
        would take the place of a plan that is better over the scenarios and worse on
        the nominal numbers.
    """
    from instances.columns import columns_of
    from instances.scenarios import ErrorModel, draw_scenarios

    check_static(instance)
    if search.options.initial_schedule is not None:
        message = f"{solver} takes no initial schedule: it maximises over scenarios"
        raise InvalidOption(f"{message}, not the objective")
    model = ErrorModel(
        accuracy_error=accuracy_error,
        cost_error=cost_error,
        from_estimates=from_estimates,
    )
    columns = columns_of(instance)
    drawn = draw_scenarios(
        columns, model, count, search.rng, paired=True, between=search.check_time
    )

    def average(between: Callable[[], None]) -> AveragedProblem:
        from formulations.kernels.averages import Averages

        averages = Averages(columns, drawn)
        mean = averages.table(workers=search.options.workers, between=between)
        return AveragedProblem(
            columns=columns, scenarios=drawn, averages=averages, mean=mean
        )

    return in_time(search, average)
