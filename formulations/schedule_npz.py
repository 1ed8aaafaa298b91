"""Columnar schedule files: a schedule of up to millions of streams with its claims."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from formulations.claims import Claims
from formulations.schedule_columns import ScheduleColumns
from instances import InvalidData, InvalidSchedule
from instances.checks import set_number, shown
from instances.npz_arrays import read_arrays, scalar, write_arrays

CLAIMS = ("instance", "solver", "objective", "bound", "price")
COLUMNS = ("retraining", "inference_units", "training_units")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScheduleColumnsFile(Claims):
    """A columnar schedule and the claims that travel with it.

    Parameters
    ----------
    instance, solver, objective, bound
        As in :class:`formulations.claims.Claims`.
    price
        Multiplier λ of the capacity that proves the bound, in objective a unit, at
        least 0; ``None`` without a certificate.
    schedule
        The schedule.

    Raises
    ------
    InvalidSchedule
        If a value lies outside its domain; the message names the place.
    """

    price: float | None = None
    schedule: ScheduleColumns

    def __post_init__(self) -> None:
        # Data classes with slots are made anew, so that super() has no cell to use.
        Claims.__post_init__(self)
        if self.price is not None:
            set_number(self, "price")
        if not isinstance(self.schedule, ScheduleColumns):
            message = f"is {shown(self.schedule)}, expected a ScheduleColumns"
            raise InvalidSchedule(message, "schedule")


def write_schedule_columns(
    path: str | Path, file: ScheduleColumnsFile, *, compressed: bool = False
) -> None:
    """Write a schedule and its claims to an ``.npz`` file, all or nothing.

    The arrays: ``schema_version``, 1; without dimensions and only if claimed, the
    texts ``instance`` and ``solver`` and the numbers ``objective``, ``bound`` and
    ``price``; with V integers each, ``retraining``, ``inference_units`` and
    ``training_units``, as in :class:`formulations.schedule_columns.ScheduleColumns`.

    Raises
    ------
    EkyaOptError
        If the file cannot be written.
    """
    claims = {name: getattr(file, name) for name in CLAIMS}
    arrays: dict[str, Any] = {
        name: value for name, value in claims.items() if value is not None
    }
    arrays |= {name: getattr(file.schedule, name) for name in COLUMNS}
    write_arrays(Path(path), arrays, compressed=compressed)


def read_schedule_columns(path: str | Path) -> ScheduleColumnsFile:
    """Return the content of a columnar schedule file.

    Raises
    ------
    InvalidSchedule
        If the file breaks a rule of the format; the message names the file, the
        array and the entry, what was found and what was expected.
    InstanceTooLarge
        If the arrays do not fit into memory.
    EkyaOptError
        If the file cannot be read.
    """
    arrays = read_arrays(Path(path), (*CLAIMS, *COLUMNS), COLUMNS, InvalidSchedule)
    try:
        claims = {
            name: scalar(arrays[name], name, InvalidSchedule)
            for name in CLAIMS
            if name in arrays
        }
        schedule = ScheduleColumns(**{name: arrays[name] for name in COLUMNS})
        return ScheduleColumnsFile(schedule=schedule, **claims)
    except InvalidData as problem:
        raise problem.in_file(str(path)) from None
