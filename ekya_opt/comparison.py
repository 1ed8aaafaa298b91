"""Comparing solvers: every solver on every instance, in one table."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ekya_opt.reading import paths_of
from ekya_opt.solver_specs import SolverSpec, settings_text, solver_specs
from instances import Instance, InvalidOption
from instances.problems import (
    is_columns,
    is_server,
    kind_of,
    problem_hash,
    read_problem,
)
from solvers import Options, Result, Status, StoppedBy, get_solver, solve
from solvers.registry import SolverFunction
from solvers.result import relative_gap
from solvers.settings import checked_settings

if TYPE_CHECKING:
    from instances.columns import Columns
    from instances.problems import Problem

COLUMNS = (
    "instance",
    "solver",
    "settings",
    "status",
    "stopped_by",
    "objective",
    "bound",
    "gap",
    "reference",
    "gap_to_reference",
    "seconds",
    "error",
)
NUMBERS = ("objective", "bound", "gap", "reference", "gap_to_reference", "seconds")
DEFAULT_SOLVERS = ("dp", "thief", "thief-released", "greedy", "uniform")
DEFAULTS = {
    "server window": ("decomposition", "dp", "thief", "thief-released", "uniform"),
    "horizon": ("decomposition", "look-ahead", "dp", "thief"),
    "server horizon": ("decomposition", "dp", "thief"),
    "placement": ("milp", "round-and-pack:redistribute=true", "round-and-pack"),
}
"""Where others than ``DEFAULT_SOLVERS`` are compared unless told otherwise."""

Row = dict[str, Any]
Progress = Callable[[int, int, str], None]


def compare(
    instances: "Iterable[Problem | Columns | str | PathLike[str]]",
    solvers: str | SolverFunction | Iterable[str | SolverFunction] | None = None,
    *,
    time_limit: float | None = None,
    seed: int = 0,
    workers: int = 1,
    reference: str = "best",
    plan_on: Literal["truth", "estimates"] = "truth",
    settings: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return a table with one row for each instance and solver.

    A solver that fails gives a row with status ``error`` and the message. Ctrl-C ends
    the comparison after the row of the solve it hits; ``attrs["interrupted"]`` of the
    table tells.

    Parameters
    ----------
    instances
        Instances, horizons, placements, files, directories of files, or shipped names.
    solvers
        Names, ``name:key=value:key=value``, or ``name:*`` for every combination of
        the settings whose choices can be listed; or functions of your own, as in
        :func:`ekya_opt.solve`, their settings fixed by :func:`functools.partial`. By
        default some that fit the problem.
    time_limit, seed, workers, plan_on
        As in :class:`solvers.Options`, for every solve.
    reference
        What ``gap_to_reference`` refers to: ``best`` is the best objective among the
        instance's rows, ``best-known`` the recorded one of a shipped instance, and
        anything else the row of that solver, named as in ``solvers``.
    settings
        Whether the settings column holds all settings in effect, not only those given.
    progress
        Called with the rows done, the rows in all and what comes next.

    Raises
    ------
    EkyaOptError
        If an instance cannot be read, or a solver or setting does not exist.
    """
    given = None if solvers is None else solver_specs(solvers)
    problems = read_all(instances)
    all_specs = [given or solver_specs(default_solvers(each)) for each in problems]
    labels = list(dict.fromkeys(spec.label for specs in all_specs for spec in specs))
    if reference not in ("best", "best-known", *labels):
        known = ", ".join(("best", "best-known", *labels))
        raise InvalidOption(f"reference is {reference!r}, expected one of {known}")
    options = {
        "time_limit": time_limit,
        "seed": seed,
        "workers": workers,
        "plan_on": plan_on,
    }
    Options(**options)  # type: ignore[arg-type]
    rows: list[Row] = []
    interrupted = False
    num_rows = sum(map(len, all_specs))
    for instance, specs in zip(problems, all_specs, strict=True):
        own: list[Row] = []
        for spec in specs:
            if progress is not None:
                done = len(rows) + len(own)
                progress(done, num_rows, f"{spec.label} on {instance.name}")
            own.append(_row(instance, spec, options, settings))
            interrupted = own[-1]["stopped_by"] == StoppedBy.INTERRUPT
            if interrupted:
                break
        _add_reference(own, reference, [spec.label for spec in specs], instance)
        rows += own
        if interrupted:
            break
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame = frame.astype(dict.fromkeys(NUMBERS, "float64"))
    frame.attrs["interrupted"] = interrupted
    return frame


