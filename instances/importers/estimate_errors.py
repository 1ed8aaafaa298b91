"""How far the estimates of retraining configs are from what was measured."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instances.instance import Instance, Stream

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateErrors:
    """Errors of the estimated accuracies, over all configs that have an estimate.

    Parameters
    ----------
    num_configs
        Configs with an estimate.
    median, mean, p90
        Of |estimated - measured accuracy|, in [0, 1].
    rank_correlation
        Spearman's between estimated and measured accuracy within a stream's window,
        averaged over those where both vary; ``None`` without any.
    num_rankings
        How many it is averaged over.
    """

    num_configs: int
    median: float
    mean: float
    p90: float
    rank_correlation: float | None
    num_rankings: int


def estimate_errors(instances: Iterable[Instance]) -> EstimateErrors | None:
    """Return the errors of the estimates in instances; ``None`` without estimates."""
    import pandas as pd

    frames = [_frame(stream) for instance in instances for stream in instance.streams]
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return None
    errors = pd.concat([(f["estimated"] - f["measured"]).abs() for f in frames])
    rankings = [
        frame["estimated"].rank().corr(frame["measured"].rank())
        for frame in frames
        if (frame.nunique() > 1).all()
    ]
    return EstimateErrors(
        num_configs=len(errors),
        median=float(errors.median()),
        mean=float(errors.mean()),
        p90=float(errors.quantile(0.9)),
        rank_correlation=sum(rankings) / len(rankings) if rankings else None,
        num_rankings=len(rankings),
    )


def _frame(stream: Stream) -> "pd.DataFrame":
    """Return the estimated and the measured accuracies of a stream's configs."""
    import pandas as pd

    rows = [
        (config.estimate.accuracy, config.accuracy)
        for config in stream.retraining
        if config.estimate is not None
    ]
    return pd.DataFrame(rows, columns=["estimated", "measured"])
