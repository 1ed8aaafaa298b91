"""Whether it is certain, without a search, that a placement has no schedule."""

from formulations.placement_options import fewest_units
from instances import InstanceTooLarge
from instances.placement import Placement


def is_infeasible(placement: Placement) -> bool:
    """Return whether the fewest units of the streams exceed those of the GPUs.

    A stream needs, whatever the others do, at least the units of its least option that
    keeps its floor. ``False`` says nothing: the jobs may still not pack, or not fit in
    memory.
    """
    if not any(placement.floor(stream) for stream in placement.streams):
        return False
    try:
        fewest = fewest_units(placement)
    except InstanceTooLarge:
        return False
    known = [units for units in fewest if units is not None]
    return len(known) < len(fewest) or sum(known) > placement.total_units
