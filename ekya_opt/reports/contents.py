"""What a report is made of, and what follows from it for every part of the page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ekya_opt.reports.tables import is_missing

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a report is made of.

    Parameters
    ----------
    runs
        What :func:`ekya_opt.gaps` returns.
    planned
        Runs that were planned: key, study, instance, instance_hash, label, seed;
        ``None`` where no plan is known.
    environments
        Versions and machine by key, as the runs name them.
    definitions
        What defines a study, as :meth:`ekya_opt.Study.definition`, by its name.
    files
        Instance files for ``ekya-opt solve``, by hash.
    paid
        What :func:`ekya_opt.paid_accuracies` returns; ``None`` without schedules.
    store
        Name of the store's file; ``None`` without one.
    study
        The only study of the store that the runs are of; ``None`` for all.
    facts
        What else is to be told of the store: name and text.
    """

    runs: "pd.DataFrame"
    planned: "pd.DataFrame | None" = None
    environments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    paid: "pd.DataFrame | None" = None
    store: str | None = None
    study: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def studied(self) -> "pd.DataFrame":
        """What was to be run, or else what was: instance_hash, label and seed."""
        return self.runs if self.planned is None else self.planned

    @property
    def missing(self) -> "pd.DataFrame":
        """The runs that are planned and not done."""
        if self.planned is None:
            return self.runs.iloc[:0]
        return self.planned[~self.planned["key"].isin(self.runs["key"])]

    @property
    def failed(self) -> "pd.DataFrame":
        """The runs that failed."""
        runs = self.runs
        return runs[runs["failure"].notna() | (runs["status"] == "error")]

    @property
    def refuted(self) -> "pd.DataFrame":
        """The runs whose schedule the referee found to break a rule."""
        verdicts = self.runs["verdict"]
        return self.runs[verdicts.notna() & (verdicts != "feasible")]

    @property
    def reference(self) -> str | None:
        """The column of gaps that says most; ``None`` if nothing was found."""
        for column in ("gap_to_bound", "gap_to_best_found"):
            if self.runs[column].notna().any():
                return column
        return None

    @property
    def reference_text(self) -> str:
        """What these gaps refer to, in words."""
        if self.reference == "gap_to_best_found":
            return "best objective found on the same instance"
        if self.runs["proven"].all():
            return "proven optimum"
        return "lowest bound proven on the same instance"

    @property
    def runs_code(self) -> str:
        """Python that gives the table of runs again."""
        return f"{self.store_code}.runs({self.study!r})".replace("(None)", "()")

    def code(self, call: str, part: "Part | None" = None) -> str:
        """Return Python that calls something with the runs, or those of a part."""
        if part is None or not part.query:
            return call.format(self.runs_code)
        return call.format(f"{self.runs_code}.query({part.query!r})")

    @property
    def store_code(self) -> str:
        """Python that opens the store."""
        return f"ekya_opt.open_store({self.store or 'STORE'!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Runs on problems of one kind, with one mode of reallocation.

    Parameters
    ----------
    name
        In what they differ from the others, such as ``reallocation never``; empty if
        all runs are alike.
    query
        What chooses them, for ``runs.query``.
    runs
        The runs.
    """

    name: str
    query: str
    runs: "pd.DataFrame"


def parts_of(runs: "pd.DataFrame") -> list[Part]:
    """Return the runs by kind of problem and mode of reallocation."""
    names = [
        name
        for name in ("kind", "reallocation")
        if runs[name].nunique(dropna=False) > 1
    ]
    if not names:
        return [Part(name="", query="", runs=runs)]
    parts = []
    for values, part in runs.groupby(names, dropna=False):
        known = dict(zip(names, values, strict=True))
        words = [
            value if name == "kind" else f"{name} {value}"
            for name, value in known.items()
            if not is_missing(value)
        ]
        tests = [
            f"{name}.isna()" if is_missing(value) else f"{name} == {str(value)!r}"
            for name, value in known.items()
        ]
        query = " and ".join(tests)
        title = ", ".join(words) or "others"
        parts.append(Part(name=title, query=query, runs=part))
    return parts


def level_text(level: Any) -> str:
    """Return the number of streams per GPU as the head of a column."""
    return "unknown" if is_missing(level) else f"{level:.4g}"
