"""Schedule files: a schedule with what its solver claims about it.

An object with ``"schema_version": 1``, the fields of :class:`ScheduleFile` as keys but
for the schedule, and in its place that one's ``streams``: one plan a stream, with its
``segments``. ``solve --output`` writes one, ``check`` judges it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from formulations.certificate import Certificate
from formulations.claims import Claims, claims_to_dict
from formulations.schedule import Schedule, StreamPlan
from instances import InvalidSchedule
from instances.checks import set_tuple, shown
from instances.json_files import (
    SCHEMA_VERSION,
    check_schema_version,
    decode,
    read_as,
    write_json,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFile(Claims):
    """A schedule and the claims that travel with it.

    Parameters
    ----------
    instance, solver, objective, bound
        As in :class:`formulations.claims.Claims`.
    certificate
        What proves the bound again; ``None`` if nothing does.
    streams
        The plans of the schedule.

    Raises
    ------
    InvalidSchedule
        If a value lies outside its domain; the message names the place.
    """

    certificate: Certificate | None = None
    streams: tuple[StreamPlan, ...]

    def __post_init__(self) -> None:
        # Data classes with slots are made anew, so that super() has no cell to use.
        Claims.__post_init__(self)
        certificate = self.certificate
        if certificate is not None and not isinstance(certificate, Certificate):
            message = f"is {shown(certificate)}, expected a Certificate or nothing"
            raise InvalidSchedule(message, "certificate")
        set_tuple(self, "streams", StreamPlan, at_least=1)
        Schedule(streams=self.streams)

    @property
    def schedule(self) -> Schedule:
        """The schedule without the claims."""
        return Schedule(streams=self.streams)


def read_schedule(path: str | Path) -> ScheduleFile:
    """Return the content of a schedule file (``.json``, or ``.gz`` compressed).

    Raises
    ------
    InvalidSchedule
        If the file breaks a rule of the format; the message names the file, the
        place in it, the value and what was expected.
    EkyaOptError
        If the file cannot be read.
    """
    return read_as(path, schedule_from_dict, InvalidSchedule)


def schedule_from_dict(data: Any) -> ScheduleFile:
    """Return the content of a schedule file from its parsed JSON value."""
    content = check_schema_version(data, InvalidSchedule)
    file = decode(ScheduleFile, content, InvalidSchedule)
    assert isinstance(file, ScheduleFile)
    return file


def schedule_to_dict(
    schedule: Schedule,
    *,
    instance: str | None = None,
    solver: str | None = None,
    objective: float | None = None,
    bound: float | None = None,
    certificate: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the JSON value of a schedule file.

    Every key is written out, but ``certificate`` only where there is one (see
    :meth:`formulations.certificate.Certificate.as_dict`).
    """
    content: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        **claims_to_dict(instance, solver, objective, bound),
    }
    if certificate is not None:
        content["certificate"] = dict(certificate)
    content["streams"] = [plan_to_dict(plan) for plan in schedule.streams]
    return content


def write_schedule(path: str | Path, content: Mapping[str, Any]) -> None:
    """Write what :func:`schedule_to_dict` returns to a file, all or nothing."""
    write_json(Path(path), content)


def plan_to_dict(plan: StreamPlan) -> dict[str, Any]:
    """Return the JSON value of one plan, every key written out."""
    return {
        "stream": plan.stream,
        "retraining": plan.retraining,
        "segments": [
            {
                "start_seconds": segment.start_seconds,
                "inference": segment.inference,
                "inference_units": segment.inference_units,
                "training_units": segment.training_units,
            }
            for segment in plan.segments
        ],
    }
