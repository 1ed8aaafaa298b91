"""Tables of the solvers and of the instances that runs are of."""

from typing import TYPE_CHECKING, Any

from ekya_opt.reports.contents import Contents
from ekya_opt.reports.tables import (
    COUNT,
    MEGABYTES,
    SCORE,
    SECONDS,
    SHARE,
    Column,
    Table,
    table_of,
    unlike,
)

if TYPE_CHECKING:
    import pandas as pd

SOLVERS: dict[Any, Column] = {
    "label": Column(head="solver"),
    "runs": Column(head="runs", show=COUNT),
    "found": Column(head="found", show=COUNT, about="runs with a schedule"),
    "proven": Column(
        head="proven", show=COUNT, about="runs that proved their optimum themselves"
    ),
    "failed": Column(head="failed", show=COUNT),
    "mean_gap": Column(head="mean gap", show=SHARE),
    "median_gap": Column(head="median gap", show=SHARE),
    "max_gap": Column(head="max gap", show=SHARE),
    "mean_seconds": Column(
        head="mean seconds", show=SECONDS, about="shifted geometric mean of all runs"
    ),
    "max_seconds": Column(head="max seconds", show=SECONDS),
    "penalised": Column(
        head="PAR10 seconds",
        show=SECONDS,
        about="the same, where a run without proof takes ten times its time limit",
    ),
    "peak_bytes": Column(head="MB", show=MEGABYTES, about="highest peak memory"),
}

INSTANCES: dict[Any, Column] = {
    "instance": Column(head="instance"),
    "kind": Column(head="kind", choices=True),
    "reallocation": Column(head="reallocation", choices=True),
    "streams": Column(head="streams", show=COUNT),
    "gpus": Column(head="GPUs", show=lambda value: f"{value:g}"),
    "runs": Column(head="runs", show=COUNT),
    "proof": Column(
        head="optimum", choices=True, about="whether bound and best found meet"
    ),
    "best_found": Column(head="best found", show=SCORE),
    "best_bound": Column(head="best bound", show=SCORE),
    "best_known": Column(head="best known", show=SCORE, about="as recorded"),
    "found_by": Column(head="found by", about="within 1e-6 of the best"),
    "instance_hash": Column(head="hash"),
}


def solver_table(contents: Contents) -> Table:
    """Return gaps, times, proofs and failures by solver."""
    from ekya_opt.analysis.means import mean_times, shifted_geometric_mean

    runs = contents.runs
    value = contents.reference or "gap_to_bound"
    groups = runs.groupby("label")
    frame = groups[value].agg(mean_gap="mean", median_gap="median", max_gap="max")
    frame["runs"] = groups.size()
    frame["found"] = groups["objective"].count()
    frame["proven"] = _count(runs, runs["status"].isin(["optimal", "infeasible"]))
    frame["failed"] = _count(runs, runs["key"].isin(contents.failed["key"]))
    frame["mean_seconds"] = groups["seconds"].agg(
        lambda seconds: shifted_geometric_mean(seconds.dropna())
    )
    times = mean_times(runs)
    frame["penalised"] = times["seconds"].where(times["solved"] > 0)
    frame["max_seconds"] = groups["seconds"].max()
    frame["peak_bytes"] = groups["peak_bytes"].max()
    return table_of(
        frame.sort_values(["mean_gap", "mean_seconds"]).reset_index(),
        SOLVERS,
        "solvers-table",
        f"By solver: gaps to the {contents.reference_text}, and seconds as shifted "
        "geometric means; for PAR10 a run without proof takes ten times its limit",
        optional=("mean_gap", "median_gap", "max_gap", "peak_bytes", "penalised"),
        source=f"runs = ekya_opt.gaps({contents.runs_code}); "
        f"runs.groupby('label')[{value!r}].describe(); ekya_opt.mean_times(runs)",
    )


def instance_table(contents: Contents) -> Table:
    """Return what is known of each instance, and who found the best."""
    from formulations import OBJECTIVE_TOLERANCE

    runs = contents.runs
    best = runs[runs["objective"] >= runs["best_found"] - OBJECTIVE_TOLERANCE]
    finders = best.groupby("instance_hash")["label"].agg(
        lambda labels: ", ".join(dict.fromkeys(labels))
    )
    frame = runs.drop_duplicates("instance_hash").set_index("instance_hash")
    frame["runs"] = runs.groupby("instance_hash").size()
    frame["found_by"] = finders.reindex(frame.index)
    frame["instance_hash"] = frame.index
    frame["proof"] = frame["proven"].map({True: "proven", False: "open"})
    return table_of(
        frame,
        unlike(frame, INSTANCES, ("kind", "reallocation")),
        "instances-table",
        "By instance: what was found, proven and known",
        optional=("best_bound", "best_known"),
        source=f"ekya_opt.gaps({contents.runs_code}).drop_duplicates('instance_hash')",
    )


def _count(runs: "pd.DataFrame", chosen: Any) -> "pd.Series[int]":
    return chosen.groupby(runs["label"]).sum()
