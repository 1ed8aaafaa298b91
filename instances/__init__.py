"""What a problem is: data classes, files, generators and the shipped library."""

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
