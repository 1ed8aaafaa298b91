"""Estimators: what a retraining will give and cost, told before it is run.

An estimator sees the candidates of one stream's window and the observations made
before it, and returns an accuracy for each candidate; a time rule does so for
GPU-seconds. Neither is ever shown what comes true in the window itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from statistics import fmean
from types import MappingProxyType
from typing import Literal, TypeVar

from instances.errors import InvalidOption
from instances.instance import Estimate
from instances.profiler.observations import Candidate, Key, Observation
from instances.profiler.optimus import Curve, fit
from instances.profiler.time_rules import TIME_RULES, known, micro_of, recorded_of

Rule = TypeVar("Rule")

HistoryRule = Literal["earlier", "other-streams"]
"""What is known before a window: all streams' earlier windows, or all windows of the
other streams (leave one stream out, for windows that have no order)."""

Candidates = Sequence[Candidate]
History = Sequence[Observation]
AccuracyEstimator = Callable[[Candidates, History], list[float]]


def paper(candidates: Candidates, history: History) -> list[float]:
    """Extrapolate as Ekya does: Optimus' curve over epochs.

    Five epochs on a tenth of the data are read as five on all of it (§4.3).
    """
    return [_extrapolated(each, by_samples=False) for each in candidates]


def samples(candidates: Candidates, history: History) -> list[float]:
    """Extrapolate by the same curve over training samples seen instead of epochs."""
    return [_extrapolated(each, by_samples=True) for each in candidates]


def last(candidates: Candidates, history: History) -> list[float]:
    """Return the accuracy after the last micro-epoch, whatever the config's epochs."""
    return [micro_of(each, "last").validation_accuracy[-1] for each in candidates]


def recorded(candidates: Candidates, history: History) -> list[float]:
    """Return the estimates that came with the instance."""
    return [recorded_of(each, "recorded").accuracy for each in candidates]


def history_prior(candidates: Candidates, history: History) -> list[float]:
    """Add the config's mean gain in the history to the start accuracy.

    A config without history, as in the first window, gets the micro-profile's
    estimate instead (``paper``, else ``recorded``), or without one its start accuracy.
    """
    gains: dict[str, list[float]] = {}
    for seen in history:
        gain = seen.validation_accuracy - seen.candidate.start_accuracy
        gains.setdefault(seen.candidate.config, []).append(gain)
    return [
        _share(each.start_accuracy + fmean(gains[each.config]))
        if each.config in gains
        else _profiled(each)
        for each in candidates
    ]


def combo(candidates: Candidates, history: History) -> list[float]:
    """Give the level of the window's micro-profile the shape of the history.

    Level: the mean of the micro-profile's estimates over the window's configs. Shape:
    how far each config lies from the mean of its stream's window, on average over the
    history. A config without history keeps the micro-profile's estimate.
    """
    shape: dict[str, list[float]] = {}
    for group in _windows(history):
        mean = fmean(seen.validation_accuracy for seen in group)
        for seen in group:
            deviation = seen.validation_accuracy - mean
            shape.setdefault(seen.candidate.config, []).append(deviation)
    own = [_profiled(each) for each in candidates]
    level = fmean(own) if own else 0.0
    return [
        _share(level + fmean(shape[each.config])) if each.config in shape else estimate
        for each, estimate in zip(candidates, own, strict=True)
    ]


def calibrated(candidates: Candidates, history: History) -> list[float]:
    """Correct ``combo`` by what the micro-profiles' levels missed in the history.

    The level of a micro-profile on a tenth of the data is too low on average, which
    makes retraining look worse than serving with a model that exists.
    """
    missed = [
        fmean(seen.validation_accuracy - _profiled(seen.candidate) for seen in group)
        for group in _windows(history)
    ]
    correction = fmean(missed) if missed else 0.0
    return [_share(each + correction) for each in combo(candidates, history)]


