"""Family hard-knapsack: strongly correlated values, hard for branch and bound."""

from typing import Unpack

import numpy as np

from instances.generators.assembly import ServerOptions, assemble, rounded
from instances.instance import InferenceConfig, Instance, Stream

NUM_STEPS = 8
ACCURACY = 0.9


def hard_knapsack(
    num_streams: int, gpus: float, seed: int, **server: Unpack[ServerOptions]
) -> Instance:
    """Return streams whose values row by row are a hard multiple-choice knapsack.

    After the strongly correlated instances of D. Pisinger, "A minimal algorithm for
    the multiple-choice knapsack problem", EJOR 83 (1995), which cumulate items worth
    their weight plus a fixed bonus; with coefficients that grow with the units, as
    "Where are the hard knapsack problems?", Computers & OR 32 (2005), asks for.

    A stream has no retraining configs and 8 inference configs; each takes a step of
    U{⌈R/2⌉, …, R} units beyond the one before and is worth that step plus the bonus
    R/10. R is half the units per stream, at least 2, so that the full rate of all
    streams takes three times the capacity. All full servers with equally many steps
    are worth the same, which makes near-ties everywhere; the steps keep their random
    order, so that rows are not concave. Relative accuracy is the worth over its
    largest possible value, 8.8 R.

    Dynamic programming does not mind. Units of 1/1000 of a GPU unless ``server`` says
    otherwise; demands are multiples of a unit, not rounded further. See
    :func:`instances.generators.assembly.assemble` for the parameters.
    """

    def make_stream(v: int, rng: np.random.Generator, frame: Instance) -> Stream:
        longest = max(2, frame.total_units // (2 * num_streams))
        steps = rng.integers((longest + 1) // 2, longest, NUM_STEPS, endpoint=True)
        needed = np.cumsum(steps)
        worth = needed + longest / 10 * np.arange(1, NUM_STEPS + 1)
        kept = rounded(worth / (1.1 * longest * NUM_STEPS))
        return Stream(
            name=f"camera-{v}",
            accuracy=ACCURACY,
            inference=tuple(
                InferenceConfig(
                    name=f"rate-{idx + 1}-of-{NUM_STEPS}",
                    gpus=int(needed[idx]) / frame.units_per_gpu,
                    relative_accuracy=kept[idx],
                )
                for idx in range(NUM_STEPS)
            ),
        )

    options: ServerOptions = {"units_per_gpu": 1000, **server}
    return assemble("hard-knapsack", num_streams, gpus, seed, make_stream, {}, options)
