"""Figures of a report: drawn, or named with the reason why they are not."""

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from ekya_opt.reports import decisions
from ekya_opt.reports.contents import Contents, parts_of
from ekya_opt.text import one_line
from instances import EkyaOptError, InvalidData

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure that a report should have.

    Parameters
    ----------
    name
        Word that names it in the page.
    title, caption
        What it shows, in a few words and in a sentence.
    source
        Python that draws it again.
    draw
        Draws it and returns the axes.
    """

    name: str
    title: str
    caption: str
    source: str
    draw: Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What became of a figure.

    Parameters
    ----------
    figure
        What should be drawn.
    svg
        The figure as an element; empty if it is not drawn.
    reason
        Why it is not drawn, the end of a sentence; empty otherwise.
    """

    figure: Figure
    svg: str = ""
    reason: str = ""


def drawings(contents: Contents) -> list[Drawing]:
    """Return the figures of a report, those that cannot be drawn with the reason."""
    return [_drawn(figure) for figure in _figures(contents)]


def _drawn(figure: Figure) -> Drawing:
    from ekya_opt.reports.svg import inline_svg

    try:
        svg = inline_svg(figure.draw(), figure.name, figure.title)
    except EkyaOptError as problem:
        reason = str(problem)
    except Exception as problem:
        # One figure must not cost the reader the report.
        LOGGER.exception("%s", figure.name)
        reason = f"{type(problem).__name__}: {problem}"
    else:
        return Drawing(figure=figure, svg=svg)
    return Drawing(figure=figure, reason=one_line(reason))


def _figures(contents: Contents) -> Iterator[Figure]:
    from ekya_opt.plots.anytime import plot_anytime
    from ekya_opt.plots.gap_spread import plot_gaps
    from ekya_opt.plots.performance import plot_performance_profile

    runs, value = contents.runs, contents.reference or "gap_to_bound"
    proofs = runs[runs["status"].isin(["optimal", "infeasible"])]
    provers = sorted(proofs["label"].dropna().unique())
    code, reference = contents.runs_code, contents.reference_text
    yield Figure(
        name="gaps",
        title="Gaps by solver",
        caption=f"How far the runs of each solver stay below the {reference}.",
        source=f"ekya_opt.plot_gaps({code}, value={value!r})",
        draw=lambda: plot_gaps(_some(runs), value=value),
    )
    for idx, part in enumerate(parts_of(runs)):
        yield Figure(
            name=f"contention-{idx}",
            title=f"Gaps against contention{part.name and f': {part.name}'}",
            caption=f"Mean gap to the {reference} by streams per GPU, and quartiles.",
            source=contents.code(f"ekya_opt.plot_gaps_by({{}}, value={value!r})", part),
            draw=partial(_plot_levels, part.runs, value),
        )
    yield Figure(
        name="accuracy-profile",
        title="Performance profile of accuracy",
        caption="Share of the instances on which a solver's gap is at most that much.",
        source=f"ekya_opt.plot_performance_profile({code}, measure={value!r})",
        draw=lambda: plot_performance_profile(_some(runs), measure=value),
    )
    yield Figure(
        name="time-profile",
        title="Performance profile of time to proof",
        caption="Share of the instances whose optimum a solver proves within a "
        "multiple of the time of the fastest.",
        source=f"runs = {code}; ekya_opt.plot_performance_profile("
        f"runs[runs['label'].isin({provers!r})])",
        draw=partial(_plot_proofs, runs, provers),
    )
    yield Figure(
        name="anytime",
        title="Gap over time",
        caption="Mean primal gap of the best schedule found so far; 100 % before the "
        "first.",
        source=f"ekya_opt.plot_anytime({code})",
        draw=lambda: plot_anytime(_some(runs)),
    )
    yield Figure(
        name="paid",
        title="Accuracy after paying for the decision",
        caption="Mean accuracy if the window begins before the plan is ready, against "
        "the time of the decision; hollow, if that were free.",
        source=decisions.plot_code(contents),
        draw=partial(decisions.plot, contents),
    )


def _plot_levels(runs: Any, value: str) -> Any:
    """Draw gaps against contention, of which at least two levels must be known."""
    from ekya_opt.plots.gap_lines import plot_gaps_by

    known = _some(runs)[runs[value].notna()]
    if known.empty:
        raise InvalidData("no run has such a gap")
    levels = known["streams_per_gpu"].dropna().unique()
    if len(levels) < 2:
        level = f"{levels[0]:.4g}" if len(levels) else "an unknown number of"
        raise InvalidData(f"all runs with a gap are at {level} streams per GPU")
    return plot_gaps_by(runs, value=value)


def _plot_proofs(runs: Any, provers: Collection[str]) -> Any:
    """Draw the times of at least two solvers that prove something."""
    from ekya_opt.plots.performance import plot_performance_profile

    if len(provers) < 2:
        found = " and ".join(provers) or "no solver"
        raise InvalidData(f"{found} proved an optimum, expected at least two solvers")
    return plot_performance_profile(runs[runs["label"].isin(provers)])


def _some(runs: Any) -> Any:
    """Return runs that are at least one with a schedule."""
    if runs.empty:
        raise InvalidData("there is no run")
    if not runs["objective"].notna().any():
        raise InvalidData("no run found a schedule")
    return runs
