"""What runs are worth once their decisions are paid for, as a table and a figure."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ekya_opt.reports.contents import Contents
from ekya_opt.reports.tables import COUNT, SCORE, SECONDS, Column, Table, table_of
from instances import InvalidData

if TYPE_CHECKING:
    import pandas as pd

    from formulations.problems import AnySchedule
    from instances.problems import Problem

HEADS = {
    "label": Column(head="solver"),
    "runs": Column(head="runs", show=COUNT, about="whose plans can be judged so"),
    "objective": Column(head="mean accuracy", show=SCORE),
    "paid_accuracy": Column(head="after paying", show=SCORE),
    "decision_cost": Column(head="cost", show=lambda value: f"{value:.2e}"),
    "decision_seconds": Column(head="mean seconds", show=SECONDS),
}


def paid_runs(
    runs: "pd.DataFrame",
    problem_of: "Callable[[str], Problem]",
    schedule_of: "Callable[[str], AnySchedule | None]",
) -> "pd.DataFrame":
    """Return the runs with a schedule that the referee let pass, after paying."""
    from ekya_opt.analysis.paid import paid_accuracies

    sound = runs["objective"].notna() & (runs["verdict"] == "feasible").fillna(False)
    return paid_accuracies(runs[sound], problem_of, schedule_of)


def checked_paid(contents: Contents) -> "pd.DataFrame":
    """Return these runs, of which at least one is paid for.

    Raises
    ------
    InvalidData
        If there is none; the message says why.
    """
    if contents.paid is None:
        raise InvalidData("there is no store to take schedules from")
    if not contents.paid["paid_accuracy"].notna().any():
        raise InvalidData("there is no schedule of a window that could be judged so")
    return contents.paid


def paid_table(contents: Contents) -> Table | None:
    """Return mean accuracies after paying by solver; ``None`` if none is known."""
    try:
        paid = checked_paid(contents)
    except InvalidData:
        return None
    known = paid[paid["paid_accuracy"].notna()]
    groups = known.groupby("label")
    names = ["objective", "paid_accuracy", "decision_cost", "decision_seconds"]
    frame = groups[names].mean().assign(runs=groups.size())
    return table_of(
        frame.sort_values("paid_accuracy", ascending=False).reset_index(),
        HEADS,
        "paid-table",
        "Accuracy after paying for the decision: the window begins before the plan is "
        "ready, and until then every stream is served from a fair share",
        source=paid_code(contents),
    )


def paid_code(contents: Contents) -> str:
    """Return Python that gives these runs again."""
    runs = contents.runs_code.removeprefix(contents.store_code)
    return (
        f"store = {contents.store_code}; ekya_opt.paid_accuracies(store{runs}, "
        "store.problem, store.schedule)"
    )


def plot_code(contents: Contents) -> str:
    """Return Python that draws the figure again."""
    opened, made = paid_code(contents).split("; ", 1)
    return f"{opened}; ekya_opt.plot_paid({made})"


def plot(contents: Contents) -> Any:
    """Draw accuracies after paying against the time of the decision."""
    from ekya_opt.plots.paid import plot_paid

    return plot_paid(checked_paid(contents))
