"""The best mean over scenarios, exactly."""

from formulations.stream_model import check_static
from instances import Instance, InvalidOption
from instances.columns import columns_of
from instances.scenarios import ErrorModel, draw_scenarios
from solvers.dp import best_units
from solvers.search import Answer, Search


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
        How many, equally likely.
    accuracy_error, cost_error, from_estimates
        As in :class:`instances.scenarios.ErrorModel`.
    """
    from formulations.kernels.averages import Averages

    check_static(instance)
    refuse_initial_schedule(search, "expected")
    model = ErrorModel(
        accuracy_error=accuracy_error,
        cost_error=cost_error,
        from_estimates=from_estimates,
    )
    columns = columns_of(instance)
    drawn = draw_scenarios(columns, model, scenarios, search.rng, search.check_time)
    averages = Averages(columns, drawn)
    table = averages.table(workers=search.options.workers, between=search.check_time)
    units = best_units(table.values, search)
    if units is None:
        return Answer(infeasible=True)
    expected = table.values.objective(units)
    return Answer(
        schedule=table.plan(units).schedule(instance),
        metadata={"expected_objective": expected, "expected_bound": expected},
    )


def refuse_initial_schedule(search: Search, solver: str) -> None:
    """Raise ``InvalidOption`` if the run has a schedule to start from.

    It would take the place of a plan that is better in the mean and worse on the
    nominal numbers.
    """
    if search.options.initial_schedule is not None:
        message = f"{solver} takes no initial schedule: it maximises over scenarios"
        raise InvalidOption(f"{message}, not the objective")
