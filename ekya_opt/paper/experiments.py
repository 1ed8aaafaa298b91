"""The experiments of the paper page by name, in the paper's order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module

from ekya_opt.paper.finding import Finding, Scale
from instances import InvalidOption

Experiment = Callable[[Scale], Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where the paper makes a claim, and the module that measures it.

    Parameters
    ----------
    where
        The place in the paper.
    module
        A module of :mod:`ekya_opt.paper` with a function ``experiment(scale)``.
    """

    where: str
    module: str

    def load(self) -> Experiment:
        """Return the function that measures the claim."""
        module = import_module(f"ekya_opt.paper.{self.module}")
        experiment: Experiment = module.experiment
        return experiment


EXPERIMENTS = {
    "fig-4": Entry(where="Table 1, Fig. 4", module="fig_4"),
    "fig-6": Entry(where="Fig. 6", module="fig_6"),
    "table-2": Entry(where="Table 2", module="table_2"),
    "fig-8": Entry(where="Fig. 8", module="fig_8"),
    "fig-10a": Entry(where="Fig. 10a", module="fig_10a"),
    "fig-10b": Entry(where="Fig. 10b", module="fig_10b"),
    "steal-step": Entry(where="§6.2", module="steal_step"),
    "decision-time": Entry(where="§6.2, time", module="decision_time"),
    "fig-11": Entry(where="Fig. 11", module="fig_11"),
    "table-3": Entry(where="Table 3", module="table_3"),
    "fig-12": Entry(where="Fig. 12", module="fig_12"),
}


def chosen(only: str | Iterable[str] | None) -> list[str]:
    """Return the names asked for, in the paper's order; ``None`` asks for all.

    Raises
    ------
    InvalidOption
        If there is no experiment of a name, or no name at all.
    """
    if only is None:
        return list(EXPERIMENTS)
    words = only.split(",") if isinstance(only, str) else only
    names = {word.strip() for word in words} - {""}
    known = ", ".join(EXPERIMENTS)
    for name in sorted(names - set(EXPERIMENTS)):
        raise InvalidOption(f"there is no experiment {name!r}; there are: {known}")
    if not names:
        raise InvalidOption(f"no experiment is named, expected some of {known}")
    return [name for name in EXPERIMENTS if name in names]
