"""The benchmark of server windows: every exact engine on the same windows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import permutations
from typing import Any

from ekya_opt.benchmarks.studies import StudyReport
from ekya_opt.benchmarks.tables import MISSING, Table
from formulations.tolerances import OBJECTIVE_TOLERANCE
from instances import Instance, Reallocation, read_instance
from instances.generators import generate
from instances.library import expand
from solvers import Options, Result, solve

SIZES = ((3, 1), (10, 2), (10, 4), (20, 8))
"""Streams and GPUs of the generated windows."""

SLOT_SECONDS = 5

ENGINES: dict[str, tuple[str, dict[str, Any]]] = {
    "decomposition": ("decomposition", {}),
    "milp, HiGHS": ("milp", {"backend": "highs"}),
    "milp, CBC": ("milp", {"backend": "cbc"}),
    "cp-sat": ("cp-sat", {}),
}
"""Solver and settings by the name of the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRow:
    """One engine on one window.

    Parameters
    ----------
    instance, streams, gpus
        Name and size of the window.
    engine
        One of ``ENGINES``.
    seconds
        ``Result.runtime``: everything from the instance to the certified schedule.
    status, objective, bound, gap
        Of the result.
    cells, cells_left
        Options and slots from which models may serve, and how many of them prices left.
    variables, constraints
        Of the model; ``None`` for the decomposition, or if prices left no model.
    nodes
        Of the decomposition's own tree.
    """

    instance: str
    streams: int
    gpus: float
    engine: str
    seconds: float
    status: str
    objective: float | None
    bound: float | None
    gap: float | None
    cells: int | None
    cells_left: int | None
    variables: int | None
    constraints: int | None
    nodes: int | None


def bench_server(
    count: int = 1,
    time_limit: float = 60.0,
    paths: Sequence[str] = (),
    progress: Callable[[str], None] = lambda what: None,
    engines: Sequence[str] = tuple(ENGINES),
    sizes: Sequence[tuple[int, int]] = SIZES,
) -> StudyReport:
    """Return what all engines prove of server windows; Ctrl-C ends it early.

    Parameters
    ----------
    count
        Generated windows of each size, in slots of 5 s.
    time_limit
        Wall seconds for each engine and window.
    paths
        Windows beside the generated ones: files, folders or shipped names; static ones
        are taken with slots of 5 s.
    progress
        Told what comes next.
    engines
        Names from ``ENGINES``.
    sizes
        Streams and GPUs of the generated windows.
    """
    report = StudyReport()
    windows = [*_generated(count, sizes), *_read(paths)]
    rows: list[ServerRow] = []
    try:
        # What is compiled or loaded once is no part of the times.
        progress("compiling")
        solve(windows[0], "decomposition", Options(settings={"gap": 0.5}))
        for instance in windows:
            for engine in engines:
                progress(f"{instance.name}, {engine}")
                solver, settings = ENGINES[engine]
                options = Options(time_limit=time_limit, settings=settings)
                rows.append(_row(instance, engine, solve(instance, solver, options)))
    except KeyboardInterrupt:
        report.interrupted = True
    report.rows = [asdict(row) for row in rows]
    report.failures = contradictions(rows)
    return report


def contradictions(rows: Sequence[ServerRow]) -> list[str]:
    """Return a sentence for each bound that lies below another engine's objective."""
    found = []
    for one, other in permutations(rows, 2):
        if (
            one.instance == other.instance
            and one.bound is not None
            and other.objective is not None
            and one.bound < other.objective - OBJECTIVE_TOLERANCE
        ):
            text = f"{one.instance}: the bound {one.bound!r} of {one.engine} lies"
            text += f" below the objective {other.objective!r} of {other.engine}."
            found.append(text)
    return found


def server_table(report: StudyReport) -> Table:
    """Return the rows of all engines."""
    columns = (
        *("window", "streams", "GPUs", "engine", "seconds", "objective", "bound"),
        *("gap, %", "cells", "left by prices", "variables", "constraints", "nodes"),
    )
    rows = [
        (
            row["instance"],
            f"{row['streams']}",
            f"{row['gpus']:g}",
            row["engine"],
            f"{row['seconds']:.2f}",
            _decimal(row["objective"], 6),
            _decimal(row["bound"], 6),
            _decimal(None if row["gap"] is None else 100 * row["gap"], 3),
            *(
                MISSING if row[key] is None else f"{row[key]:,}"
                for key in ("cells", "cells_left", "variables", "constraints", "nodes")
            ),
        )
        for row in report.rows
    ]
    return Table(columns, rows)


def _decimal(number: float | None, digits: int) -> str:
    return MISSING if number is None else f"{number:.{digits}f}"


def _generated(count: int, sizes: Sequence[tuple[int, int]]) -> Iterator[Instance]:
    for streams, gpus in sizes:
        for seed in range(count):
            yield generate(
                "recorded-like",
                streams,
                gpus,
                seed,
                reallocation="server",
                slot_seconds=SLOT_SECONDS,
            )


def _read(paths: Sequence[str]) -> Iterator[Instance]:
    for path in paths:
        for file in expand(path):
            instance = read_instance(file)
            if instance.reallocation is not Reallocation.SERVER:
                mode = Reallocation.SERVER
                instance = replace(
                    instance, reallocation=mode, slot_seconds=SLOT_SECONDS
                )
            yield instance


def _row(instance: Instance, engine: str, result: Result) -> ServerRow:
    told = result.metadata
    return ServerRow(
        instance=instance.name,
        streams=len(instance.streams),
        gpus=instance.gpus,
        engine=engine,
        seconds=result.runtime,
        status=result.status,
        objective=result.objective,
        bound=result.bound,
        gap=result.gap,
        cells=told.get("cells"),
        cells_left=told.get("cells_after_fixing"),
        variables=told.get("variables"),
        constraints=told.get("constraints"),
        nodes=told.get("nodes") if engine == "decomposition" else None,
    )
