"""Writing the exact models of problems to files that other solvers read."""

import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instances import InvalidOption, SolverUnavailable
from instances.json_files import write_atomically
from instances.placement import Placement
from instances.problems import is_server, kind_of

if TYPE_CHECKING:
    from instances.problems import Problem

FORMATS = {
    "compact": ("lp", "mps"),
    "literal": ("lp", "mps"),
    "cp-sat": ("proto",),
}
"""The file formats of each formulation."""

_MODULES = {
    "compact": {
        "static window": "formulations.window_milp",
        "server window": "formulations.server_milp",
        "static horizon": "formulations.horizon_milp",
        "server horizon": "formulations.horizon_server_milp",
        "placement": "formulations.placement_milp",
    },
    "literal": {"static window": "formulations.window_milp_literal"},
    "cp-sat": {
        "static window": "formulations.window_cp",
        "server window": "formulations.server_cp",
        "server horizon": "formulations.horizon_server_cp",
        "placement": "formulations.placement_cp",
    },
}
"""Where the model of each formulation is built, by the kind of problem."""


def export(problem: "Problem", formulation: str, format: str, path: str | Path) -> None:
    """Write an exact model of a problem to a file, all or nothing.

    The model is the one that the solvers ``milp`` and ``cp-sat`` use for the problem,
    with nothing settled before: of a window with reallocation ``server`` it is
    time-indexed.

    The objective is scaled. ``lp`` maximises, and ``mps``, which has no sense of its
    own, minimises the negative of ``1e3 · V · W`` times the weighted mean; V is the
    number of streams and W that of windows. ``proto`` is a binary CP-SAT model that
    maximises 2e9 times the weighted mean, in rounded coefficients.

    Parameters
    ----------
    problem
        The instance, horizon or placement.
    formulation
        ``compact``, ``literal`` (Eq. 1 as printed, for a static window) or ``cp-sat``.
    format
        ``lp`` or ``mps``; ``proto`` for ``cp-sat``.
    path
        The file to write.

    Raises
    ------
    InvalidOption
        If there is no such formulation, or not in that format.
    SolverUnavailable
        If the formulation is not for this kind of problem.
    EkyaOptError
        If the file cannot be written.
    """
    _check(formulation, format)
    model = _build(problem, formulation)
    with tempfile.TemporaryDirectory(prefix="ekya-opt-") as folder:
        draft = Path(folder) / "model"
        if format == "proto":
            model.export_to_file(str(draft))
        elif format == "lp":
            model.writeLP(str(draft))
        else:
            from pulp import LpMinimize

            model.writeMPS(str(draft), mpsSense=LpMinimize)
        write_atomically(Path(path), draft.read_bytes())


def _build(problem: "Problem", formulation: str) -> Any:
    """Return the problem's model in a formulation, as PuLP or CP-SAT has it."""
    mode = str(kind_of(problem))
    if not isinstance(problem, Placement):
        mode = f"{'server' if is_server(problem) else 'static'} {mode}"
    module = _MODULES[formulation].get(mode)
    if module is None:
        known = ", ".join(_MODULES[formulation])
        message = f"formulation {formulation} is not for a {mode}, expected one of"
        raise SolverUnavailable(f"{message}: {known}")
    return import_module(module).build(problem).problem


def _check(formulation: str, format: str) -> None:
    if formulation not in FORMATS:
        known = ", ".join(FORMATS)
        message = f"formulation is {formulation!r}, expected one of {known}"
        raise InvalidOption(message)
    formats = FORMATS[formulation]
    if format not in formats:
        message = f"format is {format!r}, expected {' or '.join(formats)}"
        raise InvalidOption(f"{message} for formulation {formulation}")
