"""The errors that the toolkit raises on purpose."""

from typing import Self


class EkyaOptError(Exception):
    """Root of every error that the toolkit raises on purpose."""


class InvalidData(EkyaOptError):
    """A value in an instance or a schedule lies outside its domain.

    Parameters
    ----------
    problem
        What was found and what was expected, as the end of a sentence.
    place
        Path of the value inside its object, such as
        ``streams[3].retraining[0].gpu_seconds``; empty for the object itself.
    file
        Name of the file that holds the value, when there is one.
    """

    def __init__(self, problem: str, place: str = "", file: str = "") -> None:
        self.problem = problem
        self.place = place
        self.file = file
        super().__init__(": ".join(part for part in (file, place, problem) if part))

    def within(self, outer: str) -> Self:
        """Return the same error seen from the object that holds the place."""
        joint = "" if not self.place or self.place.startswith("[") else "."
        return type(self)(self.problem, outer + joint + self.place, self.file)

    def in_file(self, file: str) -> Self:
        """Return the same error with the name of the file that caused it."""
        return type(self)(self.problem, self.place, file)


class InvalidInstance(InvalidData):
    """An instance breaks a rule of the instance format."""


class InvalidSchedule(InvalidData):
    """A schedule breaks a rule of the schedule format or of its instance."""


class InvalidOption(EkyaOptError):
    """An option or a setting of a solver is unknown or outside its domain."""


class InstanceTooLarge(EkyaOptError):
    """An instance is beyond what a formulation can hold in memory."""


class SolverUnavailable(EkyaOptError):
    """A solver is unknown, not installed, or cannot solve this kind of problem."""


class SolverDisagreement(EkyaOptError):
    """A solver's answer and the referee's evaluation of it do not match."""