def default_solvers(problem: "Problem") -> tuple[str, ...]:
    """Return the solvers that are compared on a problem unless told otherwise."""
    kind: str = kind_of(problem)
    if is_server(problem):
        kind = f"server {kind}"
    return DEFAULTS.get(kind, DEFAULT_SOLVERS)


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each solver and settings of a comparison.

    The gaps are those to the reference; ``solved`` counts the rows with a schedule.
    """
    rows = []
    for (solver, settings), part in frame.groupby(["solver", "settings"], sort=False):
        gaps = part["gap_to_reference"]
        rows.append(
            {
                "solver": solver,
                "settings": settings,
                "instances": len(part),
                "solved": int(part["objective"].notna().sum()),
                "optimal": int((part["status"] == Status.OPTIMAL).sum()),
                "errors": int((part["status"] == Status.ERROR).sum()),
                "mean_gap": gaps.mean(),
                "median_gap": gaps.median(),
                "max_gap": gaps.max(),
                "mean_seconds": part["seconds"].mean(),
            }
        )
    return pd.DataFrame(rows)


def read_all(
    sources: "Iterable[Problem | Columns | str | PathLike[str]]",
) -> "list[Problem]":
    """Return the problems that sources hold, at least one; columns as objects."""
    if not isinstance(sources, Iterable) or isinstance(sources, str | PathLike):
        sources = [sources]
    problems: list[Problem] = []
    for source in sources:
        if isinstance(source, str | PathLike):
            problems += map(read_problem, paths_of([str(source)]))
        else:
            found: Any = source
            problems.append(found.instance() if is_columns(found) else found)
    if not problems:
        raise InvalidOption("there is no instance to compare on")
    return problems


def read_windows(
    sources: "Iterable[Instance | Columns | str | PathLike[str]]",
) -> "list[Instance]":
    """Return the same where only windows will do.

    Raises
    ------
    InvalidOption
        If a source holds a horizon or a placement.
    """
    windows = []
    for problem in read_all(sources):
        if not isinstance(problem, Instance):
            message = f"{problem.name} is a {kind_of(problem)}, expected a window"
            raise InvalidOption(message)
        windows.append(problem)
    return windows


def _row(
    instance: "Problem", spec: SolverSpec, options: Mapping[str, Any], in_effect: bool
) -> Row:
    """Return the row of one solve; a failure of the solver is a row as well."""
    row: Row = dict.fromkeys(COLUMNS)
    row |= {"instance": instance.name, "solver": spec.solver}
    row["settings"] = settings_text(spec.settings)
    start = time.perf_counter()
    try:
        if in_effect:
            function = get_solver(spec.target, kind_of(instance)).function
            effective = checked_settings(spec.solver, function, spec.settings)
            row["settings"] = settings_text(effective)
        own_options = Options(**options, settings=spec.settings)
        row |= _outcome(solve(instance, spec.target, own_options))
    except KeyboardInterrupt:
        row |= {"status": str(Status.NO_SOLUTION)}
        row |= {"stopped_by": str(StoppedBy.INTERRUPT)}
    except Exception as problem:
        message = " ".join(str(problem).split()) or "no message"
        row |= {"status": str(Status.ERROR)}
        row |= {"error": f"{type(problem).__name__}: {message}"}
    if row["seconds"] is None:
        row["seconds"] = time.perf_counter() - start
    return row


def _outcome(result: Result) -> Row:
    return {
        "status": str(result.status),
        "stopped_by": None if result.stopped_by is None else str(result.stopped_by),
        "objective": result.objective,
        "bound": result.bound,
        "gap": result.gap,
        "seconds": result.runtime,
    }


def _add_reference(
    rows: Sequence[Row], reference: str, labels: Sequence[str], instance: "Problem"
) -> None:
    """Fill in the reference of an instance's rows and the gaps to it."""
    value: float | None = None
    if reference == "best":
        found = [row["objective"] for row in rows if row["objective"] is not None]
        value = max(found, default=None)
    elif reference == "best-known":
        value = _best_known(instance)
    elif reference in labels[: len(rows)]:
        value = rows[labels.index(reference)]["objective"]
    for row in rows:
        row["reference"] = value
        if value is not None and row["objective"] is not None:
            row["gap_to_reference"] = relative_gap(value, row["objective"])


def _best_known(instance: "Problem") -> float | None:
    from instances.best_known import read_best_known

    entry = read_best_known().get(problem_hash(instance))
    return None if entry is None else entry.objective
