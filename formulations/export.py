"""Writing a window's exact models to files that other solvers read."""

import tempfile
from pathlib import Path

from instances import Instance, InvalidOption, Reallocation
from instances.json_files import write_atomically

FORMATS = {
    "compact": ("lp", "mps"),
    "literal": ("lp", "mps"),
    "cp-sat": ("proto",),
}
"""The file formats of each formulation."""


def export(instance: Instance, formulation: str, format: str, path: str | Path) -> None:
    """Write an exact model of a window to a file, all or nothing.

    The model is the one that the solvers ``milp`` and ``cp-sat`` use for the instance:
    with reallocation ``server`` it is time-indexed, with nothing fixed before.

    The objective is scaled. ``lp`` maximises, and ``mps``, which has no sense of its
    own, minimises the negative of ``1e3 · V`` times the weighted mean; V is the number
    of streams. ``proto`` is a binary CP-SAT model that maximises 2e9 times the
    weighted mean, in rounded coefficients.

    Parameters
    ----------
    instance
        The problem.
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
        If the formulation is ``literal`` and the reallocation ``server``.
    EkyaOptError
        If the file cannot be written.
    """
    _check(formulation, format)
    with tempfile.TemporaryDirectory(prefix="ekya-opt-") as folder:
        draft = Path(folder) / "model"
        if formulation == "cp-sat":
            _write_cp(instance, draft)
        else:
            _write_milp(instance, formulation, format, draft)
        write_atomically(Path(path), draft.read_bytes())


def _check(formulation: str, format: str) -> None:
    if formulation not in FORMATS:
        known = ", ".join(FORMATS)
        message = f"formulation is {formulation!r}, expected one of {known}"
        raise InvalidOption(message)
    formats = FORMATS[formulation]
    if format not in formats:
        message = f"format is {format!r}, expected {' or '.join(formats)}"
        raise InvalidOption(f"{message} for formulation {formulation}")


def _write_milp(instance: Instance, formulation: str, format: str, file: Path) -> None:
    from pulp import LpMinimize

    from formulations import server_milp, window_milp, window_milp_literal

    if formulation == "literal":
        problem = window_milp_literal.build(instance).problem
    elif instance.reallocation is Reallocation.SERVER:
        problem = server_milp.build(instance).problem
    else:
        problem = window_milp.build(instance).problem
    if format == "lp":
        problem.writeLP(str(file))
    else:
        problem.writeMPS(str(file), mpsSense=LpMinimize)


def _write_cp(instance: Instance, file: Path) -> None:
    from formulations import server_cp, window_cp

    is_server = instance.reallocation is Reallocation.SERVER
    build = server_cp.build if is_server else window_cp.build
    build(instance).problem.export_to_file(str(file))
