"""Estimators of retraining on recorded instances: errors and plan regret."""

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd

from ekya_opt.comparison import Progress, read_windows
from ekya_opt.observed import observed
from ekya_opt.planning import COLUMNS as PLAN_COLUMNS
from ekya_opt.planning import planned
from ekya_opt.solver_specs import solver_specs
from instances import Instance
from instances.profiler.estimator_errors import estimator_frame
from instances.profiler.estimators import HistoryRule, estimates, perfect
from instances.profiler.points import Point
from solvers import Options, StoppedBy

DEFAULT_SOLVERS = ("thief", "dp")

TRUTH, PERFECT = "truth", "perfect"
NUMBERS = ("objective", "on_truth", "regret")
COLUMNS = (
    *PLAN_COLUMNS[:1],
    "estimator",
    "time",
    *PLAN_COLUMNS[1:5],
    *NUMBERS,
    *PLAN_COLUMNS[5:],
)
ERRORS = ("median", "mean", "p90", "bias", "rank_correlation")
KEYS = ["estimator", "time"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EstimatorReport:
    """What estimators' numbers are worth.

    Attributes
    ----------
    errors
        A row for each estimator and time rule, as
        :func:`instances.profiler.estimator_errors.estimator_frame` returns them.
        Without measured points the columns of the validation equal those of the test.
    plans
        A row for each instance, estimator, time rule and solver: ``objective`` is
        that of the plan made with the estimates, scored on the truth, ``on_truth``
        that of the same solver's plan made with the true numbers, ``regret`` the
        difference. The estimator ``truth`` has the plans made with true numbers. Where
        measured points are known, ``perfect`` has the plans made with what a perfect
        profile would say, the accuracy on the validation frames at the true cost: what
        these lose is due to the drift from the labelled frames to the window's own.
    """

    errors: pd.DataFrame
    plans: pd.DataFrame

    def errors_shown(self) -> pd.DataFrame:
        """Return ``errors`` for people: short names, and nothing twice."""
        return shown_errors(self.errors)

    def regrets(self) -> pd.DataFrame:
        """Return one row for each estimator, time rule and solver: means over plans.

        ``solved`` of ``plans`` have a schedule, and the means of objective and regret
        are over these.
        """
        by = self.plans.groupby([*KEYS, "solver", "settings"], sort=False)
        found = by.agg(
            objective=("objective", "mean"),
            regret=("regret", "mean"),
            solved=("objective", "count"),
            plans=("instance", "size"),
        )
        return found.reset_index()

    def summary(self) -> pd.DataFrame:
        """Return :meth:`regrets` with the columns of ``errors``."""
        return self.regrets().merge(self.errors, on=KEYS, how="left")


def shown_errors(errors: pd.DataFrame) -> pd.DataFrame:
    """Return errors of estimators for people: short names, and nothing twice.

    Parameters
    ----------
    errors
        As :func:`instances.profiler.estimator_errors.estimator_frame` returns it. The
        columns of the validation are dropped if those of the test say the same.
    """
    kinds = {"validation": "val", "test": "test"}
    names = {kind: [f"{kind}_{name}" for name in ERRORS] for kind in kinds}
    of_validation, of_test = (errors[columns].to_numpy() for columns in names.values())
    columns = [*names["validation"], *names["test"]]
    if np.array_equal(of_validation, of_test, equal_nan=True):
        columns = names["test"]
    short = {
        f"{kind}_{name}": f"{word}_{name.removesuffix('_correlation')}"
        for kind, word in kinds.items()
        for name in ERRORS
    }
    found = errors[[*KEYS, "configs", *columns, "time_median", "time_bias"]]
    return found.rename(columns=short)


def estimator_report(
    instances: Iterable[Instance | str | PathLike[str]],
    solvers: str | Iterable[str] = DEFAULT_SOLVERS,
    *,
    points: Iterable[Point] | None = None,
    estimators: Iterable[str] | None = None,
    times: Iterable[str] | None = None,
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
    points
        What the instances were made of, if the profiler of ekya-opt made them: then
        the micro-profiles and the validation are known as well.
    estimators, times, history
        As in :func:`instances.profiler.estimators.estimates`; by default all that
        what is known suffices for.

    Raises
    ------
    EkyaOptError
        If an instance cannot be read or has no estimates where an estimator needs
        them, or a solver, estimator or time rule does not exist.
    """
    specs = solver_specs(solvers)
    problems = read_windows(instances)
    options = {"time_limit": time_limit, "seed": seed, "workers": workers}
    Options(**options)  # type: ignore[arg-type]
    known = observed(problems, points)
    names = tuple(dict.fromkeys(known.estimators if estimators is None else estimators))
    rules = tuple(dict.fromkeys(known.times if times is None else times))
    seen = known.observations
    errors = estimator_frame(seen, names, rules, history=history)
    tasks = [(TRUTH, TRUTH, problems)]
    if points is not None:
        tasks.append((PERFECT, TRUTH, known.told(problems, perfect(seen))))
    for name in names:
        for rule in rules:
            said = estimates(seen, name, time=rule, history=history)
            tasks.append((name, rule, known.told(problems, said)))
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
