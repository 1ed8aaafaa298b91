"""The head of a report: facts, sentences and the table of gaps against contention."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ekya_opt.reports.contents import Contents, Part, level_text, parts_of
from ekya_opt.reports.tables import COUNT, SHARE, Column, Table, table_of
from ekya_opt.text import one_line

if TYPE_CHECKING:
    import pandas as pd

FEW = 6
"""Names that a sentence lists."""


def title(contents: Contents) -> str:
    """Return the title of a page: the names of its studies."""
    names = contents.studied["study"].dropna().unique()
    return f"Report: {listed(names)}" if len(names) else "Report"


def facts(contents: Contents) -> list[tuple[str, str]]:
    """Return what was studied, in numbers."""
    runs = contents.runs
    single = runs.drop_duplicates("instance_hash")
    studied = contents.studied
    found = [
        ("instances", COUNT(studied["instance_hash"].nunique())),
        ("solvers", COUNT(studied["label"].nunique())),
        ("seeds", COUNT(studied["seed"].nunique())),
        ("runs done", COUNT(len(runs) - len(contents.failed))),
        ("runs failed", COUNT(len(contents.failed))),
    ]
    if contents.planned is not None:
        found.append(("runs missing", COUNT(len(contents.missing))))
    proven = f"{COUNT(single['proven'].sum())} of {COUNT(len(single))}"
    return [*found, ("proven optima", proven)]


def sentences(contents: Contents) -> list[str]:
    """Return what the runs say, each sentence made of their numbers."""
    runs = contents.runs
    if runs.empty:
        return [*_plan(contents), "There is no run yet, so that nothing can be said."]
    return [
        *_plan(contents),
        *_proofs(runs),
        *_ranking(contents),
        *_contention(contents),
        *_records(runs),
        *_verdicts(contents),
    ]


def headlines(contents: Contents) -> list[Table]:
    """Return mean gaps by solver and contention, a table for each part of the runs."""
    if contents.reference is None:
        return []
    return [
        _headline(contents, part, f"headline-{idx}")
        for idx, part in enumerate(parts_of(contents.runs))
        if part.runs[contents.reference].notna().any()
    ]


def _headline(contents: Contents, part: Part, name: str) -> Table:
    from ekya_opt.analysis.gaps import gap_table, proof_counts

    runs, value = part.runs, contents.reference or ""
    gaps = gap_table(runs, value=value)
    levels = list(gaps.columns)
    # Levels could be the same as written.
    gaps.columns = range(len(levels))
    frame = gaps.assign(all=runs.groupby("label")[value].mean())
    frame = frame.sort_values("all").reset_index()
    heads: dict[Any, Column] = {"label": Column(head="solver")}
    for idx, (level, counts) in enumerate(
        zip(levels, proof_counts(runs).itertuples(), strict=True)
    ):
        about = f"{counted(counts.instances, 'instance')}, {counts.proven} proven"
        heads[idx] = Column(head=level_text(level), show=SHARE, about=about)
    heads["all"] = Column(head="all", show=SHARE, about="mean over all runs")
    caption = f"Mean gap to the {contents.reference_text} by solver and streams per GPU"
    return table_of(
        frame,
        heads,
        name,
        f"{caption}: {part.name}" if part.name else caption,
        source=contents.code(f"ekya_opt.gap_table({{}}, value={value!r})", part),
    )


def listed(names: "pd.Series[str] | list[str]") -> str:
    """Return names as words of a sentence, the first few of many."""
    found = [one_line(str(name)) for name in names]
    if len(found) > FEW:
        return ", ".join(found[: FEW - 1]) + f" and {len(found) - FEW + 1} more"
    return " and ".join(filter(None, [", ".join(found[:-1]), *found[-1:]]))


def counted(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _plan(contents: Contents) -> Iterator[str]:
    runs = contents.runs
    studied = contents.studied
    names = studied["study"].dropna().unique()
    study = f"{'Studies' if len(names) > 1 else 'Study'} {listed(names)}: "
    what = [
        counted(studied["instance_hash"].nunique(), "instance"),
        counted(studied["label"].nunique(), "solver"),
        counted(studied["seed"].nunique(), "seed"),
    ]
    start = (study if len(names) else "") + ", ".join(what) + ". "
    failed = len(contents.failed)
    done = f"{len(runs) - failed:,} done, {failed:,} failed"
    if contents.planned is None:
        yield f"{start}Of {counted(len(runs), 'run')} {done}."
        return
    planned = counted(len(studied), "planned run")
    yield f"{start}Of {planned} {done}, {len(contents.missing):,} missing."


def _proofs(runs: "pd.DataFrame") -> Iterator[str]:
    single = runs.drop_duplicates("instance_hash")
    bounded = int((single["best_bound"].notna() | single["proven"]).sum())
    if not bounded:
        yield (
            "No run proved a bound, so that gaps are to the best found and say nothing "
            "about the optimum."
        )
        return
    proven = int(single["proven"].sum())
    ends = runs[runs["status"].isin(["optimal", "infeasible"])]
    provers = ends["label"].value_counts().index.tolist()
    by = f", by {listed(provers)}" if provers else ""
    whole = counted(len(single), "instance")
    yield f"The optimum is proven on {proven:,} of {whole}{by}."
    if bounded < len(single):
        yield f"On {counted(len(single) - bounded, 'instance')} no run proved a bound."


def _ranking(contents: Contents) -> Iterator[str]:
    runs, value = contents.runs, contents.reference
    if value is None:
        yield "No run found a schedule."
        return
    proving = runs.groupby("label")["bound"].count()
    others = runs[runs["label"].isin(proving.index[proving == 0])]
    table = others.groupby("label")[value].agg(["mean", "max", "count"])
    table = table[table["count"] > 0].sort_values("mean")
    if len(table) < 2:
        return
    first, last = table.iloc[0], table.iloc[-1]
    yield (
        f"Of {counted(len(table), 'solver')} without bounds of their own "
        f"{one_line(table.index[0])} stays closest to the {contents.reference_text}: "
        f"{SHARE(first['mean'])} below it on average and {SHARE(first['max'])} at "
        f"most; {one_line(table.index[-1])} is farthest, {SHARE(last['mean'])} on "
        f"average and {SHARE(last['max'])} at most."
    )


def _contention(contents: Contents) -> Iterator[str]:
    runs, value = contents.runs, contents.reference
    if value is None or runs["streams_per_gpu"].nunique() < 2:
        return
    means = runs.groupby(["label", "streams_per_gpu"])[value].mean().unstack()
    spread = (means.max(axis=1) - means.min(axis=1)).dropna()
    if spread.empty or not spread.max() > 0:
        return
    label = spread.idxmax()
    own = means.loc[label]
    yield (
        f"With contention the mean gap of {one_line(label)} varies most: it is "
        f"{SHARE(own.min())} at {_streams(own.idxmin())} a GPU and "
        f"{SHARE(own.max())} at {_streams(own.idxmax())}."
    )


def _streams(count: float) -> str:
    return "1 stream" if count == 1 else f"{count:.4g} streams"


def _records(runs: "pd.DataFrame") -> Iterator[str]:
    from formulations import OBJECTIVE_TOLERANCE

    single = runs.drop_duplicates("instance_hash")
    known = single[single["best_known"].notna() & single["best_found"].notna()]
    if known.empty:
        return
    ahead = known["best_found"] - known["best_known"]
    better = int((ahead > OBJECTIVE_TOLERANCE).sum())
    equal = int((ahead.abs() <= OBJECTIVE_TOLERANCE).sum())
    yield (
        f"Of {counted(len(known), 'instance')} with a recorded best known objective "
        f"the best run equals it on {equal:,}, beats it on {better:,} and stays below "
        f"on {len(known) - better - equal:,}."
    )


def _verdicts(contents: Contents) -> Iterator[str]:
    from ekya_opt.analysis.gaps import contradictions

    judged = int(contents.runs["verdict"].notna().sum())
    if judged:
        wrong = len(contents.refuted)
        found = f"{wrong:,} of them to break a rule" if wrong else "no fault"
        schedules = counted(judged, "schedule")
        yield f"The referee judged {schedules} again and finds {found}."
    if pairs := len(contradictions(contents.runs)):
        found = counted(pairs, "pair")
        yield f"{found} of runs contradict each other: see the failures."
    elif contents.runs["gap_to_bound"].notna().any():
        yield "No objective exceeds a bound that another run proved on its instance."
