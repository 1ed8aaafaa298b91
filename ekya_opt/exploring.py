"""Sliders over GPUs and window length: what solvers make of an instance, at once."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from importlib.util import find_spec
from os import PathLike
from typing import Any

from ekya_opt.reading import read_window
from ekya_opt.solver_specs import SolverSpec, solver_specs
from ekya_opt.text import number, percent
from formulations.pictures import schedule_table
from instances import EkyaOptError, Instance, InvalidData
from instances.checks import shown
from instances.html import html_table
from solvers import Options, Result
from solvers import solve as solve_instance
from solvers.registry import SolverFunction

STRETCHES = tuple(map(Fraction, ("1/4", "1/2", "3/4", "1", "3/2", "2", "3", "4")))
"""Window lengths to choose from, in those of the instance."""

MOST_GPUS = 40
"""Numbers of GPUs to choose from."""


def explore(
    instance: Instance | str | PathLike[str],
    solvers: str | SolverFunction | Iterable[str | SolverFunction] = ("dp", "thief"),
    *,
    time_limit: float | None = 10.0,
    seed: int = 0,
) -> "Explorer":
    """Return sliders over GPUs and window length, for a notebook to show.

    Whenever one moves, every solver runs again. A table tells what they reach and how
    far that is below the best, and one of their schedules is drawn.

    Parameters
    ----------
    instance
        An instance, a path, or a shipped name.
    solvers
        As in :func:`ekya_opt.compare`.
    time_limit, seed
        As in :class:`solvers.Options`, for every solve.

    Raises
    ------
    EkyaOptError
        If ipywidgets is not installed, or the input is wrong.
    """
    if find_spec("ipywidgets") is None:
        message = "sliders need ipywidgets (pip install 'ekya-opt[notebook]')"
        raise EkyaOptError(message)
    problem = instance
    if isinstance(problem, str | PathLike):
        problem = read_window(problem)
    if not isinstance(problem, Instance):
        message = f"instance is {shown(problem)}, expected a window, a path or a name"
        raise InvalidData(message)
    options = Options(time_limit=time_limit, seed=seed)
    return Explorer(problem, solver_specs(solvers), options)


class Explorer:
    """Sliders, and what solvers make of the instance that they choose.

    Attributes
    ----------
    gpus, window_seconds, drawn
        Widgets whose ``value`` chooses the GPUs, the length of the window, and the
        solver whose schedule is drawn.
    table, picture
        Widgets whose ``value`` is HTML.
    problem
        The instance that is chosen.
    results
        What the solvers found, by their labels; a message where one failed.
    """

    def __init__(
        self, instance: Instance, specs: list[SolverSpec], options: Options
    ) -> None:
        import ipywidgets

        self._instance, self._specs, self._options = instance, specs, options
        self.problem = instance
        self.results: dict[str, Result | str] = {}
        slider: Any = {
            "continuous_update": False,
            "style": {"description_width": "7em"},
        }
        self.gpus = ipywidgets.SelectionSlider(
            options=[(f"{gpus:g}", gpus) for gpus in gpus_of(instance)],
            value=instance.gpus,
            description="GPUs",
            **slider,
        )
        self.window_seconds = ipywidgets.SelectionSlider(
            options=[(f"{length:g}", length) for length in lengths_of(instance)],
            value=instance.window_seconds,
            description="window, s",
            **slider,
        )
        self.drawn = ipywidgets.Dropdown(
            options=[spec.label for spec in specs], description="schedule of"
        )
        self.table, self.picture = ipywidgets.HTML(), ipywidgets.HTML()
        for widget in (self.gpus, self.window_seconds):
            widget.observe(self._solve, "value")
        self.drawn.observe(self._draw, "value")
        self._solve()
        controls = (self.gpus, self.window_seconds, self.drawn)
        self._panel = ipywidgets.VBox([*controls, self.table, self.picture])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self._panel._repr_mimebundle_(**kwargs)

    def _solve(self, _: Any = None) -> None:
        """Run all solvers on the instance chosen, and show what they found."""
        changes = {
            "gpus": self.gpus.value,
            "window_seconds": self.window_seconds.value,
        }
        self.problem = replace(self._instance, **changes)
        self.results = {spec.label: self._result(spec) for spec in self._specs}
        found = [each for each in self.results.values() if isinstance(each, Result)]
        values = [each.objective for each in found if each.objective is not None]
        best = max(values, default=None)
        rows = [self._row(label, best) for label in self.results]
        columns = ["solver", "status", "objective", "below the best", "seconds"]
        caption = f"{self.problem.gpus:g} GPUs, {self.problem.window_seconds:g} s"
        self.table.value = html_table(columns, rows, caption)
        self._draw()

    def _result(self, spec: SolverSpec) -> Result | str:
        options = replace(self._options, settings=spec.settings)
        try:
            return solve_instance(self.problem, spec.target, options)
        except Exception as problem:
            return f"{type(problem).__name__}: {problem}"

    def _row(self, label: str, best: float | None) -> list[str]:
        result = self.results[label]
        if isinstance(result, str):
            return [label, result, "", "", ""]
        gap = percent(result.gap_to(best), 2)
        objective = number(result.objective, 4)
        return [label, str(result.status), objective, gap, f"{result.runtime:.3f}"]

    def _draw(self, _: Any = None) -> None:
        """Draw the schedule of the solver chosen."""
        result = self.results[self.drawn.value]
        if isinstance(result, str) or result.schedule is None:
            self.picture.value = "There is no schedule to draw."
        else:
            self.picture.value = schedule_table(self.problem, result.schedule)


def gpus_of(instance: Instance) -> list[float]:
    """Return numbers of GPUs up to twice the instance's, in whole units, by size."""
    total, most = instance.total_units, 2 * instance.total_units
    step = -(-most // MOST_GPUS)
    units = {*range(step, most + 1, step), total}
    per_gpu = instance.units_per_gpu
    return [instance.gpus if k == total else k / per_gpu for k in sorted(units)]


def lengths_of(instance: Instance) -> list[float]:
    """Return lengths of the window that its slots divide, by size."""
    lengths = []
    for stretch in STRETCHES:
        length = float(instance.window_seconds * stretch)
        try:
            replace(instance, window_seconds=length)
        except InvalidData:
            continue
        lengths.append(length)
    return lengths
