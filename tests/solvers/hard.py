"""A window that branch and bound cannot finish."""

import random

from instances import InferenceConfig, Instance, Stream

NUM_STREAMS = 20
COARSE = 200
NOISE = 5
STEPS = 50


def hard() -> Instance:
    """Return a subset-sum problem in which no choice meets the LP bound.

    Every demand is a multiple of 200 units and at most 5 more, and worth its units;
    the total lies half-way between two multiples, beyond the reach of 20 times 5. The
    bound is the total, and all that is below it must be enumerated.
    """
    rng = random.Random(1)
    total = NUM_STREAMS * STEPS // 2 * COARSE + COARSE // 2 + NOISE * NUM_STREAMS // 2

    def stream(v: int) -> Stream:
        multiples = rng.sample(range(1, STEPS), 8)
        units = sorted(COARSE * m + rng.randint(0, NOISE) for m in multiples)
        configs = tuple(
            InferenceConfig(
                name=f"{k} units", gpus=k / 1000, relative_accuracy=k / (STEPS * COARSE)
            )
            for k in units
        )
        return Stream(name=f"stream {v}", accuracy=1.0, inference=configs)

    streams = tuple(stream(v) for v in range(NUM_STREAMS))
    return Instance(
        name="hard",
        window_seconds=100,
        gpus=total / 1000,
        units_per_gpu=1000,
        streams=streams,
    )
