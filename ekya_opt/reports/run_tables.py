"""Tables of runs: all of them, those that failed, those that are missing."""

from collections.abc import Callable
from typing import Any

from ekya_opt.reports.commands import solve_command
from ekya_opt.reports.contents import Contents
from ekya_opt.reports.tables import (
    COUNT,
    MEGABYTES,
    SCORE,
    SECONDS,
    SHARE,
    Column,
    Table,
    is_missing,
    table_of,
    unlike,
)
from ekya_opt.studies.outcome import Failure

INSTANCE = Column(head="instance")
SOLVER = Column(head="solver", choices=True)
STUDY = Column(head="study", choices=True)
SEED = Column(head="seed", show=COUNT)

RUNS = {
    "instance": INSTANCE,
    "label": SOLVER,
    "seed": SEED,
    "study": STUDY,
    "reallocation": Column(head="reallocation", choices=True),
    "streams_per_gpu": Column(head="streams/GPU", show=lambda value: f"{value:.4g}"),
    "status": Column(head="status", choices=True),
    "stopped_by": Column(head="stopped by"),
    "failure": Column(head="failure", choices=True),
    "objective": Column(head="objective", show=SCORE),
    "bound": Column(head="bound", show=SCORE, about="proven by this run"),
    "gap_to_bound": Column(
        head="gap to bound",
        show=SHARE,
        about="to the lowest bound that any run proved on the instance",
    ),
    "gap_to_best_found": Column(
        head="gap to found",
        show=SHARE,
        about="to the best objective that any run found on the instance",
    ),
    "seconds": Column(head="seconds", show=SECONDS, about="of the solve alone"),
    "peak_bytes": Column(head="MB", show=MEGABYTES, about="peak memory"),
}

OPTIONAL = ("stopped_by", "failure", "bound", "gap_to_bound", "peak_bytes")

FAILURES = {
    "failure": Column(head="kind", choices=True),
    "error": Column(head="message"),
    "instance": INSTANCE,
    "label": SOLVER,
    "seed": SEED,
    "study": STUDY,
    "process_seconds": Column(head="seconds", show=SECONDS, about="of the process"),
    "peak_bytes": RUNS["peak_bytes"],
    "attempts": Column(head="attempts", show=COUNT),
}

PAIRS = {
    "instance": INSTANCE,
    "label": SOLVER,
    "objective": RUNS["objective"],
    "other_label": Column(head="contradicted by", choices=True),
    "other_status": Column(head="its status"),
    "bound": Column(head="its bound", show=SCORE),
    "excess": Column(head="excess", show=lambda value: f"{value:.2e}"),
    "key": Column(head="run"),
    "other_key": Column(head="other run"),
}

ALIKE = ("study", "reallocation")
"""Columns that are left out where all rows are alike."""


def run_table(contents: Contents) -> Table:
    """Return the table of all runs, each with the command that makes it again."""
    runs = contents.runs
    return table_of(
        runs,
        unlike(runs, RUNS, ALIKE),
        "all-runs",
        "All runs",
        optional=OPTIONAL,
        details=_details(contents),
        source=contents.runs_code,
    )


def failure_table(contents: Contents) -> Table | None:
    """Return the runs that failed, disagreements first; ``None`` without any."""
    failed = contents.failed
    if failed.empty:
        return None
    harmless = failed["failure"] != Failure.DISAGREEMENT
    ranked = failed.assign(harmless=harmless.fillna(True))
    ranked = ranked.sort_values(["harmless", "failure", "instance", "label", "seed"])
    return table_of(
        ranked,
        unlike(failed, FAILURES, ALIKE),
        "failed-runs",
        "Runs that failed",
        optional=OPTIONAL,
        details=_details(contents),
        source=contents.runs_code,
    )


def refuted_table(contents: Contents) -> Table | None:
    """Return the runs whose schedule breaks a rule; ``None`` without any."""
    if contents.refuted.empty:
        return None
    heads = {name: RUNS[name] for name in ("instance", "label", "seed", "objective")}
    heads["verdict"] = Column(head="verdict")
    return table_of(
        contents.refuted,
        heads,
        "refuted-runs",
        "Schedules that break a rule when the referee judges them again",
        details=_details(contents),
        source=contents.runs_code,
    )


def contradiction_table(contents: Contents) -> Table | None:
    """Return the pairs of runs that cannot both be right; ``None`` without any."""
    from ekya_opt.analysis.gaps import contradictions

    pairs = contradictions(contents.runs)
    if pairs.empty:
        return None
    return table_of(
        pairs.sort_values("excess", ascending=False),
        PAIRS,
        "contradictions",
        "Pairs of runs that cannot both be right",
        optional=("excess",),
        source=f"ekya_opt.contradictions({contents.runs_code})",
    )


def missing_table(contents: Contents) -> Table | None:
    """Return the runs that are planned and not done; ``None`` without any."""
    if contents.missing.empty:
        return None
    heads = {name: RUNS[name] for name in ("instance", "label", "seed", "study")}
    return table_of(
        contents.missing,
        heads,
        "missing-runs",
        "Runs that are planned and not done",
        source=contents.runs_code.replace(".runs()", ".planned()"),
    )


def _details(contents: Contents) -> dict[str, Callable[[Any], str]]:
    """Return what unfolds below a run."""

    def told(name: str, unit: str = "") -> Callable[[Any], str]:
        return lambda row: "" if is_missing(row[name]) else f"{row[name]}{unit}"

    def seconds(row: Any) -> str:
        if is_missing(row["process_seconds"]):
            return ""
        return f"{SECONDS(row['process_seconds'])} s"

    return {
        "run it again": lambda row: solve_command(row, contents),
        "error": told("error"),
        "verdict": told("verdict"),
        "settings in effect": told("settings"),
        "started": told("started"),
        "process": seconds,
        "attempts": told("attempts"),
        "processor": told("processor"),
        "version": told("version"),
        "environment": told("environment"),
        "key": told("key"),
        "instance hash": told("instance_hash"),
    }
