"""Estimators of retraining on recorded instances: errors and plan regret."""

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from typing import Any

import pandas as pd

from ekya_opt.comparison import Progress, read_all
from ekya_opt.planning import COLUMNS as PLAN_COLUMNS
from ekya_opt.planning import planned
from ekya_opt.solver_specs import solver_specs
from instances import Instance
from instances.profiler.estimator_errors import estimator_frame
from instances.profiler.estimators import HistoryRule, estimates
from instances.profiler.observations import observations_of_instances, with_estimates
from solvers import Options, StoppedBy

DEFAULT_SOLVERS = ("thief", "dp")
DEFAULT_ESTIMATORS = ("recorded", "history", "combo")
DEFAULT_TIMES = ("linear", "history")

TRUTH = "truth"
NUMBERS = ("objective", "on_truth", "regret")
COLUMNS = (
    *PLAN_COLUMNS[:1],
    "estimator",
    "time",
    *PLAN_COLUMNS[1:5],
    *NUMBERS,
    *PLAN_COLUMNS[5:],
)
ERRORS = ("median", "mean", "p90", "bias", "rank_correlation", "unranked_windows")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EstimatorReport:
    """What estimators' numbers are worth.

    Attributes
    ----------
    errors
        A row for each estimator and time rule, as
        :func:`instances.profiler.estimator_errors.estimator_frame` returns them.
        Instances hold no validation accuracy; its columns equal those of the test.
    plans
        A row for each instance, estimator, time rule and solver: ``objective`` is
        that of the plan made with the estimates, scored on the truth, ``on_truth``
        that of the same solver's plan made with the true numbers, ``regret`` the
        difference. The estimator ``truth`` has the plans made with true numbers.
    """

    errors: pd.DataFrame
    plans: pd.DataFrame

    def summary(self) -> pd.DataFrame:
        """Return one row for each estimator, time rule and solver.

        Errors of accuracy, the rank correlation within streams' windows and the number
        of these where it is undefined, the median relative error of time, and the
        means over the instances of objective and regret.
        ``solved`` of ``plans`` have a schedule, and the means are over these.
        """
        keys = ["estimator", "time"]
        names = {f"test_{name}": name for name in ERRORS}
        errors = self.errors[[*keys, *names, "time_median"]].rename(columns=names)
        by = self.plans.groupby([*keys, "solver", "settings"], sort=False)
        plans = by.agg(
            objective=("objective", "mean"),
            regret=("regret", "mean"),
            solved=("objective", "count"),
            plans=("instance", "size"),
        )
        joined = plans.reset_index().merge(errors, on=keys, how="left")
        first = [*keys, *names.values(), "time_median"]
        return joined[[*first, *(key for key in joined.columns if key not in first)]]


def estimator_report(
    instances: Iterable[Instance | str | PathLike[str]],
    solvers: str | Iterable[str] = DEFAULT_SOLVERS,
    *,
    estimators: Iterable[str] = DEFAULT_ESTIMATORS,
    times: Iterable[str] = DEFAULT_TIMES,
    history: HistoryRule = "earlier",
    time_limit: float | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> EstimatorReport:
    """Return how far estimators are off and what plans made on them lose.

    Failures and Ctrl-C are as in :func:`ekya_opt.stress`.

    Parameters
    ----------
    instances
        As in :func:`ekya_opt.compare`: the windows of one server in their order.
    solvers, time_limit, seed, workers, progress
        As in :func:`ekya_opt.stress`.
    estimators, times, history
        As in :func:`instances.profiler.estimators.estimates`.

    Raises
    ------
    EkyaOptError
        If an instance cannot be read or has no estimates where an estimator needs
        them, or a solver, estimator or time rule does not exist.
    """
    specs = solver_specs(solvers)
    problems = read_all(instances)
    options = {"time_limit": time_limit, "seed": seed, "workers": workers}
    Options(**options)  # type: ignore[arg-type]
    names, rules = tuple(dict.fromkeys(estimators)), tuple(dict.fromkeys(times))
    seen = observations_of_instances(problems)
    errors = estimator_frame(seen, names, rules, history=history)
    tasks = [(TRUTH, TRUTH, problems)]
    for name in names:
        for rule in rules:
            said = estimates(seen, name, time=rule, history=history)
            tasks.append((name, rule, with_estimates(problems, said)))
    total = len(problems) * len(tasks) * len(specs)
    rows: list[dict[str, Any]] = []
    on_truth: dict[tuple[int, str], float | None] = {}
    interrupted = False
    try:
        for name, rule, windows in tasks:
            plan_on = "truth" if name == TRUTH else "estimates"
            for number, instance in enumerate(windows):
                for spec in specs:
                    if progress is not None:
                        what = f"{spec.label} on {instance.name}, {name}"
                        progress(len(rows), total, what)
                    words = {**options, "plan_on": plan_on}
                    row, result = planned(instance, spec, words, {})
                    objective = None if result is None else result.objective
                    place = number, spec.label
                    best = on_truth.setdefault(place, objective)
                    row |= {"estimator": name, "time": rule, "on_truth": best}
                    row["objective"] = objective
                    if best is not None and objective is not None:
                        row["regret"] = best - objective
                    rows.append(row)
                    if row["stopped_by"] == StoppedBy.INTERRUPT:
                        raise KeyboardInterrupt
    except KeyboardInterrupt:
        interrupted = True
    plans = pd.DataFrame(rows, columns=list(COLUMNS))
    plans = plans.astype(dict.fromkeys((*NUMBERS, "seconds"), "float64"))
    plans.attrs["interrupted"] = interrupted
    return EstimatorReport(errors=errors, plans=plans)
