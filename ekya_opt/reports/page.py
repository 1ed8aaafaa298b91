"""The report of a study as one page that needs nothing but itself."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.resources import files as package_files
from typing import TYPE_CHECKING, Any

from ekya_opt.reports.contents import Contents
from ekya_opt.reports.tables import NONE
from instances import EkyaOptError

if TYPE_CHECKING:
    import pandas as pd

    from formulations.problems import AnySchedule
    from instances.problems import Problem


def check_reports() -> None:
    """Raise ``EkyaOptError`` if reports cannot be made here."""
    from importlib.util import find_spec

    for module in ("jinja2", "matplotlib"):
        if find_spec(module) is None:
            message = f"a report needs {module} (pip install 'ekya-opt[report]')"
            raise EkyaOptError(message)


def report_page(
    runs: "pd.DataFrame",
    *,
    planned: "pd.DataFrame | None" = None,
    environments: Mapping[str, Mapping[str, Any]] | None = None,
    definitions: Mapping[str, Mapping[str, Any]] | None = None,
    store: str | None = None,
    study: str | None = None,
    facts: Mapping[str, str] | None = None,
    title: str | None = None,
    command: str = "ekya-opt report STORE -o FILE",
    problem_of: "Callable[[str], Problem] | None" = None,
    schedule_of: "Callable[[str], AnySchedule | None] | None" = None,
) -> str:
    """Return the report of a table of runs as the text of one HTML page.

    Parameters
    ----------
    runs
        A table with ``RUN_COLUMNS``; it may be empty.
    planned
        The runs that were planned: key, study, instance, instance_hash, label, seed.
    environments
        Versions and machine by key, as the runs name them.
    definitions
        What defines a study, as :meth:`ekya_opt.Study.definition`, by its name.
    store
        Name of the store's file.
    study
        The only study of the store that the runs are of; ``None`` for all.
    facts
        What else is to be told of the store: name and text.
    title
        Title of the page; by default the names of the studies.
    command
        The command that makes the page again.
    problem_of, schedule_of
        Return a problem by its hash and the schedule of a run by its key; with them
        the page tells what the plans are worth after paying for the decision.

    Raises
    ------
    EkyaOptError
        If jinja2 or matplotlib is not installed.
    InvalidData
        If the table lacks a column that is needed.
    """
    check_reports()
    from markupsafe import Markup

    from ekya_opt.analysis.gaps import gaps
    from ekya_opt.reports import run_tables, summary
    from ekya_opt.reports.commands import command_table, files_code, instance_files
    from ekya_opt.reports.decisions import paid_runs, paid_table
    from ekya_opt.reports.definitions import study_file
    from ekya_opt.reports.environments import environment_tables
    from ekya_opt.reports.figures import drawings
    from ekya_opt.reports.group_tables import instance_table, solver_table
    from ekya_opt.versions import __version__

    hashes = runs["instance_hash"].dropna().unique()
    with_gaps = gaps(runs)
    paid = None
    if problem_of is not None and schedule_of is not None:
        paid = paid_runs(with_gaps, problem_of, schedule_of)
    contents = Contents(
        runs=with_gaps,
        planned=planned,
        environments=environments or {},
        definitions=definitions or {},
        files=instance_files(hashes, stored=store is not None),
        paid=paid,
        store=store,
        study=study,
        facts=facts or {},
    )
    failures = [
        table
        for table in (
            run_tables.contradiction_table(contents),
            run_tables.refuted_table(contents),
            run_tables.failure_table(contents),
        )
        if table is not None
    ]
    script = _resource("page.js")
    page: str = _template().render(
        title=title or summary.title(contents),
        version=__version__,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        policy=_policy(script),
        css=Markup(_resource("page.css")),
        script=Markup(script),
        contents=contents,
        none_text=NONE,
        num_failures=sum(len(table.rows) for table in failures),
        missing=run_tables.missing_table(contents),
        facts=summary.facts(contents),
        sentences=summary.sentences(contents),
        headlines=summary.headlines(contents),
        figures=drawings(contents),
        solvers=solver_table(contents),
        paid=paid_table(contents),
        instances=instance_table(contents),
        runs=run_tables.run_table(contents),
        failures=failures,
        environments=environment_tables(contents),
        commands=command_table(contents),
        files_code=None if store is None else files_code(store),
        study_files={
            name: study_file(content) for name, content in contents.definitions.items()
        },
        report_command=command,
    )
    return page


def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_resource("page.html"))


def _policy(script: str) -> str:
    """Return a policy under which nothing is loaded and only the page's script runs."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            f"script-src 'sha256-{digest}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _resource(name: str) -> str:
    return package_files("ekya_opt.reports").joinpath(name).read_text(encoding="utf-8")
