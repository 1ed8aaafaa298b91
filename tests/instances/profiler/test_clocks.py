"""Clocks and the step probe."""

import time

from instances.profiler.clocks import PROBE_STEPS, Lap, ThreadClock, probe


class Counted:
    """A clock that says 1, 2, 3, … seconds for one lap after another."""

    def __init__(self) -> None:
        self.laps = 0

    def lap(self) -> "Counted":
        """Return itself as the context of the next lap."""
        return self

    def __enter__(self) -> Lap:
        self.laps += 1
        lap = Lap()
        lap.seconds = self.laps
        return lap

    def __exit__(self, *_: object) -> None:
        pass


def test_the_probe_is_the_median_after_a_warm_up() -> None:
    """The first step takes 1; 2 to 7 have the median 4.5 and 28 in all."""
    steps = []
    assert probe(lambda: steps.append(1), Counted()) == (4.5, 28)
    assert len(steps) == 1 + PROBE_STEPS


def test_waiting_is_no_processor_time() -> None:
    """Sleeping costs nothing, computing does."""
    clock = ThreadClock()
    with clock.lap() as idle:
        time.sleep(0.05)
    with clock.lap() as busy:
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
    assert idle.seconds < 0.02 <= busy.seconds
