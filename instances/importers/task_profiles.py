"""What Ekya's profiler says of one camera in one window (a task, in its words)."""

from collections.abc import Mapping
from dataclasses import dataclass

from instances.instance import RetrainingConfig

DIGITS = 6
"""Decimals kept of every second and accuracy, as in all imported instances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProfile:
    """One camera's profile in one window.

    Parameters
    ----------
    accuracy
        Accuracy of the model at the window's start, in [0, 1]: the lowest over the
        heads, as in Ekya's simulator.
    retraining
        The profiled retraining configs, by hyperparameter id and epochs.
    models
        The profiled hyperparameter ids, with the network's name where the profile
        says it.
    """

    accuracy: float
    retraining: tuple[RetrainingConfig, ...]
    models: Mapping[int, str | None]


def config_name(hyperparameter_id: int, epochs: int) -> str:
    """Return the name of a retraining config: ``hp3-e18`` trains 18 epochs."""
    return f"hp{hyperparameter_id}-e{epochs}"
