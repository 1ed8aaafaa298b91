"""What a problem is, in words, data classes, files, generators and shipped instances.

The words, one meaning each, in code, files, commands and figures:

- instance: one window's problem, with everything needed to state it
- stream: one camera with its model (v in the paper)
- window: the time between two decisions, ``window_seconds`` long (T)
- unit: 1/``units_per_gpu`` of a GPU (δ); shares are whole numbers of units
- retraining config: one way to retrain a stream's model (γ), with its
  ``gpu_seconds`` on a whole GPU (C), ``accuracy`` and ``delay_seconds``
- inference config: one way to serve a stream (λ), with its demand ``gpus`` and the
  ``relative_accuracy`` that it keeps
- training units, inference units: units of a stream's retraining and inference (R, I)
- job: a stream's inference or its retraining
- accuracy: a fraction in [0, 1]; of a model, when every frame is analysed
- objective: weighted mean over the streams of their inference accuracy averaged over
  the window (Eq. 1)
- floor, ``min_accuracy``: what the instantaneous inference accuracy is never below
  (a_MIN)
- ``steal_units``: the step in which the Thief moves units (Δ)
- estimate: what a profiler predicted of a retraining config
- horizon: several windows in a row; placement: a window on physical GPUs
- schedule: what is decided for every stream; the referee says what it is worth
- bound: a proven upper bound on the objective of every schedule
- gap: (bound − objective) / bound, of one result
- gap to a reference: (reference − objective) / reference
- plan regret: what the plan made on true numbers is worth, less what the plan made on
  estimates is, both on the true numbers
"""

from instances.errors import (
    EkyaOptError,
    InstanceTooLarge,
    InvalidData,
    InvalidInstance,
    InvalidOption,
    InvalidSchedule,
    SolverDisagreement,
    SolverUnavailable,
)
from instances.estimates import as_estimated
from instances.instance import (
    Estimate,
    InferenceConfig,
    Instance,
    Reallocation,
    RetrainingConfig,
    Stream,
)
from instances.instance_files import (
    instance_from_dict,
    instance_hash,
    instance_to_dict,
    read_instance,
    write_instance,
)
from instances.library import load_shipped, shipped_names

__all__ = [
    "EkyaOptError",
    "Estimate",
    "InferenceConfig",
    "Instance",
    "InstanceTooLarge",
    "InvalidData",
    "InvalidInstance",
    "InvalidOption",
    "InvalidSchedule",
    "Reallocation",
    "RetrainingConfig",
    "SolverDisagreement",
    "SolverUnavailable",
    "Stream",
    "as_estimated",
    "instance_from_dict",
    "instance_hash",
    "instance_to_dict",
    "load_shipped",
    "read_instance",
    "shipped_names",
    "write_instance",
]
