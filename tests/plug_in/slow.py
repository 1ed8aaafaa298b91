"""Solvers that run until they are interrupted."""

import sys
import time

from ekya_opt import Instance, Schedule, Search
from formulations import StreamModel
from formulations.stream_model import NO_RETRAINING


def solve(instance: Instance, search: Search, *, report: bool = True) -> None:
    """Report a schedule without retraining, or none, and never return."""

    def schedule() -> Schedule:
        units = instance.total_units // len(instance.streams)
        models = [StreamModel(instance, stream) for stream in instance.streams]
        return Schedule(streams=tuple(m.plan(NO_RETRAINING, units, 0) for m in models))

    if report:
        accuracies = [stream.accuracy for stream in instance.streams]
        search.report(sum(accuracies) / len(accuracies), schedule)
    print("ready", file=sys.stderr, flush=True)
    while True:
        search.check_time()
        time.sleep(0.01)
