"""Files of a horizon's schedules: a schedule with what its solver claims about it."""

from dataclasses import dataclass
from typing import Any

from formulations.claims import Claims, claims_to_dict
from formulations.horizon_plans import stream_plan
from formulations.horizon_schedule import HorizonPlan, HorizonSchedule, WindowPlans
from formulations.schedule_files import plan_to_dict
from instances import InvalidSchedule
from instances.checks import set_tuple
from instances.horizon_files import KIND
from instances.json_files import SCHEMA_VERSION, content_of_kind, decode


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonScheduleFile(Claims):
    """A schedule of a horizon and the claims that travel with it.

    Parameters
    ----------
    instance, solver, objective, bound
        As in :class:`formulations.claims.Claims`.
    windows
        The plans of each window, in order.

    Raises
    ------
    InvalidSchedule
        If a value lies outside its domain; the message names the place.
    """

    windows: tuple[WindowPlans, ...]

    def __post_init__(self) -> None:
        # Data classes with slots are made anew, so that super() has no cell to use.
        Claims.__post_init__(self)
        set_tuple(self, "windows", WindowPlans, at_least=1)

    @property
    def schedule(self) -> HorizonSchedule:
        """The schedule without the claims."""
        return HorizonSchedule(windows=self.windows)


def horizon_schedule_from_dict(data: Any) -> HorizonScheduleFile:
    """Return the content of a horizon's schedule file from its parsed JSON value.

    The object has ``"schema_version": 1``, ``"kind": "horizon"`` and the fields of
    :class:`HorizonScheduleFile`.
    """
    content = content_of_kind(data, KIND, InvalidSchedule)
    file = decode(HorizonScheduleFile, content, InvalidSchedule)
    assert isinstance(file, HorizonScheduleFile)
    return file


def horizon_schedule_to_dict(
    schedule: HorizonSchedule,
    *,
    instance: str | None = None,
    solver: str | None = None,
    objective: float | None = None,
    bound: float | None = None,
) -> dict[str, Any]:
    """Return the JSON value of a horizon's schedule file; every key is written out."""
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": KIND,
        **claims_to_dict(instance, solver, objective, bound),
        "windows": [
            {"streams": [_plan_to_dict(plan) for plan in window.streams]}
            for window in schedule.windows
        ],
    }


def _plan_to_dict(plan: HorizonPlan) -> dict[str, Any]:
    window_plan = plan_to_dict(stream_plan(plan))
    return {
        "stream": plan.stream,
        "retraining": plan.retraining,
        "reuse": plan.reuse,
        "warm": plan.warm,
        "kept": list(plan.kept),
        "segments": window_plan["segments"],
    }
