"""The paper page: one HTML file, the same in Markdown, figures, tables, findings."""

import inspect
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ekya_opt.paper.cells import cells_of
from ekya_opt.paper.evaluation import Evaluation
from ekya_opt.paper.experiments import EXPERIMENTS
from ekya_opt.paper.finding import Figure, Finding, Verdict
from ekya_opt.plots import svg_of
from ekya_opt.reports.page import check_reports
from ekya_opt.text import to_json
from instances import EkyaOptError
from instances.json_files import write_atomically

if TYPE_CHECKING:
    import pandas as pd

TITLE = "The evaluation of Ekya, redone"
SAID = ("claim", "measured", "optimum", "because", "instances")
PAGE, MARKDOWN, FINDINGS = "index.html", "paper.md", "findings.json"


def write_page(evaluation: Evaluation, directory: Path) -> list[Path]:
    """Write the page and all that belongs to it; return the files.

    Parameters
    ----------
    evaluation
        What was measured.
    directory
        Where to; made if it is not there.

    Raises
    ------
    EkyaOptError
        If matplotlib or jinja2 is missing, or two figures have one name.
    """
    check_reports()
    directory.mkdir(parents=True, exist_ok=True)
    names = [each.name for finding in evaluation.findings for each in finding.figures]
    for name in names:
        if names.count(name) > 1:
            raise EkyaOptError(
                f"figure {name!r} is drawn twice, expected one of a name"
            )
    drawings = drawn(evaluation)
    files = {f"{name}.svg": drawing for name, drawing in drawings.items()}
    for finding in evaluation.findings:
        for number, (_, table) in enumerate(finding.tables, start=1):
            files[table_file(finding, number)] = table.to_csv(index=False)
    files[MARKDOWN] = markdown(evaluation)
    files[FINDINGS] = to_json(findings(evaluation)) + "\n"
    files[PAGE] = html(evaluation, drawings)
    for name, text in files.items():
        write_atomically(directory / name, text.encode())
    return [directory / name for name in files]


def table_file(finding: Finding, number: int) -> str:
    """Return the name of a table's file; tables are counted from 1."""
    return f"{finding.name}-table-{number}.csv"


def drawn(evaluation: Evaluation) -> dict[str, str]:
    """Return all figures by their names, as SVG."""
    return {
        figure.name: _drawn(figure)
        for finding in evaluation.findings
        for figure in finding.figures
    }


