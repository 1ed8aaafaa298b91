"""What whole GPUs cost: placed against pooled, exactly and as the paper rounds."""

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

import pandas as pd

from ekya_opt.comparison import Progress, read_all
from ekya_opt.solver_specs import SolverSpec, settings_text, solver_specs
from instances import EkyaOptError, Instance, InvalidOption
from instances.placement import Placement, Shares, placement_of
from solvers import Options, Result, StoppedBy, solve

if TYPE_CHECKING:
    from instances.problems import Problem

UNITS_PER_GPU: Mapping[Shares | str, int] = {
    Shares.INVERSE: 60,
    Shares.POWERS_OF_TWO: 64,
    Shares.UNITS: 20,
}
"""Units in which each menu of shares is rich, without being large."""

DEFAULT_SOLVERS = (
    "dp",
    "milp",
    "cp-sat",
    "round-and-pack:plan=dp",
    "round-and-pack:plan=dp:redistribute=true",
    "round-and-pack:plan=dp:redistribute=true:restarts=true",
    "round-and-pack:plan=thief",
    "round-and-pack:plan=thief:redistribute=true",
)

COLUMNS = (
    "instance",
    "streams",
    "gpus",
    "shares",
    "units_per_gpu",
    "solver",
    "settings",
    "status",
    "objective",
    "bound",
    "pooled",
    "planned",
    "loss",
    "runtime_seconds",
    "message",
)


def placement_study(
    instances: "Iterable[Problem | str | PathLike[str]]",
    solvers: str | Iterable[str] = DEFAULT_SOLVERS,
    *,
    shares: Mapping[Shares | str, int] = UNITS_PER_GPU,
    time_limit: float | None = 60.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return what placing jobs on whole GPUs costs, and what the paper's rounding does.

    Each window with a whole number of GPUs becomes a placement for each menu of shares;
    a placement is taken as it is. One row for each placement and solver: ``pooled`` is
    the optimum of the window whose units lie anywhere (on GPUs of speed 1, reallocation
    ``never``), in the same units, and ``loss`` is (pooled - objective) / pooled.
    ``planned`` is what the pooled plan was worth that a heuristic rounds. A solver that
    fails gives a row with status ``error`` and the message. Ctrl-C ends the study with
    the rows so far; ``attrs["interrupted"]`` of the table tells.

    Parameters
    ----------
    instances
        Windows and placements, or files and folders of them.
    solvers
        Solvers of placements, as in :func:`ekya_opt.compare`.
    shares
        For each menu of shares the units of a GPU.
    time_limit, seed
        Of each solve.
    progress
        Called before each solve with its number, their count and what it solves.

    Raises
    ------
    EkyaOptError
        If an instance cannot be read, a solver or setting does not exist, or a window
        is no placement.
    """
    specs = solver_specs(solvers)
    problems = [
        problem for each in read_all(instances) for problem in _placements(each, shares)
    ]
    rows: list[dict[str, Any]] = []
    interrupted = False
    try:
        for problem in problems:
            pooled = _uninterrupted(solve(problem.instance, "dp")).objective
            for spec in specs:
                if progress is not None:
                    what = f"{problem.name}, {problem.shares}, {spec.label}"
                    progress(len(rows), len(problems) * len(specs), what)
                rows.append(_row(problem, spec, pooled, time_limit, seed))
    except KeyboardInterrupt:
        interrupted = True
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame.attrs["interrupted"] = interrupted
    return frame


def summarise_placement(study: pd.DataFrame) -> pd.DataFrame:
    """Return the study's losses and times for each menu of shares and solver.

    One row each: number of placements, how many are solved to optimality, mean and
    largest loss against pooling, and median and largest seconds.
    """
    solved = study.assign(settings=study["settings"].fillna(""))
    groups = solved.groupby(["shares", "solver", "settings"], sort=False)
    return groups.agg(
        placements=("instance", "size"),
        optimal=("status", lambda status: int((status == "optimal").sum())),
        mean_loss=("loss", "mean"),
        largest_loss=("loss", "max"),
        median_seconds=("runtime_seconds", "median"),
        most_seconds=("runtime_seconds", "max"),
    ).reset_index()


def _placements(
    problem: "Problem", shares: Mapping[Shares | str, int]
) -> list[Placement]:
    if isinstance(problem, Placement):
        return [problem]
    if not isinstance(problem, Instance):
        message = f"{problem.name} is no window and no placement"
        raise InvalidOption(message)
    return [
        placement_of(problem, menu, units_per_gpu=units)
        for menu, units in shares.items()
    ]


def _row(
    problem: Placement,
    spec: SolverSpec,
    pooled: float | None,
    time_limit: float | None,
    seed: int,
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "instance": problem.name,
        "streams": len(problem.streams),
        "gpus": len(problem.gpus),
        "shares": str(problem.shares),
        "units_per_gpu": problem.units_per_gpu,
        "solver": spec.solver,
        "settings": settings_text(spec.settings),
        "pooled": pooled,
    }
    options = Options(time_limit=time_limit, seed=seed, settings=spec.settings)
    try:
        result = _uninterrupted(solve(problem, spec.target, options))
    except EkyaOptError as failure:
        return row | {"status": "error", "message": str(failure)}
    row |= {
        "status": str(result.status),
        "objective": result.objective,
        "bound": result.bound,
        "planned": result.metadata.get("planned"),
        "runtime_seconds": result.runtime,
    }
    if pooled and result.objective is not None:
        row["loss"] = (pooled - result.objective) / pooled
    return row


def _uninterrupted(result: Result) -> Result:
    """Return the result; raise ``KeyboardInterrupt`` if Ctrl-C has cut it short."""
    if result.stopped_by is StoppedBy.INTERRUPT:
        raise KeyboardInterrupt
    return result
