"""One run that a study asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from instances.json_files import content_hash, encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run of one solver on one problem, known by what decides its outcome.

    Parameters
    ----------
    instance_hash
        The problem's :func:`instances.problems.problem_hash`.
    solver
        Name in the registry.
    settings
        All settings in effect, so that a default given and one left out are the same.
    seed, time_limit, workers, plan_on
        As in :class:`solvers.Options`; seconds.
    memory_limit
        Bytes that the run's process may take beyond what it starts with; ``None`` for
        no limit.
    """

    instance_hash: str
    solver: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    time_limit: float | None = None
    memory_limit: int | None = None
    workers: int = 1
    plan_on: Literal["truth", "estimates"] = "truth"

    @property
    def key(self) -> str:
        """Hash of all fields: the run's name in a store; 60 and 60.0 are the same."""
        return content_hash(
            {name: _canonical(getattr(self, name)) for name in self.__slots__}
        )


def _canonical(value: Any) -> Any:
    """Return a JSON value in which equal numbers are written alike."""
    if isinstance(value, Mapping):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    return encode(value)