def html(evaluation: Evaluation, drawings: Mapping[str, str] | None = None) -> str:
    """Return the page, with figures in it, without any reference to the outside.

    Figures that are not given as :func:`drawn` returns them are drawn.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    from ekya_opt.reports.svg import inlined

    if drawings is None:
        drawings = drawn(evaluation)
    environment = Environment(
        loader=PackageLoader("ekya_opt", "reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )
    assert environment.loader is not None
    style, _, _ = environment.loader.get_source(environment, "page.css")
    sections = []
    for finding in evaluation.findings:
        figures = [
            {
                "svg": Markup(inlined(drawings[each.name], each.name, each.caption)),
                "caption": each.caption,
            }
            for each in finding.figures
        ]
        sections.append(_section(evaluation, finding) | {"figures": figures})
    text: str = environment.get_template("paper.html").render(
        title=TITLE,
        style=Markup(style),
        lead=lead(evaluation),
        setting=evaluation.setting(),
        command=command(evaluation),
        notes=notes(evaluation),
        sections=sections,
        failures=evaluation.failures,
        environment=[
            *evaluation.machine.items(),
            *(each for each in evaluation.versions.items() if each[0] != "platform"),
            ("date", evaluation.date),
        ],
    )
    return text


def markdown(evaluation: Evaluation) -> str:
    """Return the page in Markdown, with links to the files of the figures."""
    heads = ("where", "claim", "measured", "optimum", "verdict", "because")
    rows = [
        (
            each.where,
            *(sentence(text) for text in (each.claim, each.measured, each.optimum)),
            str(each.verdict),
            sentence(each.because),
        )
        for each in evaluation.findings
    ]
    rows += [
        (each.where, each.name, "", "", "failed", each.error)
        for each in evaluation.failures
    ]
    lines = [f"# {TITLE}", "", escaped(lead(evaluation)), ""]
    lines += [f"{evaluation.setting()}. Again with `{command(evaluation)}`", ""]
    for note in notes(evaluation):
        lines += [f"**{escaped(note)}**", ""]
    lines += [*_table(heads, rows), ""]
    for finding in evaluation.findings:
        section = _section(evaluation, finding)
        lines += [f"## {escaped(finding.where)}: {finding.verdict}", ""]
        for head in SAID:
            lines.append(f"- **{head}**: {escaped(section[head])}")
        lines.append(f"- **rule**: {escaped(section['rule'])}")
        lines += [f"- **command**: `{section['command']}`", ""]
        for figure in finding.figures:
            lines += [f"![{escaped(figure.caption)}]({figure.name}.svg)", ""]
        for number, cells in enumerate(section["tables"], start=1):
            lines += [
                f"{escaped(cells.caption)} ([CSV]({table_file(finding, number)}))"
            ]
            lines += ["", *_table(cells.heads, cells.rows), ""]
    return "\n".join(lines)


def findings(evaluation: Evaluation) -> dict[str, Any]:
    """Return everything but the figures as JSON values."""
    scale = evaluation.scale
    return {
        "machine": evaluation.machine,
        "versions": evaluation.versions,
        "date": evaluation.date,
        "interrupted": evaluation.interrupted,
        "command": command(evaluation),
        "quick": scale.quick,
        "seeds": scale.seeds,
        "findings": [
            {
                "name": each.name,
                "where": each.where,
                "claim": each.claim,
                "measured": each.measured,
                "optimum": each.optimum,
                "verdict": str(each.verdict),
                "because": each.because,
                "instances": each.instances,
                "command": evaluation.command(each.name),
                "seconds": each.seconds,
                "tables": [
                    {"caption": caption, "rows": _records(table)}
                    for caption, table in each.tables
                ],
                "figures": [figure.name for figure in each.figures],
            }
            for each in evaluation.findings
        ],
        "failures": [asdict(each) for each in evaluation.failures],
    }


def lead(evaluation: Evaluation) -> str:
    """Return what the page is, and how many claims came out how."""
    verdicts = [each.verdict for each in evaluation.findings]
    counts = ", ".join(
        f"{verdicts.count(verdict)} {verdict}"
        for verdict in Verdict
        if verdicts.count(verdict)
    )
    return (
        "The claims of Ekya (Bhardwaj et al., NSDI 2022) beside what the same "
        "policies reach on our instances, and beside the optimum of the same "
        f"decisions. Claims measured: {len(verdicts)} ({counts or 'none'}). Unless a "
        "row says otherwise, Ekya is the Thief as printed, planned again whenever a "
        "retraining completes. Verdicts are decided by the rules below, from the "
        "numbers."
    )


def notes(evaluation: Evaluation) -> list[str]:
    """Return what is missing from the page."""
    found = []
    if evaluation.interrupted:
        found.append("Interrupted: only what was finished is here.")
    if evaluation.failures:
        found.append(f"{len(evaluation.failures)} of the experiments failed.")
    return found


def command(evaluation: Evaluation) -> str:
    """Return the command that makes the page again."""
    names = [each.name for each in evaluation.findings]
    names += [each.name for each in evaluation.failures]
    only = "" if set(names) == set(EXPERIMENTS) else ",".join(names)
    return evaluation.command(only)


def escaped(text: str) -> str:
    """Return a text in which Markdown sees no mark-up."""
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())


def sentence(text: str) -> str:
    """Return a text that begins large and ends with a full stop."""
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


def _section(evaluation: Evaluation, finding: Finding) -> dict[str, Any]:
    return {
        "finding": finding,
        **{head: sentence(getattr(finding, head)) for head in SAID},
        "mark": str(finding.verdict).replace(" ", "-"),
        "rule": _rule(finding.name),
        "command": evaluation.command(finding.name),
        "seconds": f"{finding.seconds:.1f}",
        "tables": [cells_of(caption, table) for caption, table in finding.tables],
        "figures": [],
    }


def _rule(name: str) -> str:
    """Return the rule of an experiment: the paragraph of its module that tells it."""
    module = import_module(f"ekya_opt.paper.{EXPERIMENTS[name].module}")
    for paragraph in (inspect.getdoc(module) or "").split("\n\n"):
        if paragraph.startswith("*Rule.*"):
            return " ".join(paragraph.removeprefix("*Rule.*").split())
    return ""


def _drawn(figure: Figure) -> str:
    axes = figure.draw()
    return svg_of(axes[0] if isinstance(axes, tuple) else axes)


def _records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    from ekya_opt.commands.frames import frame_objects

    return [
        {key: getattr(value, "item", lambda v=value: v)() for key, value in row.items()}
        for row in frame_objects(table)
    ]


def _table(heads: tuple[str, ...], rows: Any) -> list[str]:
    lines = [heads, ("---",) * len(heads)]
    texts = [" | ".join(lines[0]), " | ".join(lines[1])]
    texts += [" | ".join(escaped(str(cell)) for cell in row) for row in rows]
    return [f"| {text} |" for text in texts]
