"""Planned on noisy profiles, scored on the truth: Ekya's Fig. 11b with the optimum."""

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd

from ekya_opt.comparison import Progress, read_windows
from ekya_opt.planning import COLUMNS as PLAN_COLUMNS
from ekya_opt.planning import planned
from ekya_opt.solver_specs import solver_specs
from formulations import replay
from formulations.evaluate import evaluate
from instances import Instance, InvalidOption, Reallocation
from instances.columns import columns_of
from instances.generators.assembly import check_integer, check_number
from instances.scenarios import ErrorModel, draw_scenarios
from solvers import Options, Result, Status, StoppedBy, solve

DEFAULT_SOLVERS = ("dp", "thief", "uniform", "expected")
ERRORS = (0.0, 0.05, 0.1, 0.15, 0.2)

NUMBERS = ("noise", "planned", "objective", "optimum", "regret")
COLUMNS = (
    *PLAN_COLUMNS[:3],
    "noise",
    "draw",
    *PLAN_COLUMNS[3:5],
    *NUMBERS[1:],
    "misses",
    "below_floor",
    *PLAN_COLUMNS[5:],
)

NoiseOn = Literal["accuracy", "cost", "both"]


def robustness(
    instances: Iterable[Instance | str | PathLike[str]],
    solvers: str | Iterable[str] = DEFAULT_SOLVERS,
    *,
    errors: Sequence[float] = ERRORS,
    draws: int = 20,
    noise_on: NoiseOn = "accuracy",
    time_limit: float | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return what solvers' plans on noisy profiles are worth in truth (Ekya, Fig. 11b).

    For each instance and draw, noise of each size ε is added to the profiles, every
    solver plans on what comes out, and the plan is carried out on the instance's own
    numbers: a retraining that does not finish there gives nothing. The noise of a
    draw has the same shape for every ε. Robust solvers are told ε and draw scenarios
    of it around the noisy profiles. Without noise all draws are the same, and one row
    stands for them.

    One row for each instance, ε, draw and solver: ``planned`` is the objective on the
    noisy numbers, ``objective`` that on the truth, ``regret`` the true optimum less
    that; ``misses`` counts retrainings that do not finish in truth, ``below_floor``
    stretches of a stream below its floor. Failures and Ctrl-C are as in
    :func:`ekya_opt.stress`.

    Parameters
    ----------
    instances, solvers
        As in :func:`ekya_opt.compare`; reallocation ``never`` or ``stream``.
    errors
        The ε: standard deviations of a Gaussian on each retrained accuracy, kept in
        [0, 1], or of the logarithm of a factor on each cost.
    draws
        Noisy profiles of each instance and ε.
    noise_on
        What is noisy: ``accuracy`` as in the paper, ``cost`` or ``both``.
    time_limit, seed, workers, progress
        As in :func:`ekya_opt.stress`.

    Raises
    ------
    EkyaOptError
        If an instance cannot be read, a solver or setting does not exist, or a number
        lies outside its domain.
    """
    specs = solver_specs(solvers)
    problems = read_windows(instances)
    check_integer("draws", draws, 1, 100_000)
    if noise_on not in ("accuracy", "cost", "both"):
        message = f"noise_on is {noise_on!r}, expected accuracy, cost or both"
        raise InvalidOption(message)
    if not errors:
        raise InvalidOption("errors is empty, expected at least one size of noise")
    for noise in errors:
        check_number("errors", noise, 0, 10)
    options = {"time_limit": time_limit, "seed": seed, "workers": workers}
    Options(**options)  # type: ignore[arg-type]
    sizes = dict.fromkeys(float(noise) for noise in errors)
    each = sum(draws if noise else 1 for noise in sizes)
    total = len(problems) * each * len(specs)
    rows: list[dict[str, Any]] = []
    interrupted = False
    try:
        for number, instance in enumerate(problems):
            optimum = _optimum(instance)
            for noise in sizes:
                told = _errors(noise, noise_on)
                # The same seed for every size: the noise differs in size alone.
                rng = np.random.default_rng([seed, number])
                columns = columns_of(instance)
                count = draws if noise else 1
                noisy = draw_scenarios(columns, ErrorModel(**told), count, rng)
                for draw in range(count):
                    problem = noisy.columns(columns, draw).instance()
                    for spec in specs:
                        if progress is not None:
                            what = f"{spec.label} on {instance.name}, noise {noise:g}"
                            progress(len(rows), total, what)
                        row, result = planned(problem, spec, options, told)
                        row |= {"noise": noise, "draw": draw, "optimum": optimum}
                        if result is not None:
                            row |= _scored(instance, result, optimum)
                        rows.append(row)
                        if row["stopped_by"] == StoppedBy.INTERRUPT:
                            raise KeyboardInterrupt
    except KeyboardInterrupt:
        interrupted = True
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = (*NUMBERS, "misses", "below_floor", "seconds")
    frame = frame.astype(dict.fromkeys(numbers, "float64"))
    frame.attrs |= {"interrupted": interrupted, "noise_on": noise_on}
    return frame


def summarise_robustness(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each solver, settings and size of noise.

    ``objective`` is the mean over the instances of the mean over the draws; ``low``
    and ``high`` are the 5 % and 95 % quantiles over the draws of the mean over the
    instances. ``loss`` is how much of its own objective without noise the solver
    loses, a share; missing without the row of noise 0. ``solved`` of ``plans`` have a
    schedule, and the means are over these.
    """
    rows: list[dict[str, Any]] = []
    for (solver, settings), own in frame.groupby(["solver", "settings"], sort=False):
        exact: float | None = None
        for noise, part in own.groupby("noise"):
            by_instance = part.groupby("instance", sort=False)
            objective = by_instance["objective"].mean().mean()
            by_draw = part.groupby("draw")["objective"].mean()
            if noise == 0:
                exact = objective
            rows.append(
                {
                    "solver": solver,
                    "settings": settings,
                    "noise": noise,
                    "objective": objective,
                    "low": by_draw.quantile(0.05),
                    "high": by_draw.quantile(0.95),
                    "loss": 1 - objective / exact if exact else np.nan,
                    "regret": by_instance["regret"].mean().mean(),
                    "misses": part["misses"].mean(),
                    "below_floor": part["below_floor"].mean(),
                    "solved": int(part["objective"].notna().sum()),
                    "plans": len(part),
                    "errors": int((part["status"] == Status.ERROR).sum()),
                }
            )
    return pd.DataFrame(rows)


def _optimum(instance: Instance) -> float | None:
    if instance.reallocation is Reallocation.SERVER:
        return None
    return solve(instance, "dp").objective


def _errors(noise: float, noise_on: NoiseOn) -> dict[str, Any]:
    return {
        "accuracy_error": 0.0 if noise_on == "cost" else noise,
        "cost_error": 0.0 if noise_on == "accuracy" else noise,
    }


def _scored(
    instance: Instance, result: Result, optimum: float | None
) -> dict[str, Any]:
    """Return what a plan made on other numbers is worth on the instance's own."""
    if result.schedule is None:
        return {}
    carried_out = replay(instance, result.schedule)
    verdict = evaluate(instance, carried_out)
    pairs = zip(result.schedule.streams, carried_out.streams, strict=True)
    return {
        "planned": result.objective,
        "objective": verdict.objective,
        "regret": None if optimum is None else optimum - verdict.objective,
        "misses": sum(plan.retraining != done.retraining for plan, done in pairs),
        "below_floor": len(verdict.violations),
    }
