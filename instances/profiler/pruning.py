"""Dropping retraining configs that stay far from the Pareto front (Ekya, §4.3)."""

from collections.abc import Iterable
from statistics import fmean

from instances.errors import InvalidOption
from instances.profiler.observations import Observation

TOLERANCE = 0.05
MIN_KEPT = 4
MIN_WINDOWS = 2


def kept_configs(
    history: Iterable[Observation],
    *,
    tolerance: float = TOLERANCE,
    min_kept: int = MIN_KEPT,
    min_windows: int = MIN_WINDOWS,
) -> tuple[str, ...]:
    r"""Return the names of the configs still worth a profile, in order of appearance.

    In a stream's window a config's distance from the front of cost and accuracy is
    what it lacks to the best config that costs no more,
    :math:`d_c = \max \{a_{c'} : C_{c'} ≤ C_c\} - a_c`. A config seen in at least
    ``min_windows`` of the streams' windows is dropped if its mean distance over all
    of them exceeds the tolerance. If fewer than ``min_kept`` would remain, the
    nearest of the dropped return. A dropped config is measured no more, so its
    distance stands and it stays out.

    Parameters
    ----------
    history
        Observations of past windows, of one stream or of several that share configs.
        Their validation accuracy counts, which is known by then.
    tolerance
        Accuracy that a config may lack on average, in [0, 1].
    min_kept
        Least number of configs kept, at least 1.
    min_windows
        Least number of windows before a config is judged, at least 1.

    Raises
    ------
    InvalidOption
        If a number lies outside its domain.
    """
    if not 0 <= tolerance <= 1:
        raise InvalidOption(f"tolerance is {tolerance}, expected a number in [0, 1]")
    for name, least in (("min_kept", min_kept), ("min_windows", min_windows)):
        if least < 1:
            raise InvalidOption(f"{name} is {least}, expected an integer of at least 1")
    distances = front_distances(history)
    far = {
        config: fmean(seen)
        for config, seen in distances.items()
        if len(seen) >= min_windows and fmean(seen) > tolerance
    }
    missing = max(0, min_kept - (len(distances) - len(far)))
    returned = sorted(far, key=lambda config: far[config])[:missing]
    dropped = far.keys() - set(returned)
    return tuple(config for config in distances if config not in dropped)


def front_distances(history: Iterable[Observation]) -> dict[str, list[float]]:
    """Return each config's distances from the Pareto front, one for each window.

    A distance is the accuracy that the config lacks to the best one of its stream's
    window that costs no more; 0 on the front.
    """
    groups: dict[tuple[str, int], list[Observation]] = {}
    distances: dict[str, list[float]] = {}
    for seen in history:
        place = seen.candidate.stream, seen.candidate.window
        groups.setdefault(place, []).append(seen)
        distances.setdefault(seen.candidate.config, [])
    for group in groups.values():
        for seen in group:
            best = max(
                other.validation_accuracy
                for other in group
                if other.gpu_seconds <= seen.gpu_seconds
            )
            distance = best - seen.validation_accuracy
            distances[seen.candidate.config].append(distance)
    return distances
