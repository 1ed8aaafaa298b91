"""How far estimates are from what came true."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from instances.errors import InvalidOption
from instances.instance import Estimate, Instance
from instances.profiler.estimators import ESTIMATORS, HistoryRule, estimates
from instances.profiler.observations import (
    Key,
    Observation,
    observations_of_instances,
)

MAY_MISS = (
    "validation_rank_correlation",
    "test_rank_correlation",
    "time_median",
    "time_bias",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyErrors:
    """Errors of estimated accuracies, estimate − truth.

    Attributes
    ----------
    median, mean, p90
        Median, mean and 90th percentile of the absolute error.
    bias
        Mean of the signed error; above 0 the estimates are too good.
    rank_correlation
        Spearman's between the estimates and the truth within a stream's window, ties
        at mid-ranks, as a mean over the windows where it is defined; ``None`` if it
        is nowhere.
    windows, unranked_windows
        Streams' windows, and those of them where it is undefined because all
        estimates or all true accuracies are equal.
    """

    median: float
    mean: float
    p90: float
    bias: float
    rank_correlation: float | None
    windows: int
    unranked_windows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatorErrors:
    """Errors of one estimator.

    Attributes
    ----------
    configs
        Number of estimates.
    validation
        Against the retrained model on the validation frames, which is what the
        profiler tries to foresee (the paper's 5.8 % is of this kind).
    test
        Against its accuracy on the window's own frames, which is what a plan earns.
    time_median, time_bias
        Medians of the absolute and of the signed relative error of GPU-seconds, over
        the configs that took time; ``None`` if none did.
    """

    configs: int
    validation: AccuracyErrors
    test: AccuracyErrors
    time_median: float | None
    time_bias: float | None


def estimator_errors(
    observations: Sequence[Observation], estimated: Mapping[Key, Estimate]
) -> EstimatorErrors:
    """Return the errors of the estimates for the observed configs.

    Raises
    ------
    InvalidOption
        If there is no observation, or a config has no estimate.
    """
    if not observations:
        raise InvalidOption("no retraining config was observed, expected at least one")
    for seen in observations:
        if seen.candidate.key not in estimated:
            stream, window, config = seen.candidate.key
            message = f"{config} of stream {stream}, window {window} has no estimate"
            raise InvalidOption(message)
    rows = [(seen, estimated[seen.candidate.key]) for seen in observations]
    time = [
        each.gpu_seconds / seen.gpu_seconds - 1
        for seen, each in rows
        if seen.gpu_seconds > 0
    ]
    places = [seen.candidate.key[:2] for seen in observations]
    said = [each.accuracy for _, each in rows]
    return EstimatorErrors(
        configs=len(rows),
        validation=_accuracy_errors(
            places, said, [seen.validation_accuracy for seen in observations]
        ),
        test=_accuracy_errors(places, said, [seen.accuracy for seen in observations]),
        time_median=float(np.median(np.abs(time))) if time else None,
        time_bias=float(np.median(time)) if time else None,
    )


def recorded_errors(instances: Sequence[Instance]) -> EstimatorErrors | None:
    """Return the errors of the estimates in instances; ``None`` without estimates."""
    seen = [
        each
        for each in observations_of_instances(instances)
        if each.candidate.recorded is not None
    ]
    said = {
        each.candidate.key: each.candidate.recorded
        for each in seen
        if each.candidate.recorded is not None
    }
    return estimator_errors(seen, said) if seen else None


def estimator_frame(
    observations: Sequence[Observation],
    estimators: Iterable[str] = tuple(ESTIMATORS),
    times: Iterable[str] = ("linear",),
    *,
    history: HistoryRule = "earlier",
    first_window: bool = True,
) -> pd.DataFrame:
    """Return the errors of several estimators, one row for each and time rule.

    Columns are ``estimator``, ``time`` and ``configs``, the fields of
    :class:`AccuracyErrors` with ``validation_`` and with ``test_`` before them, and
    ``time_median`` and ``time_bias``.

    Parameters
    ----------
    observations
        All that was measured.
    estimators, times, history
        As in :func:`instances.profiler.estimators.estimates`.
    first_window
        Whether the first window, which has no earlier ones, counts in the errors.

    Raises
    ------
    InvalidOption
        If a name is unknown, nothing is left to compare, or an estimator needs what
        was not measured.
    """
    first = min((seen.candidate.window for seen in observations), default=0)
    counted = [
        seen for seen in observations if first_window or seen.candidate.window > first
    ]
    rule_names = tuple(times)
    rows: list[dict[str, Any]] = []
    for name in estimators:
        for time in rule_names:
            said = estimates(observations, name, time=time, history=history)
            errors = estimator_errors(counted, said)
            row: dict[str, Any] = {"estimator": name, "time": time}
            row["configs"] = errors.configs
            for kind in ("validation", "test"):
                fields = asdict(getattr(errors, kind)).items()
                row |= {f"{kind}_{field}": value for field, value in fields}
            row |= {"time_median": errors.time_median, "time_bias": errors.time_bias}
            rows.append(row)
    frame = pd.DataFrame(rows)
    return frame.astype(dict.fromkeys(MAY_MISS, "float64")) if rows else frame


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Spearman's rank correlation, ties at mid-ranks.

    ``None`` where it is undefined: one of the two is constant.
    """
    if len(set(first)) < 2 or len(set(second)) < 2:
        return None
    ranks = [pd.Series(list(values)).rank().to_numpy() for values in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])


def _accuracy_errors(
    places: Sequence[tuple[str, int]], said: Sequence[float], true: Sequence[float]
) -> AccuracyErrors:
    errors = np.asarray(said) - np.asarray(true)
    sizes = np.abs(errors)
    groups: dict[tuple[str, int], list[int]] = {}
    for idx, place in enumerate(places):
        groups.setdefault(place, []).append(idx)
    found = [
        rank_correlation([said[idx] for idx in group], [true[idx] for idx in group])
        for group in groups.values()
    ]
    ranked = [value for value in found if value is not None]
    return AccuracyErrors(
        median=float(np.median(sizes)),
        mean=float(sizes.mean()),
        p90=float(np.quantile(sizes, 0.9)),
        bias=float(errors.mean()),
        rank_correlation=float(np.mean(ranked)) if ranked else None,
        windows=len(groups),
        unranked_windows=len(groups) - len(ranked),
    )
