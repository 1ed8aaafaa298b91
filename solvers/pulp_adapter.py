"""Mixed-integer programs written with PuLP, and the backends that solve them.

PuLP says "Optimal" of a run that a time limit or a gap stopped, gives the value of an
objective that no solution has, and tells no bound. So HiGHS and CBC are run on PuLP's
model here, and what they say themselves is read; nothing unproven is passed on.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from instances import SolverUnavailable
from solvers.cbc_backend import cbc_path, solve_with_cbc
from solvers.highs_backend import solve_with_highs
from solvers.outcome import Outcome, Values
from solvers.result import StoppedBy
from solvers.search import Search

if TYPE_CHECKING:
    from highspy import HighsLp
    from pulp import LpProblem, LpVariable

_OWN = {"highs": "highs", "cbc": "cbc", "coin_cmd": "cbc", "pulp_cbc_cmd": "cbc"}
"""The backends that are run here, by the names that PuLP gives them too."""


def check_backend(backend: str) -> str:
    """Return the backend's name as this file uses it.

    Raises
    ------
    SolverUnavailable
        If PuLP has no such solver here; the message names those that it has.
    """
    import pulp

    name = _OWN.get(backend.lower(), backend)
    has_cbc = cbc_path() is not None
    if name == "highs" or (name == "cbc" and has_cbc):
        return name
    others = [
        other
        for other in pulp.listSolvers(onlyAvailable=True)
        if other.lower() not in _OWN
    ]
    if name in others:
        return name
    known = ", ".join(["highs", *(["cbc"] if has_cbc else []), *others])
    message = f"PuLP has no backend {backend!r} here; it has: {known}"
    raise SolverUnavailable(message)


def solve_problem(
    problem: "LpProblem",
    columns: Sequence["LpVariable"],
    backend: str,
    search: Search,
    *,
    report: Callable[[Values, float | None], None] = lambda values, bound: None,
    start: Values | None = None,
) -> Outcome:
    """Maximise a program to a gap of 0, or until time or Ctrl-C stops it.

    Parameters
    ----------
    problem
        PuLP model that maximises.
    columns
        All its variables; solutions are told by their indices here.
    backend
        ``highs``, ``cbc`` or another solver that PuLP lists as available.
    search
        Its time limit, seed, workers and verbosity hold for the backend.
    report
        Called with the columns that are not 0 and the proven bound of each incumbent,
        where the backend tells them while it runs.
    start
        Columns that are not 0 in a solution to start from.
    """
    name = check_backend(backend)
    if name == "highs":
        model = _minimised(problem, columns, search)
        return solve_with_highs(model, search, report, start)
    if name == "cbc":
        return solve_with_cbc(_minimised(problem, columns, search), search, start)
    return _solve_with_other(problem, columns, name, search)


def _minimised(
    problem: "LpProblem", columns: Sequence["LpVariable"], search: Search
) -> "HighsLp":
    """Return the model that minimises the negative, as arrays.

    PuLP's own translations go variable by variable and cannot be stopped by a clock.
    """
    import highspy
    from pulp import LpInteger

    search.check_time()
    size = len(columns)
    position = {x: j for j, x in enumerate(columns)}
    gains = problem.objective
    rows = problem.constraints()
    indices, coefficients = [], []
    for row in rows:
        search.check_time()
        terms = row.expr
        at = np.fromiter((position[x] for x in terms), np.int32, len(terms))
        indices.append(at)
        coefficients.append(np.fromiter(terms.values(), np.float64, len(terms)))
    infinity = highspy.kHighsInf
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = size, len(rows)
    model.col_cost_ = -np.fromiter((gains.get(x, 0.0) for x in columns), float, size)
    model.col_lower_ = _bounds([x.lowBound for x in columns], -infinity)
    model.col_upper_ = _bounds([x.upBound for x in columns], infinity)
    kinds = highspy.HighsVarType
    model.integrality_ = [
        kinds.kInteger if x.cat == LpInteger else kinds.kContinuous for x in columns
    ]
    model.row_lower_ = _bounds([row.getLb() for row in rows], -infinity)
    model.row_upper_ = _bounds([row.getUb() for row in rows], infinity)
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.num_col_, matrix.num_row_ = size, len(rows)
    matrix.start_ = np.concatenate(([0], np.cumsum([len(at) for at in indices])))
    matrix.index_ = np.concatenate(indices)
    matrix.value_ = np.concatenate(coefficients)
    search.check_time()
    return model


def _bounds(given: list[float | None], missing: float) -> NDArray[np.float64]:
    return np.array([missing if bound is None else bound for bound in given])


def _solve_with_other(
    problem: "LpProblem", columns: Sequence["LpVariable"], name: str, search: Search
) -> Outcome:
    """Run another PuLP solver; no bound, since PuLP does not tell what it proved."""
    import pulp

    search.check_time()
    settings: dict[str, Any] = {"msg": search.options.verbosity > 0}
    if search.options.time_limit is not None:
        settings["timeLimit"] = search.remaining
    problem.solve(pulp.getSolver(name, **settings))
    found = (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible)
    values = None
    if problem.sol_status in found:
        values = {j: x.varValue for j, x in enumerate(columns) if x.varValue}
    return Outcome(
        status=pulp.LpStatus[problem.status],
        values=values,
        infeasible=problem.status == pulp.LpStatusInfeasible,
        stopped_by=StoppedBy.TIME_LIMIT if search.remaining == 0 else None,
    )
