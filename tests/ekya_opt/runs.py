"""Tables of runs as a store gives them, solved here or written by hand."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from ekya_opt.comparison import read_all
from ekya_opt.solver_specs import SolverSpec, solver_specs
from ekya_opt.studies.run_columns import RUN_COLUMNS
from ekya_opt.studies.task import Task
from instances.problems import Kind, kind_of, problem_hash
from solvers import Options, Result, get_solver, solve
from solvers.settings import checked_settings

BY_HAND = {
    "study": "by hand",
    "kind": "window",
    "reallocation": "never",
    "streams": 2,
    "gpus": 1.0,
    "total_units": 10,
    "streams_per_gpu": 2.0,
    "window_seconds": 100.0,
    "seed": 0,
    "plan_on": "truth",
    "status": "feasible",
    "seconds": 1.0,
    "process_seconds": 1.0,
    "attempts": 1,
}
"""What a row written by hand holds unless it says otherwise."""


def table_of_runs(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return rows as a table with all columns of runs and their types."""
    frame = pd.DataFrame(list(rows), columns=list(RUN_COLUMNS))
    return frame.astype(RUN_COLUMNS)


def runs_by_hand(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return a table of rows of which only what matters is given.

    An instance is its own hash, a label its own solver, and the gap that of the bound.
    """
    full = []
    for idx, row in enumerate(rows):
        given = {"instance": "one", "label": "dp", **BY_HAND, **row}
        objective, bound = given.get("objective"), given.get("bound")
        if objective is not None and bound is not None:
            given.setdefault("gap", (bound - objective) / bound if bound else 0.0)
        given.setdefault("key", f"run-{idx}")
        given.setdefault("instance_hash", given["instance"])
        given.setdefault("solver", given["label"].partition(":")[0])
        given.setdefault("settings", "{}")
        given.setdefault("trace", ())
        full.append(given)
    return table_of_runs(full)


def runs_of(
    sources: Any,
    solvers: str | Sequence[str],
    *,
    seeds: Iterable[int] = (0,),
    time_limit: float | None = None,
) -> pd.DataFrame:
    """Return a table of runs made here, of every solver and seed on every problem."""
    return table_of_runs(
        _row(problem, spec, seed, time_limit)
        for problem in read_all(sources)
        for spec in solver_specs(solvers)
        for seed in seeds
    )


def _row(
    problem: Any, spec: SolverSpec, seed: int, time_limit: float | None
) -> dict[str, Any]:
    options = Options(seed=seed, time_limit=time_limit, settings=spec.settings)
    result = solve(problem, spec.solver, options)
    kind = kind_of(problem)
    settings = checked_settings(
        spec.solver, get_solver(spec.solver, kind).function, spec.settings
    )
    task = Task(
        instance_hash=problem_hash(problem),
        solver=spec.solver,
        settings=settings,
        seed=seed,
        time_limit=time_limit,
    )
    gpus = problem.total_units / problem.units_per_gpu
    reallocation = None if kind is Kind.PLACEMENT else str(problem.reallocation)
    return {
        "key": task.key,
        "study": "test",
        "instance": problem.name,
        "instance_hash": task.instance_hash,
        "kind": str(kind),
        "reallocation": reallocation,
        "streams": len(problem.streams),
        "gpus": gpus,
        "total_units": problem.total_units,
        "streams_per_gpu": len(problem.streams) / gpus,
        "window_seconds": problem.window_seconds,
        "solver": spec.solver,
        "settings": json.dumps(settings, sort_keys=True, default=str),
        "label": spec.label,
        "seed": seed,
        "time_limit": time_limit,
        "plan_on": "truth",
        **_outcome(result),
    }


def _outcome(result: Result) -> dict[str, Any]:
    return {
        "status": str(result.status),
        "stopped_by": None if result.stopped_by is None else str(result.stopped_by),
        "objective": result.objective,
        "bound": result.bound,
        "gap": result.gap,
        "seconds": result.runtime,
        "process_seconds": result.runtime,
        "verdict": None if result.schedule is None else "feasible",
        "trace": tuple(
            (point.seconds, point.objective, point.bound) for point in result.trace
        ),
        "attempts": 1,
    }
