"""Whether it is certain, without a search, that a placement has no schedule."""

from formulations.placement_options import placement_options
from instances import InstanceTooLarge
from instances.placement import Placement


def is_infeasible(placement: Placement) -> bool:
    """Return whether the fewest units of the streams exceed those of the GPUs.

    A stream needs, whatever the others do, at least the units of its least option that
    keeps its floor. ``False`` says nothing: the jobs may still not pack, or not fit in
    memory.
    """
    try:
        options = placement_options(placement)
    except InstanceTooLarge:
        return False
    if not all(options.streams):
        return True
    fewest = sum(
        min(sum(share.units for share in option.shares) for option in row)
        for row in options.streams
    )
    return fewest > placement.total_units
