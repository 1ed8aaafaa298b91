"""The record of best known objectives, raised by the runs of a store."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ekya_opt.analysis.tables import says
from ekya_opt.best_known import VERSIONS, is_exact
from formulations import OBJECTIVE_TOLERANCE
from formulations.problems import evaluate_any
from instances.best_known import BestKnown
from instances.problems import Kind, kind_of, problem_hash
from solvers.result import Status

if TYPE_CHECKING:
    import pandas as pd

    from ekya_opt.studies.store import Store
    from instances.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the runs of a store make of one instance's entry.

    Parameters
    ----------
    instance
        Name of the instance.
    old
        The entry of the record; ``None`` without one.
    new
        The entry to put in its place; ``None`` if the runs add nothing to it.
    problems
        Everything that cannot be true, as sentences; then there is no new entry.
    """

    instance: str
    old: BestKnown | None
    new: BestKnown | None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A schedule of a run and what the referee gives it."""

    solver: str
    label: str
    objective: float
    environment: str | None


def changes_of(store: "Store", record: Mapping[str, BestKnown]) -> Iterator[Change]:
    """Yield what the runs of a store make of the record, a change an instance.

    Each schedule that is kept is judged by the referee again. An entry is added or
    gets a higher objective from the best of them, and a lower bound from the lowest
    that an exact solver proved on the true numbers; differences within
    ``OBJECTIVE_TOLERANCE`` count as none. No entry gets worse. A claim that the referee
    does not confirm, an objective above a bound, recorded or proven by a run, and a
    schedule where a run proved that there is none are problems.

    Parameters
    ----------
    store
        The store of studies.
    record
        Entries by instance hash.

    Raises
    ------
    StoreUnavailable
        If the store cannot be read.
    """
    environments = store.environments()
    for digits, part in store.runs().groupby("instance_hash", sort=False):
        problem = store.problem(digits)
        old = record.get(digits)
        name = str(part["instance"].iloc[0]) if old is None else old.instance
        judged, problems = _judge(store, problem, part)
        if problem_hash(problem) != digits:
            problems.append(f"The problem stored as {digits} has another hash.")
        lowest = _lowest_bound(kind_of(problem), part)
        problems += _contradictions(part, judged, old)
        new = None
        if not problems:
            entry = _entry(name, digits, judged, lowest, environments)
            new = _better(old, entry, lowest)
        yield Change(instance=name, old=old, new=new, problems=tuple(problems))


def _judge(
    store: "Store", problem: "Problem", part: "pd.DataFrame"
) -> tuple[list[_Judged], list[str]]:
    """Return what the referee finds of the kept schedules, and false claims."""
    judged, problems = [], []
    for row in part[part["objective"].notna()].itertuples():
        schedule = store.schedule(row.key)
        if schedule is None:
            continue
        verdict = evaluate_any(problem, schedule)
        who = f"{row.label} (run {row.key})"
        if verdict.violations:
            problems.append(f"{who} breaks a rule: {verdict.violations[0]}")
        elif abs(verdict.objective - row.objective) > OBJECTIVE_TOLERANCE:
            problems.append(
                f"{who} claims {row.objective!r}, the referee finds "
                f"{verdict.objective!r}."
            )
        else:
            found = _Judged(
                solver=row.solver,
                label=row.label,
                objective=min(verdict.objective, 1.0),
                environment=row.environment,
            )
            judged.append(found)
    return judged, problems


def _lowest_bound(kind: Kind, part: "pd.DataFrame") -> float | None:
    """Return the lowest bound that an exact solver proved on the true numbers."""
    exact = part["solver"].map(lambda name: is_exact(name, kind)).astype(bool)
    bounds = part["bound"][exact & ~says(part, "plan_on", "estimates")].dropna()
    return float(bounds.min()) if len(bounds) else None


def _contradictions(
    part: "pd.DataFrame", judged: list[_Judged], old: BestKnown | None
) -> list[str]:
    """Return a sentence for each objective above a bound of the record or a run."""
    reached = [(f"{each.label} reaches", each.objective) for each in judged]
    proven: list[tuple[str, float]] = []
    if old is not None:
        reached.append(("the record has", old.objective))
        if old.bound is not None:
            proven.append(("the record has the bound", old.bound))
    for row in part.itertuples():
        if row.status == Status.INFEASIBLE:
            proven.append((f"{row.label} finds no schedule possible", -1.0))
        elif row.bound == row.bound:
            proven.append((f"{row.label} proves at most", row.bound))
    problems = {
        f"{which} {objective!r}, but {who}{f' {bound!r}' if bound >= 0 else ''}."
        for who, bound in proven
        for which, objective in reached
        if objective > bound + OBJECTIVE_TOLERANCE
    }
    return sorted(problem[0].upper() + problem[1:] for problem in problems)


def _entry(
    name: str,
    digits: str,
    judged: list[_Judged],
    lowest: float | None,
    environments: Mapping[str, Mapping[str, Any]],
) -> BestKnown | None:
    """Return the entry that the runs alone give; ``None`` without a schedule."""
    if not judged:
        return None
    best = max(judged, key=lambda each: each.objective)
    near = best.objective - OBJECTIVE_TOLERANCE
    solvers = [each.solver for each in judged if each.objective >= near]
    used = environments.get(best.environment or "", {}).get("versions", {})
    return BestKnown(
        instance=name,
        hash=digits,
        objective=best.objective,
        bound=None if lowest is None else max(lowest, best.objective),
        engines=tuple(dict.fromkeys(solvers)),
        versions=" ".join(f"{key} {used.get(key, '?')}" for key in VERSIONS),
        date=datetime.now(UTC).date().isoformat(),
    )


def _better(
    old: BestKnown | None, entry: BestKnown | None, lowest: float | None
) -> BestKnown | None:
    """Return the old entry with what is better; ``None`` if nothing is."""
    if old is None:
        return entry
    higher = entry is not None and entry.objective > old.objective + OBJECTIVE_TOLERANCE
    new = entry if higher and entry is not None else old
    bounds = [each for each in (old.bound, lowest) if each is not None]
    bound = max(min(bounds), new.objective) if bounds else None
    tighter = bound is not None and (
        old.bound is None or bound < old.bound - OBJECTIVE_TOLERANCE
    )
    if not higher and not tighter:
        return None
    return replace(new, bound=bound, date=datetime.now(UTC).date().isoformat())
