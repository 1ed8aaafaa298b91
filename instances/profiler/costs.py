"""What a retraining costs: the device seconds measured, or a nominal cost by formula.

Measured seconds differ from run to run (5 to 13 % on a shared machine); nominal ones
are the same wherever the same recipe is trained on the same number of frames.
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import accumulate

from instances.profiler.points import RecipeRun

SECONDS_PER_GFLOP = 0.035
SECONDS_PER_STEP = 0.00095


class CostSource(StrEnum):
    """Where the GPU-seconds of a profiled instance come from."""

    MEASURED = "measured"
    NOMINAL = "nominal"


def run_costs(run: RecipeRun, source: CostSource) -> tuple[float, ...]:
    r"""Return the device seconds of a run's config for each of its checkpoints.

    Measured: the run's set-up and its epochs so far. Nominal, for :math:`e` epochs of
    :math:`F` GFLOP and :math:`S` steps each: :math:`e (0.035 F + 0.00095 S)`, which
    was fitted to one core of a server CPU and lies within 15 % of it (median).
    """
    if source is CostSource.MEASURED:
        seconds = [*accumulate(run.epoch_seconds, initial=run.setup_seconds)]
        return tuple(seconds[epochs] for epochs in run.epochs)
    epoch = nominal_epoch_seconds(run.flops_per_epoch, run.steps_per_epoch)
    return tuple(epochs * epoch for epochs in run.epochs)


def nominal_epoch_seconds(flops: float, steps: float) -> float:
    """Return the nominal device seconds of an epoch with these FLOPs and steps."""
    return flops / 1e9 * SECONDS_PER_GFLOP + steps * SECONDS_PER_STEP


def cost_spread(costs: Sequence[float]) -> float:
    """Return the largest of some positive costs divided by the smallest."""
    return max(costs) / min(costs)
