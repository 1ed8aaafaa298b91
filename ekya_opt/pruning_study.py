"""What dropping configs far from the Pareto front saves and loses (Ekya, §4.3)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

import pandas as pd

from ekya_opt.comparison import Progress, read_windows
from ekya_opt.observed import observed
from ekya_opt.planning import COLUMNS as PLAN_COLUMNS
from ekya_opt.planning import planned
from ekya_opt.solver_specs import solver_specs
from instances import Instance, InvalidOption
from instances.profiler.points import Point
from instances.profiler.pruning import kept_configs
from solvers import Options, StoppedBy

TOLERANCES = (0.02, 0.05)

NUMBERS = ("kept", "configs", "gpu_seconds_kept", "objective", "unpruned", "loss")
COLUMNS = (
    *PLAN_COLUMNS[:1],
    *("tolerance", "kept", "configs", "gpu_seconds_kept"),
    *PLAN_COLUMNS[1:5],
    *NUMBERS[3:],
    *PLAN_COLUMNS[5:],
)


def pruning_report(
    instances: Iterable[Instance | str | PathLike[str]],
    solvers: str | Iterable[str] = "dp",
    *,
    points: Iterable[Point] | None = None,
    tolerances: Sequence[float] = TOLERANCES,
    time_limit: float | None = None,
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return what is lost where later windows are profiled with fewer configs.

    From the second window on, the configs that :func:`kept_configs` drops by the
    windows before, those of all streams, are taken away. A row for each tolerance,
    such window and solver: ``kept`` of ``configs`` a stream; ``gpu_seconds_kept``, the
    share that those kept have in the GPU-seconds of all; ``loss``, the ``objective``
    missing to the one with all configs (``unpruned``), both planned on true numbers.
    Failures and Ctrl-C are as in :func:`ekya_opt.stress`.

    Parameters
    ----------
    instances
        As in :func:`ekya_opt.compare`: the windows of one server in their order.
    solvers, time_limit, seed, workers, progress
        As in :func:`ekya_opt.stress`.
    points
        As in :func:`ekya_opt.estimator_report`: then configs are judged by their
        accuracy on the validation frames, else by that in the instances.
    tolerances
        As in :func:`instances.profiler.pruning.kept_configs`, one after another.

    Raises
    ------
    EkyaOptError
        If an instance cannot be read, a solver does not exist, a tolerance is out of
        its domain or there is only one window.
    """
    specs = solver_specs(solvers)
    problems = read_windows(instances)
    options = {"time_limit": time_limit, "seed": seed, "workers": workers}
    Options(**options)  # type: ignore[arg-type]
    if len(problems) < 2:
        message = f"there is {len(problems)} window, expected at least two"
        raise InvalidOption(f"{message}: the first ones tell what to drop later")
    known = observed(problems, points)
    tasks: list[tuple[float, int, Instance]] = []
    for tolerance in dict.fromkeys(tolerances):
        for number in range(1, len(problems)):
            before = [
                seen
                for seen in known.observations
                if seen.candidate.window < known.windows[number]
            ]
            names = {seen.candidate.config for seen in before}
            names -= set(kept_configs(before, tolerance=tolerance))
            tasks.append((tolerance, number, _without(problems[number], names)))
    total = len(specs) * (len(problems) - 1 + len(tasks))
    rows: list[dict[str, Any]] = []
    unpruned: dict[tuple[int, str], float | None] = {}
    interrupted = False
    try:
        for tolerance, number, pruned in tasks:
            for spec in specs:
                place = number, spec.label
                if place not in unpruned:
                    _, result = planned(problems[number], spec, options, {})
                    unpruned[place] = None if result is None else result.objective
                if progress is not None:
                    what = f"{spec.label} on {pruned.name}, tolerance {tolerance:g}"
                    progress(len(rows) + len(unpruned), total, what)
                row, result = planned(pruned, spec, options, {})
                objective = None if result is None else result.objective
                best = unpruned[place]
                row |= {"tolerance": tolerance, "unpruned": best}
                row |= {"objective": objective, **_kept(problems[number], pruned)}
                if best is not None and objective is not None:
                    row["loss"] = best - objective
                rows.append(row)
                if row["stopped_by"] == StoppedBy.INTERRUPT:
                    raise KeyboardInterrupt
    except KeyboardInterrupt:
        interrupted = True
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame = frame.astype(dict.fromkeys((*NUMBERS, "seconds"), "float64"))
    frame.attrs["interrupted"] = interrupted
    return frame


def summarise_pruning(frame: pd.DataFrame) -> pd.DataFrame:
    """Return means over the windows, one row for each tolerance and solver.

    ``worst_loss`` is the largest one; ``solved`` of ``plans`` have a schedule.
    """
    by = frame.groupby(["tolerance", "solver", "settings"], sort=False)
    found = by.agg(
        kept=("kept", "mean"),
        configs=("configs", "mean"),
        gpu_seconds_kept=("gpu_seconds_kept", "mean"),
        unpruned=("unpruned", "mean"),
        objective=("objective", "mean"),
        loss=("loss", "mean"),
        worst_loss=("loss", "max"),
        solved=("objective", "count"),
        plans=("instance", "size"),
    )
    return found.reset_index()


def _without(instance: Instance, names: set[str]) -> Instance:
    """Return the instance without the retraining configs of these names."""
    streams = tuple(
        replace(
            stream,
            retraining=tuple(
                config for config in stream.retraining if config.name not in names
            ),
        )
        for stream in instance.streams
    )
    return replace(instance, streams=streams)


def _kept(instance: Instance, pruned: Instance) -> dict[str, float]:
    """Return the configs that cost something, those kept, and their share of costs.

    The numbers of configs are means over the streams.
    """
    (configs, seconds), (kept, kept_seconds) = (
        (
            sum(config.gpu_seconds > 0 for config in configs),
            sum(config.gpu_seconds for config in configs),
        )
        for configs in (
            [config for stream in each.streams for config in stream.retraining]
            for each in (instance, pruned)
        )
    )
    num = len(instance.streams)
    return {
        "kept": kept / num,
        "configs": configs / num,
        "gpu_seconds_kept": kept_seconds / seconds if seconds else 1.0,
    }
