"""Longest paths through the lineage of one stream at prices, on the CPU."""

from typing import NamedTuple

import numpy as np

from formulations.kernels.compiling import compiled
from formulations.kernels.scalars import NEVER_SERVED


class LineageArrays(NamedTuple):
    """The lineage of one stream as plain arrays.

    Nodes are numbered window by window; the last one is the end. Moves are sorted by
    window, and have a row each: what the stream adds to the objective with at most 0
    to K units.

    Parameters
    ----------
    move_offsets, row_offsets
        Shape ``(W + 1,)``: moves and rows of each window.
    source, target, row
        Shape ``(n,)``: nodes and row of each move.
    memory
        Shape ``(n,)``: memory of the warm model that a move uses, or 0.
    rows
        Shape ``(r, K + 1)``: objective added; ``-inf`` where a floor is broken. Rows
        do not fall.
    hull_offsets, hull_units, hull_value
        Shape ``(r + 1,)`` and ``(h,)``: the rows' upper concave hulls; empty for rows
        that are ``-inf`` throughout.
    num_nodes
        Number of nodes.
    """

    move_offsets: np.ndarray
    row_offsets: np.ndarray
    source: np.ndarray
    target: np.ndarray
    row: np.ndarray
    memory: np.ndarray
    rows: np.ndarray
    hull_offsets: np.ndarray
    hull_units: np.ndarray
    hull_value: np.ndarray
    num_nodes: int


@compiled
def find_hulls(
    rows: np.ndarray, offsets: np.ndarray, units: np.ndarray, value: np.ndarray
) -> int:
    """Write the rows' upper concave hulls and return how many vertices they have.

    Andrew's monotone chain; ``units`` and ``value`` have room for all cells. No hull
    goes on where more units gain nothing.
    """
    top = 0
    offsets[0] = 0
    for row in range(len(rows)):
        start = top
        for k in range(rows.shape[1]):
            worth = rows[row, k]
            if worth == NEVER_SERVED or (top > start and worth <= value[top - 1]):
                continue
            while top - start > 1:
                rise = (value[top - 1] - value[top - 2]) * (k - units[top - 2])
                chord = (worth - value[top - 2]) * (units[top - 1] - units[top - 2])
                if rise > chord:
                    break
                top -= 1
            units[top] = k
            value[top] = worth
            top += 1
        offsets[row + 1] = top
    return top


@compiled
def find_tops(
    a: LineageArrays, prices: np.ndarray, at: np.ndarray, top: np.ndarray
) -> None:
    """Write what each row is worth at the prices of units, and the vertex there.

    ``at`` holds a vertex of each hull to start from: on a hull a walk uphill from
    anywhere ends at the best vertex.
    """
    for w in range(len(prices)):
        price = prices[w]
        for row in range(a.row_offsets[w], a.row_offsets[w + 1]):
            first, last = a.hull_offsets[row], a.hull_offsets[row + 1] - 1
            if last < first:
                top[row] = NEVER_SERVED
                continue
            here = min(max(at[row], first), last)
            worth = a.hull_value[here] - price * a.hull_units[here]
            while here < last:
                there = a.hull_value[here + 1] - price * a.hull_units[here + 1]
                if there <= worth:
                    break
                here, worth = here + 1, there
            while here > first:
                there = a.hull_value[here - 1] - price * a.hull_units[here - 1]
                if there < worth:
                    break
                here, worth = here - 1, there
            at[row] = here
            top[row] = worth


@compiled
def longest_to_end(
    a: LineageArrays,
    memory_prices: np.ndarray,
    top: np.ndarray,
    togo: np.ndarray,
    best: np.ndarray,
) -> None:
    """Write each node's longest way to the end at prices, and the move it begins with.

    ``togo`` and ``best``, shape ``(num_nodes,)``; -1 where there is no way.
    """
    togo[:] = NEVER_SERVED
    best[:] = -1
    togo[a.num_nodes - 1] = 0.0
    for w in range(len(memory_prices) - 1, -1, -1):
        for move in range(a.move_offsets[w], a.move_offsets[w + 1]):
            value = top[a.row[move]] - memory_prices[w] * a.memory[move]
            value += togo[a.target[move]]
            source = a.source[move]
            if value > togo[source]:
                togo[source] = value
                best[source] = move


@compiled
def longest_from_start(
    a: LineageArrays, memory_prices: np.ndarray, top: np.ndarray, come: np.ndarray
) -> None:
    """Write each node's longest way from the start at prices, ``(num_nodes,)``."""
    come[:] = NEVER_SERVED
    come[0] = 0.0
    for w in range(len(memory_prices)):
        for move in range(a.move_offsets[w], a.move_offsets[w + 1]):
            value = top[a.row[move]] - memory_prices[w] * a.memory[move]
            value += come[a.source[move]]
            target = a.target[move]
            if value > come[target]:
                come[target] = value


