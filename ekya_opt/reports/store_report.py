"""The report of a store, written to a file."""

import shlex
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from instances import EkyaOptError

if TYPE_CHECKING:
    from ekya_opt.studies.store import Store


def write_report(
    store: "Store | str | PathLike[str]",
    path: str | PathLike[str],
    *,
    study: str | None = None,
    title: str | None = None,
) -> None:
    """Write the report of a store's studies: one HTML page that needs nothing else.

    Parameters
    ----------
    store
        A store or its file.
    path
        File to write, all or nothing.
    study
        The only study to report; by default all of the store.
    title
        Title of the page; by default the names of the studies.

    Raises
    ------
    EkyaOptError
        If jinja2 or matplotlib is not installed, the store cannot be read or has no
        such study, or the file cannot be written.
    """
    from ekya_opt.reports.page import check_reports
    from instances.json_files import write_atomically

    check_reports()
    source = Path(str(getattr(store, "path", store)))
    if source.exists() and Path(path).exists() and source.samefile(path):
        raise EkyaOptError(f"{path}: cannot be written: is the store itself")
    page = store_page(store, study=study, title=title, output=str(fspath(path)))
    write_atomically(Path(path), page.encode("utf-8", "replace"))


def store_page(
    store: "Store | str | PathLike[str]",
    *,
    study: str | None = None,
    title: str | None = None,
    output: str = "report.html",
) -> str:
    """Return the page that :func:`write_report` writes.

    Raises as :func:`write_report`.
    """
    from ekya_opt.reports.page import report_page
    from ekya_opt.studies.store import Store, open_store
    from ekya_opt.studies.store_schema import SCHEMA_VERSION

    opened = store if isinstance(store, Store) else open_store(store)
    words = ["ekya-opt", "report", opened.path, "-o", output]
    words += ["--study", study] if study is not None else []
    words += ["--title", title] if title is not None else []
    names = opened.studies() if study is None else [study]
    return report_page(
        opened.runs(study),
        planned=opened.planned(study).drop_duplicates("key"),
        environments=opened.environments(),
        definitions={name: opened.definition(name) for name in names},
        store=opened.path,
        study=study,
        facts={
            "size of the store": _size(Path(opened.path)),
            "schema version": str(SCHEMA_VERSION),
        },
        title=title,
        command=shlex.join(words),
        problem_of=opened.problem,
        schedule_of=opened.schedule,
    )


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:,.2f} MB"
