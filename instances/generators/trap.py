"""Family trap: thresholds that a thief of single units does not step over."""

from typing import Unpack

import numpy as np

from instances.generators.assembly import ServerOptions, assemble, rounded
from instances.instance import InferenceConfig, Instance, RetrainingConfig, Stream


def trap(
    num_streams: int, gpus: float, seed: int, **server: Unpack[ServerOptions]
) -> Instance:
    """Return streams whose thresholds lie beyond what the fair start gives a job.

    The Thief (Ekya, Algorithm 1) starts from s units a job, s = total units /
    (2 · streams) rounded down, at least 1, and stops stealing at the first unit that
    gains nothing. Here the next unit gains nothing as a rule, the one or two after it
    much: with one-unit steals and 2.5 to 5 streams per GPU of 10 or 20 units, ten
    streams or more, the Thief ends 10 to 40 % below the optimum; fewer streams, from
    about 7 % on. Thresholds count units, so demands are
    multiples of 1/units_per_gpu, not rounded further.

    A stream's model starts at U(0.5, 0.7). Serving keeps U(0.55, 0.75) of it on 1
    unit, 0.03 more on s units, and all of it on s + 1, s + 2 or s + 3 units with the
    chances 1/4, 1/2 and 1/4; the half rate between is missing. Retraining to
    U(0.8, 0.95) takes the whole window on s + U(1.1, 1.9) units, so that s + 1 do not
    finish it; retraining U(0.01, 0.04) further takes U(1.2, 1.6) times that.

    See :func:`instances.generators.assembly.assemble` for the parameters.
    """

    def make_stream(v: int, rng: np.random.Generator, frame: Instance) -> Stream:
        fair = max(1, frame.total_units // (2 * num_streams))
        unit = 1 / frame.units_per_gpu
        before, after, low = rng.uniform([0.5, 0.8, 0.55], [0.7, 0.95, 0.75])
        jump = int(rng.choice([1, 2, 2, 3]))
        levels = [("low-rate", 1, low), ("full-rate", fair + jump, 1.0)]
        if fair > 1:
            levels.insert(1, ("third-rate", fair, low + 0.03))
        whole = (fair + rng.uniform(1.1, 1.9)) * frame.window_seconds * unit
        more, dearer = rng.uniform([0.01, 1.2], [0.04, 1.6])
        retrainings = [("last-layers", whole, after)]
        retrainings.append(("all-layers", whole * dearer, after + more))
        return Stream(
            name=f"camera-{v}",
            accuracy=rounded(before),
            retraining=tuple(
                RetrainingConfig(
                    name=name, gpu_seconds=rounded(seconds), accuracy=rounded(end)
                )
                for name, seconds, end in retrainings
            ),
            inference=tuple(
                InferenceConfig(
                    name=name, gpus=needed * unit, relative_accuracy=rounded(kept)
                )
                for name, needed, kept in levels
            ),
        )

    return assemble("trap", num_streams, gpus, seed, make_stream, {}, server)