@compiled
def used_on_path(
    a: LineageArrays,
    at: np.ndarray,
    best: np.ndarray,
    units: np.ndarray,
    memory: np.ndarray,
) -> None:
    """Add what the longest path from the start uses in each window, ``(W,)``."""
    node = 0
    for w in range(len(units)):
        move = best[node]
        units[w] += a.hull_units[at[a.row[move]]]
        memory[w] += a.memory[move]
        node = a.target[move]


@compiled
def near_arcs(
    a: LineageArrays,
    prices: np.ndarray,
    memory_prices: np.ndarray,
    come: np.ndarray,
    togo: np.ndarray,
    least: float,
    moves: np.ndarray,
    units: np.ndarray,
) -> int:
    """Write the arcs on paths that are worth at least ``least``; return their number.

    An arc is a move and a number of units with which its row rises. Those beyond the
    room of ``moves`` and ``units`` are counted only.
    """
    count = 0
    for w in range(len(prices)):
        for move in range(a.move_offsets[w], a.move_offsets[w + 1]):
            rest = come[a.source[move]] + togo[a.target[move]] - least
            rest -= memory_prices[w] * a.memory[move]
            row = a.rows[a.row[move]]
            before = NEVER_SERVED
            for k in range(len(row)):
                if row[k] > before:
                    before = row[k]
                    if row[k] - prices[w] * k + rest >= 0:
                        if count < len(moves):
                            moves[count] = move
                            units[count] = k
                        count += 1
    return count


@compiled
def profile(
    a: LineageArrays,
    window: int,
    node: int,
    memory_price: float,
    may_be_warm: bool,
    togo: np.ndarray,
    values: np.ndarray,
    moves: np.ndarray,
) -> None:
    """Write the best value with at most 0 to K units from a node, and its move.

    What a move adds and then the way to go; ``values`` and ``moves``, ``(K + 1,)``.
    """
    values[:] = NEVER_SERVED
    moves[:] = -1
    for move in range(a.move_offsets[window], a.move_offsets[window + 1]):
        if a.source[move] != node or (a.memory[move] > 0 and not may_be_warm):
            continue
        rest = togo[a.target[move]] - memory_price * a.memory[move]
        row = a.rows[a.row[move]]
        for k in range(len(row)):
            if row[k] + rest > values[k]:
                values[k] = row[k] + rest
                moves[k] = move


@compiled
def find_dominated(
    a: LineageArrays,
    states: np.ndarray,
    covers: np.ndarray,
    first: int,
    starts: np.ndarray,
    order: np.ndarray,
    moves: np.ndarray,
    units: np.ndarray,
    flags: np.ndarray,
) -> None:
    """Flag the arcs of one window that another arc from the same node makes needless.

    The other one is worth as much with no more units and memory, and leads to a state
    as good. Of equal ones the first stays.

    Parameters
    ----------
    a
        The lineage.
    states, covers
        States of the next window, the first of which is node ``first``, and which of
        the models there match which.
    starts, order
        The window's moves by their source: those of arc's node n are
        ``order[starts[n]:starts[n + 1]]``, nodes counted from the lineage's first.
    moves, units, flags
        The window's arcs, and where to flag them.
    """
    for arc in range(len(moves)):
        move, k = moves[arc], units[arc]
        worth, target = a.rows[a.row[move], k], a.target[move]
        source = a.source[move]
        for idx in range(starts[source], starts[source + 1]):
            other = order[idx]
            value = a.rows[a.row[other], k]
            if other == move or value < worth or a.memory[other] > a.memory[move]:
                continue
            if (
                value == worth
                and a.memory[other] == a.memory[move]
                and a.target[other] == target
                and other > move
            ):
                continue
            if _is_covered(states, covers, target - first, a.target[other] - first):
                flags[arc] = True
                break


@compiled
def _is_covered(states: np.ndarray, covers: np.ndarray, one: int, other: int) -> bool:
    """Return whether each model of one state is matched by the other state's.

    The model held by the one held, models kept by one held or kept.
    """
    if not covers[states[other, 0], states[one, 0]]:
        return False
    for place in range(1, states.shape[1]):
        model = states[one, place]
        if model < 0:
            break
        matched = False
        for rival in states[other]:
            if rival >= 0 and covers[rival, model]:
                matched = True
        if not matched:
            return False
    return True
