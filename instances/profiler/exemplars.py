"""Exemplars of earlier windows, kept by herding (iCaRL, Rebuffi et al., CVPR 2017)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from instances.profiler.network import features
from instances.profiler.windows import Images, Integers, WindowData


def herd(points: npt.ArrayLike, count: int) -> list[int]:
    r"""Return the indices of the exemplars of one class, the most telling first.

    The k-th one brings the mean of the exemplars nearest to the class mean:
    :math:`p_k = \arg\min_x \| \mu - \frac1k (\phi(x) + \sum_{j<k} \phi(p_j)) \|`
    (iCaRL, Algorithm 4); the lowest index wins a tie.

    Parameters
    ----------
    points
        Features, shape (n, d); rows are scaled to length 1 by the caller if wanted.
    count
        How many to choose; all of them if there are fewer.
    """
    rows = np.asarray(points, dtype=np.float64)
    mean = rows.mean(axis=0)
    total = np.zeros_like(mean)
    free = np.ones(len(rows), dtype=bool)
    chosen: list[int] = []
    for size in range(1, min(count, len(rows)) + 1):
        distance = np.linalg.norm(mean - (total + rows) / size, axis=1)
        best = int(np.argmin(np.where(free, distance, np.inf)))
        chosen.append(best)
        free[best] = False
        total += rows[best]
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The frames of earlier windows that are trained on again.

    Attributes
    ----------
    images
        Of shape (n, channels, height, width).
    labels
        Index of the class of each frame, shape (n,).
    """

    images: Images
    labels: Integers


def remembered(
    memory: Memory | None, data: WindowData, network: Any, size: int, device: str
) -> Memory:
    """Return the memory after a window's training frames have been seen.

    Each class seen so far gets an equal share of the ``size`` frames, at least one,
    herded from its exemplars and its new frames in the features of ``network``.
    """
    import torch

    images, labels = data.images, data.labels
    if memory is not None:
        images = np.concatenate([memory.images, images])
        labels = np.concatenate([memory.labels, labels])
    with torch.no_grad():
        seen = features(network, torch.tensor(images, device=device))
        unit = torch.nn.functional.normalize(seen).cpu().numpy()
    classes = np.unique(labels)
    share = max(1, size // len(classes))
    kept: list[int] = []
    for label in classes:
        of_class = np.flatnonzero(labels == label)
        kept += of_class[herd(unit[of_class], share)].tolist()
    return Memory(images=images[kept], labels=labels[kept])
