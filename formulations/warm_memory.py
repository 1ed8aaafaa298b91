"""The memory of a horizon's warm models in whole numbers."""

import math
from fractions import Fraction

from formulations.tolerances import MEMORY_TOLERANCE
from instances.horizon import Horizon

MOST_PARTS = 10**6
LARGEST_DENOMINATOR = 1000


def memory_parts(horizon: Horizon) -> tuple[list[int], int]:
    """Return what a warm model of each stream takes, and all there is, in parts.

    Exact where the sizes have a small common part; otherwise needs are rounded down
    and the memory up, so that nothing is forbidden that fits.
    """
    sizes = [horizon.warm_gb, *(stream.model_gb for stream in horizon.streams)]
    near = [Fraction(size).limit_denominator(LARGEST_DENOMINATOR) for size in sizes]
    parts = math.lcm(*(each.denominator for each in near))
    if parts <= MOST_PARTS and all(map(math.isclose, near, sizes)):
        most, *needs = (int(each * parts) for each in near)
        return needs, most
    most = math.ceil(horizon.warm_gb * (1 + MEMORY_TOLERANCE) * MOST_PARTS)
    return [math.floor(size * MOST_PARTS) for size in sizes[1:]], most
