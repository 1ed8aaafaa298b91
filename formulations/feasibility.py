"""Whether a static window has any feasible schedule at all."""

from formulations.stream_model import StreamModel
from instances import Instance


def is_infeasible(instance: Instance) -> bool:
    """Return whether no schedule of a static window keeps every accuracy floor.

    Each stream needs a fewest number of units whatever the others do, so the window
    is feasible exactly when these numbers exist and fit together.
    """
    fewest = [
        StreamModel(instance, stream).fewest_units() for stream in instance.streams
    ]
    known = [units for units in fewest if units is not None]
    return len(known) < len(fewest) or sum(known) > instance.total_units