ESTIMATORS: Mapping[str, AccuracyEstimator] = MappingProxyType(
    {
        "paper": paper,
        "samples": samples,
        "last": last,
        "recorded": recorded,
        "history": history_prior,
        "combo": combo,
        "calibrated": calibrated,
    }
)


def estimates(
    observations: Iterable[Observation],
    estimator: str = "combo",
    *,
    time: str = "linear",
    history: HistoryRule = "earlier",
) -> dict[Key, Estimate]:
    """Return what an estimator says of every observed config before it was trained.

    Parameters
    ----------
    observations
        All that was measured; each window is estimated from its history alone.
    estimator
        A name in ``ESTIMATORS``.
    time
        A name in ``TIME_RULES``.
    history
        ``earlier`` (windows of all streams) or ``other-streams`` (all their windows).

    Returns
    -------
    dict
        Estimates by (stream, window, config), in the observations' own seconds.

    Raises
    ------
    InvalidOption
        If a name is unknown, or the estimator needs what was not measured.
    """
    estimator_of = _named(ESTIMATORS, "estimator", estimator)
    time_of = _named(TIME_RULES, "time", time)
    if history not in ("earlier", "other-streams"):
        message = f"history is {history!r}, expected earlier or other-streams"
        raise InvalidOption(message)
    seen = list(observations)
    groups: dict[tuple[str, int], list[Candidate]] = {}
    for each in seen:
        place = each.candidate.stream, each.candidate.window
        groups.setdefault(place, []).append(each.candidate)
    found: dict[Key, Estimate] = {}
    for (stream, window), group in groups.items():
        before = [
            each
            for each in seen
            if (
                each.candidate.window < window
                if history == "earlier"
                else each.candidate.stream != stream
            )
        ]
        accuracies = estimator_of(group, before)
        for candidate, accuracy in zip(group, accuracies, strict=True):
            seconds = time_of(candidate, before)
            found[candidate.key] = Estimate(gpu_seconds=seconds, accuracy=accuracy)
    return found


def perfect(observations: Iterable[Observation]) -> dict[Key, Estimate]:
    """Return what a perfect profile would say: the validation, and the true cost."""
    return {
        seen.candidate.key: Estimate(
            gpu_seconds=seen.gpu_seconds, accuracy=seen.validation_accuracy
        )
        for seen in observations
    }


def _named(rules: Mapping[str, Rule], kind: str, name: str) -> Rule:
    if name not in rules:
        message = f"{kind} is {name!r}, expected one of {', '.join(rules)}"
        raise InvalidOption(message)
    return rules[name]


def _extrapolated(candidate: Candidate, *, by_samples: bool) -> float:
    name = "samples" if by_samples else "paper"
    micro = micro_of(candidate, name)
    end = known(candidate, "epochs", name)
    scale = 1
    if by_samples:
        scale = micro.num_samples
        end *= known(candidate, "num_samples", name)
    at = [scale * (idx + 1) for idx in range(len(micro.validation_accuracy))]
    return _fitted(tuple(at), micro.validation_accuracy).at(end)


@lru_cache(maxsize=4096)
def _fitted(at: tuple[float, ...], accuracies: tuple[float, ...]) -> Curve:
    """Return the curve of a micro-profile, which several estimators ask for."""
    return fit(at, accuracies)


def _windows(history: History) -> list[list[Observation]]:
    """Return the observations of each stream's window."""
    found: dict[tuple[str, int], list[Observation]] = {}
    for seen in history:
        place = seen.candidate.stream, seen.candidate.window
        found.setdefault(place, []).append(seen)
    return list(found.values())


def _profiled(candidate: Candidate) -> float:
    """Return what the window's own micro-profile says of a candidate."""
    if candidate.micro is not None:
        return _extrapolated(candidate, by_samples=False)
    if candidate.recorded is not None:
        return candidate.recorded.accuracy
    return candidate.start_accuracy


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
