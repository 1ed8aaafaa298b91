"""A solver that another package adds to ekya-opt."""

from ekya_opt import Instance, Schedule, Search
from formulations import StreamModel
from formulations.stream_model import NO_RETRAINING


def solve(instance: Instance, search: Search, *, reserved_units: int = 0) -> Schedule:
    """Serve every stream with the same share, without retraining."""
    units = (instance.total_units - reserved_units) // len(instance.streams)
    models = [StreamModel(instance, stream) for stream in instance.streams]
    return Schedule(streams=tuple(m.plan(NO_RETRAINING, units, 0) for m in models))
