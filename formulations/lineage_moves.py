"""What a stream may do in one window of a horizon, from every state that it may be in.

A state is the model held and the models kept, as indices of the stream's models; those
kept are in falling order, and -1 stands where there is none. A state is as good as
another if its model held scores as much from now on, and each model kept in the other
one is matched by a model that it holds or keeps: whatever the other does, it does as
well. That is why the following can be left out: a kept model matched by another one; a
retraining whose model is matched by the one held; keeping fewer models than there is
room for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from formulations.lineage_models import StreamModels
from instances.horizon import Horizon
from instances.horizon_stream import HorizonStream

Whole = NDArray[np.int64]
Floats = NDArray[np.float64]

STAY = 0
"""Change of the model: none; 1 and more are the window's configs, then the reuses."""

NO_MODEL = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How a stream's model may change in one window.

    Parameters
    ----------
    cost, delay, after
        Shape ``(c,)``: GPU-seconds, seconds and accuracy then; the delay is infinite
        for ``STAY``. After the window's configs come, for each model that is there at
        its start, the cold reuse and the warm one.
    model
        Shape ``(c,)``: the model that follows, -1 for ``STAY``.
    num_configs
        The window's configs.
    """

    cost: Floats
    delay: Floats
    after: Floats
    model: Whole
    num_configs: int

    def is_warm(self, change: Whole) -> NDArray[np.bool_]:
        """Return which changes use a warm model."""
        way = change - 1 - self.num_configs
        return np.asarray((way >= 0) & (way % 2 == 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """Changes from states of one window to states of the next.

    Parameters
    ----------
    source
        Shape ``(n,)``: the state that a move begins in.
    change
        Shape ``(n,)``: index into the window's changes.
    states
        Shape ``(n, 1 + c)``: the state that it leads to.
    """

    source: Whole
    change: Whole
    states: Whole

    def where(self, useful: NDArray[np.bool_]) -> "Moves":
        """Return the moves that are useful."""
        return Moves(
            source=self.source[useful],
            change=self.change[useful],
            states=self.states[useful],
        )


def changes(
    horizon: Horizon, stream: HorizonStream, models: StreamModels, window_idx: int
) -> Changes:
    """Return how the stream's model may change in a window."""
    configs = stream.windows[window_idx].retraining
    count = int(models.counts[window_idx])
    own = range(count, count + len(configs))
    earlier = np.repeat(np.arange(count), 2)
    costs = [config.gpu_seconds for config in configs]
    delays = [config.delay_seconds for config in configs]
    model = np.concatenate(([NO_MODEL], own, earlier)).astype(np.int64)
    after = models.scores[model, window_idx]
    after[STAY] = 0.0
    return Changes(
        cost=np.concatenate(([0.0], costs, np.zeros(2 * count))),
        delay=np.concatenate(
            ([np.inf], delays, np.tile([stream.load_seconds, 0.0], count))
        ),
        after=after,
        model=model,
        num_configs=len(configs),
    )


def moves(
    horizon: Horizon,
    stream: HorizonStream,
    models: StreamModels,
    window_idx: int,
    states: Whole,
    possible: Changes,
) -> Moves:
    """Return the moves from the states of a window, shape ``(N, 1 + c)``."""
    held, kept = states[:, 0], states[:, 1:]
    found = [_retrainings(models, window_idx, states, possible)]
    stay = np.full(len(states), STAY)
    found.append((np.arange(len(states)), stay, held, kept))
    ways = [0]
    if stream.load_seconds > 0 and 0 < horizon.warm_gb >= stream.model_gb:
        ways.append(1)
    for place in range(kept.shape[1]):
        source = np.flatnonzero(kept[:, place] != NO_MODEL)
        again = kept[source, place]
        pool = kept[source].copy()
        pool[:, place] = held[source]
        for way in ways:
            change = 1 + possible.num_configs + 2 * again + way
            found.append((source, change, again, pool))
    parts = [
        _kept_models(models, window_idx + 1, horizon.cached_models, *each)
        for each in found
    ]
    width = max(part.states.shape[1] for part in parts)
    wide = [
        np.pad(
            part.states,
            ((0, 0), (0, width - part.states.shape[1])),
            constant_values=NO_MODEL,
        )
        for part in parts
    ]
    return Moves(
        source=np.concatenate([part.source for part in parts]),
        change=np.concatenate([part.change for part in parts]),
        states=np.concatenate(wide),
    )


def _retrainings(
    models: StreamModels, window_idx: int, states: Whole, possible: Changes
) -> tuple[Whole, Whole, Whole, Whole]:
    """Return source, change, model held and models at hand of every retraining.

    A config is left out for a state whose model scores as much in this window and all
    later ones, or in which another config is as cheap, as soon and scores as much, and
    improves on the model held now: where the new model is worse today, later may be
    better.
    """
    first = int(models.counts[window_idx])
    configs = slice(1, 1 + possible.num_configs)
    own = slice(first, first + possible.num_configs)
    future = models.scores[:, window_idx:]
    held = states[:, 0]
    beats = (future[own][None] > future[held][:, None]).any(axis=2)
    cost, delay = possible.cost[configs], possible.delay[configs]
    rivals = (future[own][:, None] >= future[own][None]).all(axis=2)
    rivals &= (cost[:, None] <= cost) & (delay[:, None] <= delay)
    # Of equal configs the first one stays.
    rivals &= ~(rivals.T & np.tri(len(cost), dtype=bool))
    after = possible.after[configs]
    rival = np.where(rivals, after[:, None], -1.0).max(axis=0, initial=-1.0)
    beats &= rival < models.scores[held, window_idx][:, None]
    source, config = np.nonzero(beats)
    pool = np.column_stack((states[source, 1:], held[source]))
    return source, config + 1, config + first, pool


def _kept_models(
    models: StreamModels,
    window_idx: int,
    most: int,
    source: Whole,
    change: Whole,
    held: Whole,
    pool: Whole,
) -> Moves:
    """Return moves to every choice of at most so many models from those at hand."""
    classes, covers = models.classes[window_idx], models.covers[window_idx]
    held = classes[held]
    pool = np.where(pool == NO_MODEL, NO_MODEL, classes[pool])
    for place in range(pool.shape[1]):
        each = pool[:, place]
        useless = covers[held, each]
        for other in range(pool.shape[1]):
            if other == place:
                continue
            rival = pool[:, other]
            matched = covers[rival, each] & (rival != NO_MODEL)
            useless |= matched & ((rival != each) | (other < place))
        pool[:, place] = np.where(useless, NO_MODEL, each)
    pool = -np.sort(-pool, axis=1)
    size = (pool != NO_MODEL).sum(axis=1)
    # One window adds one model, so that at most one has to go.
    fits = size <= most
    ends = pool[:, : min(most, pool.shape[1])]
    parts = [(source[fits], change[fits], held[fits], ends[fits])]
    full = ~fits
    for dropped in range(most + 1 if full.any() else 0):
        kept = np.delete(pool[full][:, : most + 1], dropped, axis=1)
        parts.append((source[full], change[full], held[full], kept))
    return Moves(
        source=np.concatenate([part[0] for part in parts]),
        change=np.concatenate([part[1] for part in parts]),
        states=np.concatenate([np.column_stack(part[2:]) for part in parts]),
    )
