"""What each simplification of the problem costs: one row a level and instance.

Ekya's static window (Eq. 1) holds every share for the whole window. Each level here
takes one restriction away, or adds one that real servers have, and is solved exactly
and by the Thief; the differences of the optima are the prices.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from ekya_opt.comparison import Progress
from ekya_opt.solver_specs import SolverSpec, solver_specs
from formulations import is_infeasible
from instances import Instance, Reallocation
from instances.horizon import Horizon
from solvers import Options, Result, StoppedBy, solve

if TYPE_CHECKING:
    from instances.problems import Problem

SLOT_SECONDS = 5.0
FLOOR = 0.4
"""The floor of the paper's example."""

FLOOR_STEP = 0.01
UNITS = 20

COLUMNS = (
    "group",
    "instance",
    "level",
    "optimum",
    "bound",
    "thief",
    "seconds",
    "thief_seconds",
    "error",
)
NUMBERS = ("optimum", "bound", "thief", "seconds", "thief_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One version of a problem, and who solves it.

    Parameters
    ----------
    name
        ``never``, ``floor``, ``highest floor``, ``placed``, ``stream``, ``server``, or,
        of a horizon, ``joint never`` and ``joint stream``.
    against
        The level that its price refers to; ``None`` for the first.
    change
        Makes this version of a problem; ``None`` if there is none.
    solver, thief
        The best solver of the level, and the Thief's way to solve it.
    """

    name: str
    against: str | None
    change: "Callable[[Any], Problem | None]"
    solver: str
    thief: str | None


def _mode(mode: Reallocation) -> "Callable[[Any], Problem | None]":
    def change(problem: Any) -> "Problem | None":
        slot = problem.slot_seconds
        if mode is Reallocation.SERVER and slot is None:
            slots = problem.window_seconds / SLOT_SECONDS
            if abs(slots - round(slots)) > 1e-9:
                return None
            slot = SLOT_SECONDS
        changed: Problem = replace(problem, reallocation=mode, slot_seconds=slot)
        return changed

    return change


def _floored(floor: float) -> "Callable[[Any], Problem | None]":
    def change(problem: Any) -> "Problem | None":
        streams = tuple(replace(each, min_accuracy=None) for each in problem.streams)
        changed: Problem = replace(
            problem,
            reallocation=Reallocation.NEVER,
            streams=streams,
            min_accuracy=floor,
        )
        return changed

    return change


def _highest_floor(problem: Any) -> "Problem | None":
    """Return the window with the highest floor that can be kept, to 0.01."""
    least, most = 0, round(1 / FLOOR_STEP)
    while most - least > 1:
        middle = (least + most) // 2
        window = _floored(middle * FLOOR_STEP)(problem)
        assert isinstance(window, Instance)
        least, most = (least, middle) if is_infeasible(window) else (middle, most)
    return _floored(least * FLOOR_STEP)(problem)


def _placed(problem: Any) -> "Problem | None":
    from instances.placement import placement_of

    if problem.gpus != round(problem.gpus):
        return None
    return placement_of(replace(problem, reallocation=Reallocation.NEVER))


def window_levels(floor: float = FLOOR) -> tuple[Level, ...]:
    """Return the levels of a single window."""
    never, stream, server = map(_mode, Reallocation)
    return (
        Level(name="never", against=None, change=never, solver="dp", thief="thief"),
        Level(
            name="floor",
            against="never",
            change=_floored(floor),
            solver="dp",
            thief="thief",
        ),
        Level(
            name="highest floor",
            against="never",
            change=_highest_floor,
            solver="dp",
            thief="thief",
        ),
        Level(
            name="placed",
            against="never",
            change=_placed,
            solver="milp",
            thief="round-and-pack:plan=thief",
        ),
        Level(
            name="stream", against="never", change=stream, solver="dp", thief="thief"
        ),
        Level(
            name="server",
            against="stream",
            change=server,
            solver="decomposition",
            thief="thief",
        ),
    )


def horizon_levels() -> tuple[Level, ...]:
    """Return the levels of a horizon: window by window, then jointly."""
    never, stream, server = map(_mode, Reallocation)
    return (
        Level(name="never", against=None, change=never, solver="dp", thief="thief"),
        Level(
            name="joint never",
            against="never",
            change=never,
            solver="decomposition",
            thief=None,
        ),
        Level(
            name="stream", against="never", change=stream, solver="dp", thief="thief"
        ),
        Level(
            name="joint stream",
            against="stream",
            change=stream,
            solver="decomposition",
            thief=None,
        ),
        Level(
            name="server",
            against="stream",
            change=server,
            solver="myopic:window=decomposition",
            thief="thief",
        ),
    )


def price_list(
    groups: "Iterable[tuple[str, Sequence[Problem]]]",
    *,
    floor: float = FLOOR,
    time_limit: float | None = 20.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the optimum and the Thief of every level, a row a level and instance.

    Parameters
    ----------
    groups
        Named lists of windows or horizons.
    floor
        Accuracy that level ``floor`` demands at every instant, in [0, 1].
    time_limit
        Wall seconds for each solve; where it cuts one short, ``optimum`` is the best
        schedule found and ``bound`` what is proven.
    seed
        Of every solver.
    progress
        Called with the rows done, the rows in all and what comes next.

    Returns
    -------
    Columns ``COLUMNS``. Windows are planned one after the other in the levels of a
    horizon, but in ``joint never`` and ``joint stream``. ``attrs["interrupted"]`` tells
    whether Ctrl-C ended it.
    """
    named = [(name, list(problems)) for name, problems in groups]
    todo = [
        (name, problem, level)
        for name, problems in named
        for problem in problems
        for level in levels_of(problem, floor)
    ]
    rows: list[dict[str, Any]] = []
    interrupted = False
    for done, (name, problem, level) in enumerate(todo):
        if progress is not None:
            progress(done, len(todo), f"{level.name} of {problem.name}")
        row = _row(name, problem, level, time_limit, seed)
        if row is None:
            interrupted = True
            break
        rows.append(row)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame = frame.astype(dict.fromkeys(NUMBERS, "float64"))
    frame.attrs["interrupted"] = interrupted
    return frame


def levels_of(problem: "Problem", floor: float = FLOOR) -> tuple[Level, ...]:
    """Return the levels of a problem."""
    return horizon_levels() if isinstance(problem, Horizon) else window_levels(floor)


def summarise_prices(frame: pd.DataFrame) -> pd.DataFrame:
    """Return one row a group and level: means over instances, and prices in points.

    Only instances count that have a schedule of the level and of the one that its
    price refers to. ``price`` is what the level's optimum is above that one's, and
    ``thief_loss`` what the Thief is below the level's own, both in percentage points
    of accuracy; ``spread`` is the standard deviation of the price. Of
    ``thief_instances`` the Thief finds a schedule.
    """
    against = {
        level.name: level.against for level in (*window_levels(), *horizon_levels())
    }
    rows = []
    for (group, level), part in frame.groupby(["group", "level"], sort=False):
        own = part.set_index("instance")
        reference = against[str(level)]
        base = frame[(frame["group"] == group) & (frame["level"] == reference)]
        steps = 100 * (own["optimum"] - base.set_index("instance")["optimum"]).dropna()
        lost = 100 * (own["optimum"] - own["thief"])
        rows.append(
            {
                "group": group,
                "level": level,
                "instances": int(own["optimum"].notna().sum()),
                "optimum": own["optimum"].mean(),
                "gap": ((own["bound"] - own["optimum"]) / own["bound"]).mean(),
                "against": reference,
                "price": steps.mean() if reference else None,
                "spread": steps.std(ddof=0) if reference else None,
                "thief_instances": int(own["thief"].notna().sum()),
                "thief": own["thief"].mean(),
                "thief_loss": lost.mean(),
            }
        )
    return pd.DataFrame(rows)


def _row(
    group: str, problem: "Problem", level: Level, time_limit: float | None, seed: int
) -> dict[str, Any] | None:
    """Return the row of one level; ``None`` if it was interrupted."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {"group": group, "instance": problem.name, "level": level.name}
    version = level.change(problem)
    if version is None:
        row["error"] = "there is no such version of it"
        return row
    for who, spec in (("optimum", level.solver), ("thief", level.thief)):
        if spec is None:
            continue
        start = time.perf_counter()
        try:
            result = _solved(version, solver_specs(spec)[0], time_limit, seed)
        except Exception as failure:
            row["error"] = f"{spec}: {type(failure).__name__}: {failure}"
            continue
        if result.stopped_by is StoppedBy.INTERRUPT:
            return None
        row[who] = result.objective
        column = "seconds" if who == "optimum" else "thief_seconds"
        row[column] = time.perf_counter() - start
        if who == "optimum":
            row["bound"] = result.bound
    return row


def _solved(
    problem: "Problem", spec: SolverSpec, time_limit: float | None, seed: int
) -> Result:
    options = Options(time_limit=time_limit, seed=seed, settings=spec.settings)
    return solve(problem, spec.target, options)


def generated_groups(count: int = 5) -> "Iterator[tuple[str, list[Problem]]]":
    """Yield the groups of generated instances, ``count`` seeds each.

    Windows of the family recorded-like and horizons of the family drift, of 10 streams
    on 2 and on 4 GPUs and of 20 on 8.
    """
    from instances.generators import generate, generate_problem

    for streams, gpus in ((10, 2), (10, 4), (20, 8)):
        seeds = range(count)
        name = f"{streams} streams, {gpus} GPUs"
        windows: list[Problem] = [
            generate("recorded-like", streams, gpus, seed, units_per_gpu=UNITS)
            for seed in seeds
        ]
        yield f"window, {name}", windows
        horizons = [
            generate_problem("drift", streams, gpus, seed, units_per_gpu=UNITS)
            for seed in seeds
        ]
        yield f"horizon, {name}", horizons
