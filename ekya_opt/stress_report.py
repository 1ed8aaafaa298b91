"""Any solver's plan under scenarios of its profiles, in one table."""

from collections.abc import Iterable
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ekya_opt.comparison import Progress, read_windows
from ekya_opt.planning import COLUMNS as PLAN_COLUMNS
from ekya_opt.planning import planned
from ekya_opt.solver_specs import solver_specs
from formulations.tail_risk import TailRisk
from instances import Instance, InvalidOption, Reallocation
from instances.columns import Columns, columns_of
from instances.scenarios import ErrorModel, Scenarios, draw_scenarios
from solvers import Options, Result, StoppedBy

DEFAULT_SOLVERS = ("dp", "expected", "cvar", "thief", "uniform")
QUANTILES = (0.05, 0.5, 0.95)

MEASURES = (
    "objective",
    "mean",
    "std",
    "q05",
    "q50",
    "q95",
    "cvar",
    "misses",
    "below_floor",
    "regret_mean",
    "regret_q50",
    "regret_q95",
)
COLUMNS = (*PLAN_COLUMNS[:5], *MEASURES, *PLAN_COLUMNS[5:])

Floats = NDArray[np.float64]


def stress(
    instances: Iterable[Instance | str | PathLike[str]],
    solvers: str | Iterable[str] = DEFAULT_SOLVERS,
    *,
    scenarios: int = 200,
    accuracy_error: float = 0.1,
    cost_error: float = 0.1,
    from_estimates: bool = False,
    confidence: float = 0.9,
    time_limit: float | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return what solvers' plans are worth when the profiles are wrong.

    Each solver plans on the instance's numbers; the plan is then carried out in
    scenarios around them. One row for each instance and solver: ``objective`` as
    planned; mean, standard deviation, quantiles and CVaR over the scenarios;
    ``misses``, the share of planned retrainings that do not finish; ``below_floor``,
    the share of scenarios in which some stream is served below its floor; and the
    plan regret: the optimum of each scenario for who knows its numbers, less what the
    plan yields. A robust solver is told the same errors and draws scenarios of its
    own. A failing solver is a row with its message; Ctrl-C ends the report after the
    rows so far, ``attrs["interrupted"]`` of the table tells.

    Parameters
    ----------
    instances, solvers
        As in :func:`ekya_opt.compare`.
    scenarios, accuracy_error, cost_error, from_estimates
        Number of scenarios, and what they are drawn from; see
        :class:`instances.scenarios.ErrorModel`.
    confidence
        CVaR is the mean of the worst share 1 - confidence of the scenarios.
    time_limit, seed, workers
        As in :class:`solvers.Options`, for every solve; the seed draws the scenarios,
        too.
    progress
        Called with the rows done, the rows in all and what comes next.

    Raises
    ------
    EkyaOptError
        If an instance cannot be read, a solver or setting does not exist, or a number
        lies outside its domain.
    """
    specs = solver_specs(solvers)
    problems = read_windows(instances)
    if not 0 <= confidence < 1:
        message = f"confidence is {confidence!r}, expected a number from 0 to below 1"
        raise InvalidOption(message)
    errors = {
        "accuracy_error": accuracy_error,
        "cost_error": cost_error,
        "from_estimates": from_estimates,
    }
    model = ErrorModel(**errors)  # type: ignore[arg-type]
    risk = TailRisk(confidence=confidence, count=scenarios)
    options = {"time_limit": time_limit, "seed": seed, "workers": workers}
    Options(**options)  # type: ignore[arg-type]
    rows: list[dict[str, Any]] = []
    interrupted = False
    try:
        for instance in problems:
            columns = columns_of(instance)
            # Not the scenarios that a robust solver with this seed plans on.
            rng = np.random.default_rng([seed, 1])
            drawn = draw_scenarios(columns, model, scenarios, rng)
            optima: Floats | None = None
            for spec in specs:
                if progress is not None:
                    what = f"{spec.label} on {instance.name}"
                    progress(len(rows), len(problems) * len(specs), what)
                told = {**errors, "confidence": confidence}
                row, result = planned(instance, spec, options, told)
                rows.append(row)
                if row["stopped_by"] == StoppedBy.INTERRUPT:
                    raise KeyboardInterrupt
                if result is not None and result.schedule is not None:
                    if optima is None:
                        optima = _optima(columns, drawn)
                    row |= _measures(columns, drawn, result, risk, optima, workers)
    except KeyboardInterrupt:
        interrupted = True
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame = frame.astype(dict.fromkeys((*MEASURES, "seconds"), "float64"))
    frame.attrs["interrupted"] = interrupted
    return frame


def _optima(columns: Columns, drawn: Scenarios) -> Floats:
    from solvers.hindsight import hindsight_optima

    if columns.reallocation is Reallocation.SERVER:
        return np.full(drawn.count, np.nan)
    return hindsight_optima(columns, drawn)


def _measures(
    columns: Columns,
    drawn: Scenarios,
    result: Result,
    risk: TailRisk,
    optima: Floats,
    workers: int,
) -> dict[str, float | None]:
    """Return a plan's measures over the scenarios."""
    from formulations.candidates import candidates_of
    from formulations.kernels.simulation import simulate

    assert result.schedule is not None
    candidates = candidates_of(columns, [result.schedule])
    found = simulate(columns, candidates, drawn, workers=workers)
    outcomes = found.objective[0]
    retrained = int((candidates.retraining >= 0).sum())
    low, middle, high = np.quantile(outcomes, QUANTILES).tolist()
    measures = {
        "objective": result.objective,
        "mean": float(outcomes.mean()),
        "std": float(outcomes.std()),
        "q05": low,
        "q50": middle,
        "q95": high,
        "cvar": float(risk.value(outcomes)),
        "misses": float(found.misses.mean()) / retrained if retrained else 0.0,
        "below_floor": float((found.below_floor > 0).mean()),
    }
    regret = (optima - outcomes)[~np.isnan(optima)]
    if len(regret):
        measures["regret_mean"] = float(regret.mean())
        middle, high = np.quantile(regret, QUANTILES[1:]).tolist()
        measures |= {"regret_q50": middle, "regret_q95": high}
    return measures
