"""Policies played on generated windows, one row a case and policy."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ekya_opt.paper.finding import Scale
from ekya_opt.paper.policies import drift, play
from ekya_opt.paper.tasks import mapped

if TYPE_CHECKING:
    import pandas as pd

Case = tuple[int, float]
"""Streams and GPUs."""

COLUMNS = ("streams", "gpus", "seed", "policy", "objective", "bound")


def measure(
    cases: Iterable[Case], policies: Mapping[str, str], scale: Scale, windows: int
) -> "pd.DataFrame":
    """Return what each policy reaches in each case with each seed.

    Parameters
    ----------
    cases
        Streams and GPUs of each.
    policies
        Names in the table, and solvers of single windows with their settings.
    scale
        Its seeds and workers.
    windows
        Windows of each horizon.

    Returns
    -------
    Columns ``COLUMNS``: ``objective`` is the mean accuracy over streams and windows,
    ``bound`` the mean of what is proven of each window on its own.
    """
    import pandas as pd

    parts = [
        (streams, gpus, seed, windows, tuple(policies.items()))
        for streams, gpus in cases
        for seed in scale.seeds
    ]
    rows = [row for found in mapped(_rows, parts, scale) for row in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def by_policy(frame: "pd.DataFrame", index: str) -> "pd.DataFrame":
    """Return the means over seeds: a row for each value of a column, one a policy."""
    table = frame.pivot_table(
        index=index, columns="policy", values="objective", aggfunc="mean", sort=False
    )
    return table.sort_index()


def largest_gap(frame: "pd.DataFrame") -> float:
    """Return the largest (bound − objective) / bound of a case that has a bound."""
    gaps = (frame["bound"] - frame["objective"]) / frame["bound"]
    return float(gaps.max())


def _rows(
    part: tuple[int, float, int, int, tuple[tuple[str, str], ...]],
) -> list[tuple[int, float, int, str, float, float]]:
    streams, gpus, seed, windows, policies = part
    horizon = drift(streams, gpus, seed, windows=windows)
    rows = []
    for name, spec in policies:
        played = play(horizon, spec)
        rows.append((streams, gpus, seed, name, played.objective, played.bound))
    return rows
