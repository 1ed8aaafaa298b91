"""The errors of studies and their stores."""

from instances.errors import EkyaOptError, InvalidData, InvalidOption


class InvalidStudy(InvalidData, InvalidOption):
    """A study breaks a rule; the message names the place in it."""


class StoreUnavailable(EkyaOptError):
    """A store cannot be read or written: no store, newer, damaged, or in use."""
