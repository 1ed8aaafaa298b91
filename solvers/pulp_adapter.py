"""PuLP's backends: the one place that knows what their statuses and bounds mean.

PuLP says "Optimal" of a run that a time limit or a gap stopped, gives the value of an
objective that no solution has, and tells no bound. So HiGHS and CBC are run here on
PuLP's model, and what they say themselves is read; nothing unproven is passed on.
"""

import logging
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from instances import EkyaOptError, SolverUnavailable
from solvers.result import StoppedBy
from solvers.search import Search, run_interruptibly

if TYPE_CHECKING:
    from highspy import HighsLp
    from pulp import LpProblem, LpVariable

_ALIASES = {
    "highs": "highs",
    "cbc": "cbc",
    "coin_cmd": "cbc",
    "pulp_cbc_cmd": "cbc",
}

CBC_BOUND_ROUNDING = 5e-4
"""CBC prints a bound with three decimals; it may be this much too low or too high."""

KILL_SECONDS = 3.0
"""How long CBC may take to write its incumbent after it was asked to stop."""

log = logging.getLogger(__name__)

OnIncumbent = Callable[[list[str], float | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a backend found for a 0/1 program that is maximised.

    Parameters
    ----------
    status
        The backend's own word, for people.
    ones
        Names of the variables at 1 in the best solution; ``None`` without one.
    bound
        Proven upper bound on the program's objective.
    infeasible
        Whether the backend proved that there is no solution.
    stopped_by
        What cut the run short.
    warm_start
        ``accepted`` or ``ignored``; ``None`` if there was none to give.
    """

    status: str
    ones: list[str] | None = None
    bound: float | None = None
    infeasible: bool = False
    stopped_by: StoppedBy | None = None
    warm_start: str | None = None


def check_backend(backend: str) -> str:
    """Return the backend's name as this file uses it.

    Raises
    ------
    SolverUnavailable
        If PuLP has no such solver here; the message names those that it has.
    """
    import pulp

    name = _ALIASES.get(backend.lower(), backend)
    if name == "highs" or (name == "cbc" and _cbc_path() is not None):
        return name
    others = pulp.listSolvers(onlyAvailable=True)
    if name in others:
        return name
    installed = ["highs"] if _cbc_path() is None else ["highs", "cbc"]
    installed += [other for other in others if other.lower() not in _ALIASES]
    message = f"PuLP has no backend {backend!r} here; it has: {', '.join(installed)}"
    raise SolverUnavailable(message)


def solve_problem(
    problem: "LpProblem",
    backend: str,
    search: Search,
    *,
    on_incumbent: OnIncumbent = lambda ones, bound: None,
    start: Sequence[str] | None = None,
) -> Outcome:
    """Maximise a 0/1 program to a gap of 0, or until time or Ctrl-C stops it.

    Parameters
    ----------
    problem
        PuLP model that maximises, of binaries only.
    backend
        ``highs``, ``cbc`` or another solver that PuLP lists as available.
    search
        Its time limit, seed, workers and verbosity hold for the backend.
    on_incumbent
        Called with the names at 1 and the bound of each incumbent, where the backend
        tells them.
    start
        Names of the variables at 1 in a solution to start from.
    """
    name = check_backend(backend)
    if name == "highs":
        return _solve_with_highs(problem, search, on_incumbent, start)
    if name == "cbc":
        return _solve_with_cbc(problem, search, start)
    return _solve_with_other(problem, name, search)


def _solve_with_highs(
    problem: "LpProblem",
    search: Search,
    on_incumbent: OnIncumbent,
    start: Sequence[str] | None,
) -> Outcome:
    import highspy

    columns = problem.variables()
    highs = highspy.Highs()
    options = search.options
    highs.setOptionValue("output_flag", options.verbosity > 0)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("mip_abs_gap", 0.0)
    highs.setOptionValue("threads", options.workers)
    highs.setOptionValue("random_seed", options.seed)
    highs.passModel(_minimised(problem, columns, search))
    warm_start = None
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = _indicators(columns, start)
        accepted = highs.setSolution(solution) == highspy.HighsStatus.kOk
        warm_start = "accepted" if accepted else "ignored"

    kinds = highspy.cb.HighsCallbackType
    stopping: list[bool] = []
    failures: list[Exception] = []

    def callback(kind: Any, message: str, told: Any, wanted: Any, _: Any) -> None:
        if kind != kinds.kCallbackMipImprovingSolution:
            wanted.user_interrupt = bool(stopping)
            return
        try:
            bound = -told.mip_dual_bound
            proven = bound if np.isfinite(bound) else None
            on_incumbent(_names_at_one(columns, told.mip_solution), proven)
        except Exception as problem:
            # An exception must not unwind HiGHS's own frames.
            failures.append(problem)
            stopping.append(True)

    highs.setCallback(callback, None)
    highs.startCallback(kinds.kCallbackMipImprovingSolution)
    highs.startCallback(kinds.kCallbackMipInterrupt)
    highs.startCallback(kinds.kCallbackSimplexInterrupt)

    def work() -> None:
        search.check_time()
        if options.time_limit is not None:
            highs.setOptionValue("time_limit", search.remaining)
        highs.run()
        if highs.getModelStatus() == highspy.HighsModelStatus.kNotset:
            # HiGHS refuses another number of threads than its process began with.
            highspy.Highs.resetGlobalScheduler(True)
            highs.run()

    _, interrupted = run_interruptibly(work, lambda: stopping.append(True))
    if failures:
        raise failures[0]
    status, info = highs.getModelStatus(), highs.getInfo()
    statuses = highspy.HighsModelStatus
    stopped_by = None
    if interrupted:
        stopped_by = StoppedBy.INTERRUPT
    elif status == statuses.kTimeLimit:
        stopped_by = StoppedBy.TIME_LIMIT
    infeasible = (statuses.kInfeasible, statuses.kUnboundedOrInfeasible)
    solved = (
        info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    )
    values = highs.getSolution().col_value if solved else []
    return Outcome(
        status=highs.modelStatusToString(status),
        ones=_names_at_one(columns, values) if solved else None,
        bound=-info.mip_dual_bound if np.isfinite(info.mip_dual_bound) else None,
        infeasible=status in infeasible,
        stopped_by=stopped_by,
        warm_start=warm_start,
    )


def _solve_with_cbc(
    problem: "LpProblem", search: Search, start: Sequence[str] | None
) -> Outcome:
    columns = problem.variables()
    model = _minimised(problem, columns, search)
    with tempfile.TemporaryDirectory(prefix="ekya-opt-") as folder:
        files = Path(folder)
        _write_mps(model, files / "model.mps")
        command = [_cbc_path() or "cbc", "model.mps"]
        if start is not None:
            _write_cbc_start(files / "start.sol", _indicators(columns, start))
            command += ["-mipstart", "start.sol"]
        command += ["-ratio", "0", "-allow", "0", "-increment", "1e-12"]
        command += ["-randomCbcSeed", str(max(1, search.options.seed))]
        if search.options.workers > 1:
            command += ["-threads", str(search.options.workers)]
        search.check_time()
        if search.options.time_limit is not None:
            command += ["-timeMode", "elapsed", "-sec", f"{search.remaining:.3f}"]
        command += ["-solve", "-solution", "answer.sol"]
        interrupted, timed_out = _run_cbc(command, files, search)
        told = (files / "log.txt").read_text(errors="replace")
        answer = files / "answer.sol"
        lines = answer.read_text().splitlines() if answer.exists() else []
    if search.options.verbosity > 0:
        sys.stderr.write(told)
    status = lines[0].split(" - ")[0] if lines else "no answer"
    infeasible = "infeasible" in status.lower()
    # "Stopped on time (no integer solution - continuous used)" is no solution.
    solved = bool(lines) and not infeasible and "no integer" not in lines[0]
    stopped_by = None
    if interrupted:
        stopped_by = StoppedBy.INTERRUPT
    elif timed_out or "on time" in status:
        stopped_by = StoppedBy.TIME_LIMIT
    warm_start = None
    if start is not None:
        warm_start = "accepted" if "MIPStart provided solution" in told else "ignored"
    if not lines and stopped_by is None:
        raise EkyaOptError(f"CBC left no answer; its log ends: {told[-200:]!r}")
    return Outcome(
        status=status,
        ones=_names_at_one(columns, _cbc_values(lines, len(columns)))
        if solved
        else None,
        bound=_cbc_bound(told, lines),
        infeasible=infeasible,
        stopped_by=stopped_by,
        warm_start=warm_start,
    )


def _run_cbc(command: list[str], folder: Path, search: Search) -> tuple[bool, bool]:
    """Run CBC in a folder; return whether Ctrl-C or the clock had to stop it.

    CBC has a session of its own, so that Ctrl-C at a terminal reaches this process
    alone, which passes it on. On the first SIGINT CBC ends its search and goes on to
    write its incumbent.
    """
    asked_at: list[float] = []

    def ask() -> None:
        if not asked_at:
            asked_at.append(time.monotonic())
            process.send_signal(signal.SIGINT)
        elif time.monotonic() > asked_at[0] + KILL_SECONDS:
            process.kill()

    with (folder / "log.txt").open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    limit = search.options.time_limit
    overtime = False

    def work() -> None:
        nonlocal overtime
        if limit is None:
            process.wait()
            return
        try:
            process.wait(search.remaining + 0.3 + 0.05 * limit)
        except subprocess.TimeoutExpired:
            overtime = True
            process.send_signal(signal.SIGINT)
            try:
                process.wait(0.3 + 0.03 * limit)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    try:
        _, interrupted = run_interruptibly(work, ask)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return interrupted, overtime


def _cbc_bound(told: str, lines: list[str]) -> float | None:
    """Return the upper bound that CBC proved, from its log and its answer.

    It minimises the negative. The log ends with "Lower bound:" after a search that
    was stopped; without that line an answer "Optimal" is itself the bound.
    """
    proven = re.findall(r"^Lower bound:\s+(\S+)\s*$", told, re.MULTILINE)
    if proven:
        bound = -float(proven[-1]) + CBC_BOUND_ROUNDING
        return bound if abs(bound) < 1e30 else None
    optimal = re.fullmatch(r"Optimal - objective value\s+(\S+)\s*", "".join(lines[:1]))
    return None if optimal is None else -float(optimal[1])


def _cbc_values(lines: list[str], num_columns: int) -> list[float]:
    """Return the columns' values from CBC's answer, which leaves out zeros."""
    values = [0.0] * num_columns
    for line in lines[1:]:
        words = line.replace("**", "").split()
        if words[1].startswith("X"):
            values[int(words[1][1:])] = float(words[2])
    return values


def _write_cbc_start(file: Path, values: list[float]) -> None:
    rows = [f"{j} X{j} {value:g} 0" for j, value in enumerate(values)]
    file.write_text("\n".join(["Stopped on time - objective value 0", *rows, ""]))


def _write_mps(model: "HighsLp", file: Path) -> None:
    """Write a model with the names X0, X1, … of its columns; HiGHS is fast at it."""
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    model.col_names_ = [f"X{j}" for j in range(model.num_col_)]
    model.row_names_ = [f"R{i}" for i in range(model.num_row_)]
    highs.passModel(model)
    highs.writeModel(str(file))


def _solve_with_other(problem: "LpProblem", name: str, search: Search) -> Outcome:
    """Run another PuLP solver; no bound, since PuLP does not tell what it proved."""
    import pulp

    search.check_time()
    settings: dict[str, Any] = {"msg": search.options.verbosity > 0}
    if search.options.time_limit is not None:
        settings["timeLimit"] = search.remaining
    problem.solve(pulp.getSolver(name, **settings))
    found = (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible)
    ones = None
    if problem.sol_status in found:
        columns = problem.variables()
        ones = _names_at_one(columns, [x.varValue or 0.0 for x in columns])
    stopped = ones is None or problem.sol_status == pulp.LpSolutionIntegerFeasible
    return Outcome(
        status=pulp.LpStatus[problem.status],
        ones=ones,
        infeasible=problem.status == pulp.LpStatusInfeasible,
        stopped_by=StoppedBy.TIME_LIMIT if stopped and search.remaining == 0 else None,
    )


def _minimised(
    problem: "LpProblem", columns: Sequence["LpVariable"], search: Search
) -> "HighsLp":
    """Return the model that minimises the negative, as arrays.

    PuLP's own translations go variable by variable and cannot be stopped by a clock.
    """
    import highspy

    search.check_time()
    position = {x: j for j, x in enumerate(columns)}
    gains = problem.objective
    assert gains is not None
    starts, indices, coefficients, lower, upper = [0], [], [], [], []
    for row in problem.constraints():
        search.check_time()
        terms = row.expr
        at = np.fromiter((position[x] for x in terms), np.int32, len(terms))
        indices.append(at)
        coefficients.append(np.fromiter(terms.values(), np.float64, len(terms)))
        starts.append(starts[-1] + len(terms))
        low, high = row.getLb(), row.getUb()
        lower.append(-highspy.kHighsInf if low is None else low)
        upper.append(highspy.kHighsInf if high is None else high)
    model = highspy.HighsLp()
    size = len(columns)
    model.num_col_, model.num_row_ = size, len(lower)
    model.col_cost_ = -np.fromiter((gains.get(x, 0.0) for x in columns), float, size)
    model.col_lower_, model.col_upper_ = np.zeros(size), np.ones(size)
    model.integrality_ = [highspy.HighsVarType.kInteger] * size
    model.row_lower_, model.row_upper_ = np.array(lower), np.array(upper)
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.num_col_, matrix.num_row_ = size, len(lower)
    matrix.start_ = np.array(starts)
    matrix.index_ = np.concatenate(indices)
    matrix.value_ = np.concatenate(coefficients)
    search.check_time()
    return model


def _indicators(columns: Sequence["LpVariable"], ones: Sequence[str]) -> list[float]:
    names = set(ones)
    return [float(x.name in names) for x in columns]


def _names_at_one(
    columns: Sequence["LpVariable"], values: Sequence[float]
) -> list[str]:
    chosen = np.flatnonzero(np.asarray(values) > 0.5)
    return [columns[j].name for j in chosen.tolist()]


def _cbc_path() -> str | None:
    """Return the CBC that PuLP brings, or else the one on the path."""
    import pulp

    bundled = getattr(pulp.PULP_CBC_CMD, "pulp_cbc_path", None)
    return shutil.which(bundled or "cbc") or shutil.which("cbc")
