"""The record of best known objectives, proven again by several exact solvers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ekya_opt.versions import versions
from formulations import OBJECTIVE_TOLERANCE
from instances.best_known import BestKnown
from instances.library import LIBRARY
from instances.problems import (
    Kind,
    is_server,
    kind_of,
    problem_hash,
    read_problem,
)
from solvers import Options, Result, Status, StoppedBy, solve
from solvers.registry import get_solver, kinds_of

if TYPE_CHECKING:
    from instances.problems import Problem

ENGINES = {
    "window": ("dp", "core", "milp", "cp-sat", "network"),
    "server window": ("decomposition", "milp", "cp-sat"),
    "horizon": ("decomposition", "milp"),
    "server horizon": ("decomposition", "milp", "cp-sat"),
    "placement": ("dp", "milp", "cp-sat"),
}
"""The exact solvers that must agree, for each kind of problem."""

VERSIONS = ("numpy", "highspy", "ortools", "networkx")
"""Packages whose versions an entry tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What the exact solvers found on one instance, beside its record.

    Parameters
    ----------
    instance
        Name of the instance, ``family/name`` if shipped.
    recorded
        The entry of the record; ``None`` without one.
    proven
        The entry that the solvers prove; ``None`` if they prove none.
    problems
        Every disagreement and failure as a sentence.
    """

    instance: str
    recorded: BestKnown | None
    proven: BestKnown | None
    problems: tuple[str, ...]


def verify(
    paths: Iterable[Path],
    record: dict[str, BestKnown],
    *,
    engines: Sequence[str] | None = None,
    time_limit: float | None = 60.0,
) -> Iterator[Verification]:
    """Yield what the exact solvers find on each instance file.

    Parameters
    ----------
    paths
        Instance files.
    record
        Entries by instance hash.
    engines
        Exact solvers, by default ``ENGINES``; all that end in time must agree to
        ``OBJECTIVE_TOLERANCE``. On each file those are used that are exact for its
        kind of problem.
    time_limit
        Wall seconds for each solve.

    Raises
    ------
    KeyboardInterrupt
        If a solve is interrupted.
    """
    for path in paths:
        instance = read_problem(path)
        name = instance.name
        if path.parent.parent == LIBRARY:
            name = f"{path.parent.name}/{path.stem}"
        kind = kind_of(instance)
        own = ENGINES[f"server {kind}" if is_server(instance) else str(kind)]
        named = own if engines is None else engines
        chosen = [engine for engine in named if is_exact(engine, kind)]
        results, problems = _solve_all(instance, chosen, time_limit)
        problems += _disagreements(results)
        proven = None if problems else _proven(name, instance, results)
        recorded = record.get(problem_hash(instance))
        if not problems and proven is None:
            problems.append("No solver proved an optimum in time.")
        if proven is not None and recorded is not None:
            problems += _contradictions(proven, recorded)
        yield Verification(
            instance=name, recorded=recorded, proven=proven, problems=tuple(problems)
        )


def updated(
    record: dict[str, BestKnown], verifications: Iterable[Verification]
) -> dict[str, BestKnown]:
    """Return the record with what was proven; no entry gets worse.

    Entries of an earlier content of the same instance go; an entry that is proven
    again by the same solvers stays as it is.
    """
    entries = dict(record)
    for verification in verifications:
        new, old = verification.proven, verification.recorded
        if new is None or verification.problems:
            continue
        for key, entry in list(entries.items()):
            if entry.instance == new.instance and key != new.hash:
                del entries[key]
        if old is None:
            entries[new.hash] = new
        elif old.bound is None or not set(new.engines) <= set(old.engines):
            objective = max(new.objective, old.objective)
            entries[new.hash] = replace(new, objective=objective)
    return entries


def is_exact(solver: str, kind: Kind) -> bool:
    """Return whether a solver proves optima of a kind of problem."""
    return kind in kinds_of(solver) and get_solver(solver, kind).kind == "exact"


def _solve_all(
    instance: "Problem", engines: Sequence[str], time_limit: float | None
) -> tuple[list[Result], list[str]]:
    results, problems = [], []
    for engine in engines:
        try:
            result = solve(instance, engine, Options(time_limit=time_limit))
        except Exception as problem:
            problems.append(f"{engine} failed: {type(problem).__name__}: {problem}.")
            continue
        if result.stopped_by is StoppedBy.INTERRUPT:
            raise KeyboardInterrupt
        results.append(result)
    return results, problems


def _disagreements(results: Sequence[Result]) -> list[str]:
    """Return a sentence for each pair of results that cannot both be true."""
    problems = []
    for upper in results:
        for lower in results:
            if lower.objective is None:
                continue
            if upper.status is Status.INFEASIBLE:
                problems.append(
                    f"{upper.solver} finds no schedule possible, {lower.solver} one."
                )
            elif (
                upper.bound is not None
                and upper.bound < lower.objective - OBJECTIVE_TOLERANCE
            ):
                problems.append(
                    f"{upper.solver} proves at most {upper.bound!r}, {lower.solver} "
                    f"reaches {lower.objective!r}."
                )
    return problems


def _proven(
    name: str, instance: "Problem", results: Sequence[Result]
) -> BestKnown | None:
    optimal = [result for result in results if result.status is Status.OPTIMAL]
    if not optimal:
        return None
    found = [result.objective for result in optimal if result.objective is not None]
    bounds = [result.bound for result in optimal if result.bound is not None]
    objective = min(max(found), 1.0)
    used = versions()
    return BestKnown(
        instance=name,
        hash=problem_hash(instance),
        objective=objective,
        bound=max(min(bounds), objective),
        engines=tuple(result.solver for result in optimal),
        versions=" ".join(f"{key} {used.get(key, '?')}" for key in VERSIONS),
        date=datetime.now(UTC).date().isoformat(),
    )


def _contradictions(proven: BestKnown, recorded: BestKnown) -> list[str]:
    problems = []
    if abs(proven.objective - recorded.objective) > OBJECTIVE_TOLERANCE:
        problems.append(
            f"The record has objective {recorded.objective!r}, "
            f"{', '.join(proven.engines)} prove {proven.objective!r}."
        )
    if (
        recorded.bound is not None
        and recorded.bound < proven.objective - OBJECTIVE_TOLERANCE
    ):
        problems.append(
            f"The record has bound {recorded.bound!r}, below {proven.objective!r}."
        )
    return problems
