"""How much arithmetic the kernels do on given profiles, counted, not estimated.

Counted are the additions, subtractions, multiplications and divisions of the innermost
loops, for windows without floors; comparisons, indices and what is done once a stream
or a config are not. The counts are a function of the data: of the configs that no
other dominates, of the serving levels, of where a row rises.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from formulations.kernels.compiling import compiled
from formulations.kernels.profiles import STREAM, Profiles
from formulations.kernels.rows import (
    LEVEL_UNITS,
    WORK_ROWS,
    find_choices,
    find_levels,
    work_width,
)
from formulations.kernels.shares import ShareTable

NO_LEVEL = 2**62

SPLIT_OF_A_LEVEL, SPLIT_OF_A_CHOICE = 1, 7
"""What ``rows.best_split`` does for a level, and for a choice at it."""

Whole = NDArray[np.int64]


class Shapes(NamedTuple):
    """What the arithmetic of each stream's row depends on.

    Parameters
    ----------
    levels
        Shape ``(V, L)``: units of every serving level, ``NO_LEVEL`` where there are
        fewer.
    choices
        Shape ``(V,)``: retraining configs worth a look.
    """

    levels: Whole
    choices: Whole


def shapes_of(p: Profiles) -> Shapes:
    """Return the shapes of all streams' rows."""
    width = int(np.diff(p.inference_offsets).max()) + 1
    shapes = Shapes(
        levels=np.full((p.num_streams, width), NO_LEVEL),
        choices=np.empty(p.num_streams, dtype=np.int64),
    )
    write_shapes(p, work_width(p, 0), *shapes)
    return shapes


@compiled
def write_shapes(p: Profiles, width: int, levels: np.ndarray, choices: Whole) -> None:
    """Write units of levels and numbers of choices of all streams."""
    work = np.empty((WORK_ROWS, width))
    for v in range(len(choices)):
        for level in range(find_levels(p, v, work)):
            levels[v, level] = int(work[LEVEL_UNITS, level])
        choices[v] = find_choices(p, v, work)


def row_operations(p: Profiles, caps: Whole) -> int:
    """Return the operations of ``rows.fill_row`` up to each stream's cap, ``(V,)``."""
    levels, choices = shapes_of(p)
    from_level = np.maximum(caps[:, None] + 1 - levels, 0).sum(axis=1)
    if p.mode == STREAM:
        # after · freed; wait + cost / speed; the end plus its share of the change.
        return int((6 * choices * from_level).sum())
    best = 2 * choices * (caps + 1)
    return int((best + from_level).sum())


def split_operations(p: Profiles, split: NDArray[np.bool_]) -> int:
    """Return the operations of ``rows.best_split`` at the cells that it is called for.

    ``split`` has the shape ``(V, K + 1)``.
    """
    levels, choices = shapes_of(p)
    units = np.arange(split.shape[1])
    reached = np.zeros(len(choices), dtype=np.int64)
    for level in levels.T:
        reached += (split & (units >= level[:, None])).sum(axis=1)
    return int((reached * (SPLIT_OF_A_LEVEL + SPLIT_OF_A_CHOICE * choices)).sum())


def table_operations(p: Profiles, values: NDArray[np.float64]) -> int:
    """Return the operations of a value table on the CPU, given its values."""
    rises = np.ones(values.shape, dtype=np.bool_)
    rises[:, 1:] = values[:, 1:] > values[:, :-1]
    caps = np.full(len(values), values.shape[1] - 1)
    return row_operations(p, caps) + split_operations(p, rises)


def share_operations(p: Profiles, table: ShareTable, device: str = "cpu") -> int:
    """Return the operations of a share table on a device.

    The CPU does completions once for all inference units, CUDA in every cell.
    """
    configs = np.diff(p.retraining_offsets)
    rows, trained = table.top + 1, table.top_training
    if device == "cpu":
        each = configs * (3 * trained + 4 * rows * (trained + 1))
        return int(each.sum())
    stream = np.repeat(np.arange(p.num_streams), configs)
    inside = np.arange(len(p.speed)) <= trained[stream][:, None]
    cost, delay = p.gpu_seconds[:, None], p.delay[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        seconds = delay + np.where(cost > 0, cost / p.speed, 0.0)
    finishes = (inside & (seconds <= p.window)).sum(axis=1)
    trains = np.where(p.gpu_seconds > 0, trained[stream], 0)
    # Two for each completion; where it is inside the window, the share and the value.
    return int((rows[stream] * (2 * trains + 7 * finishes)).sum())


def simulation_operations(pairs_of_streams: int, planned: int, missed: int) -> int:
    """Return the operations of a static simulation.

    Parameters
    ----------
    pairs_of_streams
        Candidates × scenarios × streams.
    planned, missed
        Retrainings in all candidates and scenarios, and those that do not finish.
    """
    # Accuracies before, after and joined, share, weighting; completion; mixture.
    return 6 * pairs_of_streams + 2 * planned + 4 * (planned - missed)
