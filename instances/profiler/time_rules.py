"""Rules for time: the GPU-seconds of a retraining, told before it is run."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from types import MappingProxyType

from instances.errors import InvalidOption
from instances.instance import Estimate
from instances.profiler.observations import Candidate, Observation
from instances.profiler.points import MicroRun

History = Sequence[Observation]
TimeRule = Callable[[Candidate, History], float]


def linear_time(candidate: Candidate, history: History) -> float:
    """Scale the mean micro-epoch linearly in data and epochs, as Ekya does (§4.3).

    The recorded estimate stands in where the micro-profile itself is not known.
    """
    if candidate.micro is None:
        return recorded_of(candidate, "linear").gpu_seconds
    micro = micro_of(candidate, "linear")
    epochs = known(candidate, "epochs", "linear")
    return epochs * fmean(micro.epoch_seconds) / micro.data_fraction


def probe_time(candidate: Candidate, history: History) -> float:
    """Multiply a timed step of the config's own batch size by steps and epochs."""
    epochs = known(candidate, "epochs", "probe")
    steps = known(candidate, "steps_per_epoch", "probe")
    return epochs * steps * micro_of(candidate, "probe").step_seconds


def nominal_time(candidate: Candidate, history: History) -> float:
    """Return the cost by formula from FLOPs and steps: exact if costs are nominal."""
    return known(candidate, "nominal_seconds", "nominal")


def history_time(candidate: Candidate, history: History) -> float:
    """Return the config's mean cost in the history; without any, the linear time."""
    seen = [
        each.gpu_seconds
        for each in history
        if each.candidate.config == candidate.config
    ]
    return fmean(seen) if seen else linear_time(candidate, history)


TIME_RULES: Mapping[str, TimeRule] = MappingProxyType(
    {
        "linear": linear_time,
        "probe": probe_time,
        "nominal": nominal_time,
        "history": history_time,
    }
)


def micro_of(candidate: Candidate, name: str) -> MicroRun:
    """Return the micro-profile, which what is named needs."""
    micro = candidate.micro
    if micro is None:
        raise _needs(name, "the micro-profile", candidate)
    measured = micro.epoch_seconds and micro.validation_accuracy
    if not measured or micro.data_fraction <= 0:
        raise _needs(name, "epochs and a share of data in the micro-profile", candidate)
    return micro


def recorded_of(candidate: Candidate, name: str) -> Estimate:
    """Return the estimate in the file, which what is named needs."""
    if candidate.recorded is None:
        raise _needs(name, "an estimate", candidate)
    return candidate.recorded


def known(candidate: Candidate, field: str, name: str) -> float:
    """Return a number of the candidate, which what is named needs."""
    value: float | None = getattr(candidate, field)
    if value is None:
        raise _needs(name, field, candidate)
    return value


def _needs(name: str, what: str, candidate: Candidate) -> InvalidOption:
    place = f"{candidate.config} of stream {candidate.stream}"
    message = f"{name} needs {what} of config {place}, window {candidate.window}"
    return InvalidOption(f"{message}, which is not known")
