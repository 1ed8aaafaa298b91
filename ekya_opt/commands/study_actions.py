"""What the actions of the command ``study`` do."""

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ekya_opt.benchmarks.tables import Table
from ekya_opt.commands.arguments import STORE_SUFFIX, check_writable
from ekya_opt.commands.frames import frame_cells, frame_objects, frame_text
from ekya_opt.progress import Ticker
from ekya_opt.solver_specs import parse_settings
from ekya_opt.studies.errors import InvalidStudy
from ekya_opt.studies.plan import make_plan
from ekya_opt.studies.running import checked_retry
from ekya_opt.studies.status import status_table
from ekya_opt.studies.store import Store, open_store
from ekya_opt.studies.study_files import read_study
from ekya_opt.text import MISSING, number, one_line, percent, to_json, word
from instances import InvalidOption

if TYPE_CHECKING:
    from ekya_opt.studies.study import Study

FORMATS: dict[str, Callable[[Any], str]] = {
    "mean_gap": percent,
    "mean_seconds": lambda value: number(value, 3),
}
SHOWN_FAILURES = 20
MOST_DIGITS = 15
STUDY_FILE = ".toml"


def run(arguments: argparse.Namespace) -> int:
    """Do what the store lacks and print a summary; return the exit status."""
    study = read_study(arguments.file)
    if arguments.time_limit is not None:
        study = replace(study, time_limit=arguments.time_limit)
    path = _store_of(arguments)
    retry = checked_retry(arguments.retry or ())
    if arguments.dry_run:
        print(frame_text(_status(study, path, arguments.file), {}))
        return 0
    with _place_in(arguments.file), Ticker("reading") as ticker:
        store = study.run(
            path,
            workers=arguments.workers,
            scheduler=arguments.scheduler,
            retry=retry,
            progress=ticker.note,
        )
    print(f"{path}: study {study.name}")
    summary = store.summary(study.name)
    print(frame_text(summary, FORMATS))
    failed = _print_failures(store.runs(study.name))
    return 1 if failed or summary["missing"].sum() else 0


def status(arguments: argparse.Namespace) -> int:
    """Print how far a study is, or each study of a store; return the exit status."""
    tables = {}
    if arguments.file.endswith(STUDY_FILE):
        study = read_study(arguments.file)
        tables[study.name] = _status(study, _store_of(arguments), arguments.file)
    else:
        store = open_store(arguments.file)
        planned, ended = store.planned(), store.ended()
        for name in store.studies():
            own = planned[planned["study"] == name]
            runs = zip(own["label"], own["key"], strict=True)
            tables[name] = status_table(runs, ended)
    if arguments.json:
        rows = [
            {"study": name, **row}
            for name, table in tables.items()
            for row in frame_objects(table)
        ]
        print(to_json(rows))
        return 0
    for name, table in tables.items():
        total = table.sum(numeric_only=True)
        print(f"study {name}: {total['done']} of {total['planned']} runs are done")
        print(frame_text(table, {}))
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Print gaps and failures, or the rows; return the exit status."""
    from ekya_opt.analysis.gaps import gap_table, gaps, proof_counts

    check_writable(arguments.csv)
    check_writable(arguments.figure)
    if not 0 <= arguments.digits <= MOST_DIGITS:
        message = f"digits is {arguments.digits}, expected from 0 to {MOST_DIGITS}"
        raise InvalidOption(message)
    store = open_store(arguments.store)
    # Proofs count for the gaps of all runs, whichever of them are shown.
    runs = _chosen(gaps(store.runs(arguments.study)), arguments.only)
    _check_column(runs, arguments.by)
    if arguments.csv is not None:
        _write_csv(runs, arguments.csv)
    if arguments.json:
        print(to_json(frame_objects(runs.astype(object))))
        return 0
    value = f"gap_to_{arguments.gap.replace('-', '_')}"
    if arguments.figure is not None:
        from ekya_opt.plots import save_figure
        from ekya_opt.plots.gap_lines import plot_gaps_by

        save_figure(plot_gaps_by(runs, by=arguments.by, value=value), arguments.figure)
    table = gap_table(runs, arguments.by, value)
    table = table.loc[runs["label"].unique()].rename(columns=_word)
    frame = table.rename_axis("solver").reset_index()
    shown = partial(percent, digits=arguments.digits)
    formats = dict.fromkeys(table.columns, shown)
    if arguments.markdown:
        heads, rows = frame_cells(frame, formats)
        print(Table(tuple(heads), list(map(tuple, rows))).markdown())
        return 0
    print(f"mean {value.replace('_', ' ')} by {arguments.by.replace('_', ' ')}")
    print(frame_text(frame, formats))
    proofs = proof_counts(runs, arguments.by).rename(index=_word)
    print(f"\n{frame_text(proofs.rename_axis(arguments.by).reset_index(), {})}")
    if not arguments.only:
        print(f"\n{frame_text(store.summary(arguments.study), FORMATS)}")
    _print_failures(runs)
    return 0


def _chosen(runs: pd.DataFrame, conditions: list[str]) -> pd.DataFrame:
    """Return the runs with one of the values given for a column, for every column."""
    for column, values in parse_settings(conditions).items():
        _check_column(runs, column)
        runs = runs[runs[column].map(_word).isin(values.split(","))]
    if conditions and runs.empty:
        raise InvalidOption(f"no run has {' and '.join(conditions)}")
    return runs


def _check_column(runs: pd.DataFrame, name: str) -> None:
    if name not in runs.columns:
        known = ", ".join(runs.columns)
        raise InvalidOption(f"there is no column {name!r}; there are: {known}")


def _store_of(arguments: argparse.Namespace) -> str:
    if arguments.store is not None:
        return str(arguments.store)
    return str(Path(arguments.file).with_suffix(STORE_SUFFIX))


def _status(study: "Study", path: str, file: str) -> pd.DataFrame:
    with _place_in(file):
        runs = make_plan(study).runs
    ended = Store(path).ended() if Path(path).exists() else {}
    return status_table(((run.label, run.key) for run in runs), ended)


@contextmanager
def _place_in(file: str) -> Iterator[None]:
    """Name the file where a study turns out to be wrong when it is planned."""
    try:
        yield
    except InvalidStudy as problem:
        raise problem.in_file(file) from None


def _print_failures(runs: pd.DataFrame) -> bool:
    """Print the first failures; return whether there are any."""
    failed = runs[runs["failure"].notna()]
    for row in failed.head(SHOWN_FAILURES).itertuples():
        where = f"{row.label} on {row.instance}, seed {row.seed}"
        print(one_line(f"{where}: {row.failure}: {row.error}"))
    if len(failed) > SHOWN_FAILURES:
        print(f"and {len(failed) - SHOWN_FAILURES} failures more")
    return len(failed) > 0


def _write_csv(runs: pd.DataFrame, file: str) -> None:
    from instances.json_files import write_atomically

    told = runs.assign(trace=[json.dumps(trace) for trace in runs["trace"]])
    write_atomically(Path(file), told.to_csv(index=False).encode())


def _word(value: Any) -> str:
    """Return a value of a column; what is missing is a dash."""
    if value is None or value is pd.NA or value != value:
        return MISSING
    return word(value)
