"""Small horizons whose answers a reader checks on paper.

As in ``tests/horizons.py`` a stream serves fully on half a GPU of ten units and not at
all on less; with one GPU for each stream five units are left to train on.
"""

from dataclasses import replace

from instances.horizon import Horizon
from instances.horizon_stream import HorizonStream
from tests.horizons import camera, config, horizon


def pays_later() -> Horizon:
    """Return two windows in which a retraining costs accuracy now and pays later.

    45 GPU-seconds on half a GPU end after 90 s; the last 10 s are at 0.4 instead of
    0.5, on average 0.49. The second window is at 0.9 instead of 0.5. Together
    (0.49 + 0.9) / 2 = 0.695, against 0.5 of doing nothing.
    """
    return horizon(camera((config(45, 0.4, later_accuracy=(0.9,)),), ()))


def day_and_night(name: str = "A") -> HorizonStream:
    """Return a stream by day, by night and by day again.

    Its first model scores 0.8, 0.3, 0.8. At night 25 GPU-seconds, 50 s on half a GPU,
    make one that scores 0.7 at night and 0.3 by day: the night is at
    (0.3 + 0.7) / 2 = 0.5 on average.
    """
    return camera(
        (),
        (config(25, 0.7, "night", later_accuracy=(0.3,)),),
        (),
        name=name,
        accuracy=0.8,
        later_accuracy=(0.3, 0.8),
        load_seconds=20,
        model_gb=1,
    )


def without_cache() -> Horizon:
    """Return the day and night without kept models.

    To retrain is worth (0.8 + 0.5 + 0.3) / 3, to stay (0.8 + 0.3 + 0.8) / 3 = 0.633.
    """
    return horizon(day_and_night())


def cold_reuse() -> Horizon:
    """Return the same with one kept model.

    Its load takes 20 s, so the second day is at 0.2 · 0.3 + 0.8 · 0.8 = 0.7, and all
    is worth (0.8 + 0.5 + 0.7) / 3 = 0.667.
    """
    return replace(without_cache(), cached_models=1)


def warm_reuse() -> Horizon:
    """Return the same with memory for it: (0.8 + 0.5 + 0.8) / 3 = 0.7."""
    return replace(cold_reuse(), warm_gb=1)


def competing_for_memory() -> Horizon:
    """Return two such streams and memory for one: (0.7 + 2/3) / 2 = 0.683333.

    Units of half a GPU are as good as those of a tenth.
    """
    return horizon(
        day_and_night(),
        day_and_night("B"),
        gpus=2,
        units_per_gpu=2,
        cached_models=1,
        warm_gb=1.5,
    )


EXAMPLES = [
    (pays_later, 0.695, 0.5),
    (without_cache, 1.9 / 3, 1.6 / 3),
    (cold_reuse, 2 / 3, 2 / 3),
    (warm_reuse, 0.7, 0.7),
    (competing_for_memory, 4.1 / 6, 4.1 / 6),
]
"""Each with its optimum, and what window by window is worth."""
