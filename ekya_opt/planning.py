"""One solver's plan for one instance, as the first part of a table's row."""

import time
from collections.abc import Mapping
from typing import Any

from ekya_opt.solver_specs import SolverSpec, settings_text
from instances import Instance
from solvers import Options, Result, Status, StoppedBy, get_solver, solve

COLUMNS = ("instance", "solver", "settings", "status", "stopped_by", "seconds", "error")


def planned(
    instance: Instance,
    spec: SolverSpec,
    options: Mapping[str, Any],
    errors: Mapping[str, Any],
) -> tuple[dict[str, Any], Result | None]:
    """Return a row's common fields, and the result unless the solver failed.

    Parameters
    ----------
    instance, spec
        What to plan for, and with what.
    options
        Fields of :class:`solvers.Options` other than the settings.
    errors
        Settings that tell a robust solver of the errors to expect; they reach a
        solver that has settings of these names, where the spec says nothing else.
    """
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {"instance": instance.name, "solver": spec.solver}
    row["settings"] = settings_text(spec.settings)
    start = time.perf_counter()
    result = None
    try:
        known = {setting.name for setting in get_solver(spec.target).settings}
        told = {name: value for name, value in errors.items() if name in known}
        settings = {**told, **spec.settings}
        result = solve(instance, spec.target, Options(**options, settings=settings))
    except KeyboardInterrupt:
        row["status"] = str(Status.NO_SOLUTION)
        row["stopped_by"] = str(StoppedBy.INTERRUPT)
    except Exception as problem:
        message = " ".join(str(problem).split()) or "no message"
        row["status"] = str(Status.ERROR)
        row["error"] = f"{type(problem).__name__}: {message}"
    else:
        row["status"] = str(result.status)
        stopped = result.stopped_by
        row["stopped_by"] = None if stopped is None else str(stopped)
    row["seconds"] = time.perf_counter() - start
    return row, result
