"""The models of one stream over a horizon: what they score, and which are useless."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instances.horizon_stream import INITIAL, HorizonStream, model_name

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamModels:
    """All models that a stream may ever hold, in the order of their windows.

    Parameters
    ----------
    names
        Model 0 is the initial one.
    scores
        Shape ``(M, W)``: accuracy in each window; -1 before the model's own.
    counts
        Shape ``(W + 1,)``: models that are there when a window begins; the last
        number is M.
    covers
        For each window and the end, shape ``(counts[w], counts[w])``: whether model i
        scores at least as much as model j from that window on.
    classes
        For each window and the end, shape ``(counts[w],)``: the first model with the
        same scores from that window on. Such models need not be told apart.
    """

    names: tuple[str, ...]
    scores: Floats
    counts: Whole
    covers: tuple[Flags, ...]
    classes: tuple[Whole, ...]


def stream_models(stream: HorizonStream) -> StreamModels:
    """Return the models of a stream."""
    num_windows = len(stream.windows)
    names = [INITIAL]
    counts = [1]
    for w, window in enumerate(stream.windows):
        names += [model_name(w, config.name) for config in window.retraining]
        counts.append(len(names))
    scores = np.full((len(names), num_windows), -1.0)
    for idx, name in enumerate(names):
        known = stream.scores(name)
        scores[idx, num_windows - len(known) :] = known
    covers = [np.ones((counts[-1], counts[-1]), dtype=bool)]
    for w in range(num_windows - 1, -1, -1):
        here = scores[: counts[w], w]
        later = covers[-1][: counts[w], : counts[w]]
        covers.append(later & (here[:, None] >= here[None, :]))
    covers.reverse()
    return StreamModels(
        names=tuple(names),
        scores=scores,
        counts=np.array(counts),
        covers=tuple(covers),
        classes=tuple(np.argmax(each & each.T, axis=1) for each in covers),
    )
