"""Files of placed schedules: a schedule with what its solver claims about it."""

from dataclasses import dataclass
from typing import Any

from formulations.claims import Claims, claims_to_dict
from formulations.placed_schedule import PlacedPlan, PlacedSchedule
from formulations.schedule_files import plan_to_dict
from instances import InvalidSchedule
from instances.json_files import SCHEMA_VERSION, content_of_kind, decode
from instances.placement_files import KIND


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedScheduleFile(Claims):
    """A placed schedule and the claims that travel with it.

    Parameters
    ----------
    instance, solver, objective, bound
        As in :class:`formulations.claims.Claims`.
    streams
        The plans of the schedule.

    Raises
    ------
    InvalidSchedule
        If a value lies outside its domain; the message names the place.
    """

    streams: tuple[PlacedPlan, ...]

    def __post_init__(self) -> None:
        # Data classes with slots are made anew, so that super() has no cell to use.
        Claims.__post_init__(self)
        object.__setattr__(self, "streams", self.schedule.streams)

    @property
    def schedule(self) -> PlacedSchedule:
        """The schedule without the claims."""
        return PlacedSchedule(streams=self.streams)


def placed_schedule_from_dict(data: Any) -> PlacedScheduleFile:
    """Return the content of a placed schedule's file from its parsed JSON value.

    The object has ``"schema_version": 1``, ``"kind": "placement"`` and the fields of
    :class:`PlacedScheduleFile`; its plans are those of a schedule file, with the lists
    ``inference_gpus`` and ``training_gpus`` of the names of GPUs.
    """
    content = content_of_kind(data, KIND, InvalidSchedule)
    file = decode(PlacedScheduleFile, content, InvalidSchedule)
    assert isinstance(file, PlacedScheduleFile)
    return file


def placed_schedule_to_dict(
    schedule: PlacedSchedule,
    *,
    instance: str | None = None,
    solver: str | None = None,
    objective: float | None = None,
    bound: float | None = None,
) -> dict[str, Any]:
    """Return the JSON value of a placed schedule's file; every key is written out."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": KIND,
        **claims_to_dict(instance, solver, objective, bound),
        "streams": [
            {
                **plan_to_dict(plan.plan),
                "inference_gpus": list(plan.inference_gpus),
                "training_gpus": list(plan.training_gpus),
            }
            for plan in schedule.streams
        ],
    }
