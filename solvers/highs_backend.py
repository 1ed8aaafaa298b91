"""HiGHS on a program: in this process, or in one of its own when it is large."""

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from instances import EkyaOptError
from solvers.outcome import Outcome, Values
from solvers.result import StoppedBy
from solvers.search import Search, run_interruptibly

if TYPE_CHECKING:
    from highspy import HighsLp

MOST_COLUMNS_HERE = 20_000
"""Larger programs are solved in a process of their own.

HiGHS looks at no clock and no callback within a presolve, which takes 22 s with
290,000 columns; only a process can be ended then.
"""

LEAST_VALUE = 1e-9
"""Columns nearer to 0 count as 0."""

SECONDS_A_LOOK = 0.2
"""Time between two looks at the bound."""

GRACE_SECONDS = 0.5
"""How long after the time limit a process may take to tell its answer."""

RUNNING = "Running"
"""Status of what is told before the end."""

Report = Callable[[Values, float | None], None]


def solve_with_highs(
    model: "HighsLp", search: Search, report: Report, start: Values | None
) -> Outcome:
    """Minimise a model to a gap of 0, or until time or Ctrl-C stops it.

    Parameters
    ----------
    model
        The program, with the negative of its objective.
    search
        Its time limit, seed, workers and verbosity hold.
    report
        Called with the columns that are not 0 and the proven bound of each incumbent.
    start
        Columns that are not 0 in a solution to start from.
    """
    options = search.options
    settings = {
        "output_flag": options.verbosity > 0,
        "threads": options.workers,
        "random_seed": options.seed,
    }
    search.check_time()
    if model.num_col_ > MOST_COLUMNS_HERE:
        return _run_elsewhere(model, search, settings, report, start)
    stopping: list[bool] = []
    limit = None if options.time_limit is None else search.remaining
    outcome, interrupted = run_interruptibly(
        lambda: run_highs(model, settings, limit, report, start, stopping),
        lambda: stopping.append(True),
    )
    if interrupted:
        outcome = replace(outcome, stopped_by=StoppedBy.INTERRUPT)
    return outcome


def run_highs(
    model: "HighsLp | str",
    settings: dict[str, Any],
    time_limit: float | None,
    report: Report,
    start: Values | None,
    stopping: list[bool],
    on_bound: Callable[[float], None] = lambda bound: None,
) -> Outcome:
    """Run HiGHS here on a model or a model file until ``stopping`` is not empty.

    ``on_bound`` is called now and then with a better bound than before.
    """
    import highspy

    highs = highspy.Highs()
    for name, value in settings.items():
        highs.setOptionValue(name, value)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("mip_abs_gap", 0.0)
    if time_limit is not None:
        highs.setOptionValue("time_limit", time_limit)
    if isinstance(model, str):
        highs.readModel(model)
    else:
        highs.passModel(model)
    warm_start = None
    if start is not None:
        solution = highspy.HighsSolution()
        values = np.zeros(highs.getNumCol())
        values[list(start)] = list(start.values())
        solution.col_value = values.tolist()
        accepted = highs.setSolution(solution) == highspy.HighsStatus.kOk
        warm_start = "accepted" if accepted else "ignored"

    kinds = highspy.cb.HighsCallbackType
    failures: list[Exception] = []
    looked_at, least = time.monotonic(), math.inf

    def look_at_bound(told: Any) -> None:
        nonlocal looked_at, least
        now, bound = time.monotonic(), _proven(told.mip_dual_bound)
        if now > looked_at + SECONDS_A_LOOK and bound is not None and bound < least:
            looked_at, least = now, bound
            on_bound(bound)

    def callback(kind: Any, message: str, told: Any, wanted: Any, _: Any) -> None:
        try:
            if kind == kinds.kCallbackMipInterrupt:
                look_at_bound(told)
            if kind != kinds.kCallbackMipImprovingSolution:
                wanted.user_interrupt = bool(stopping)
                return
            report(_nonzero(told.mip_solution), _proven(told.mip_dual_bound))
        except Exception as problem:
            # An exception must not unwind HiGHS's own frames.
            failures.append(problem)
            stopping.append(True)

    highs.setCallback(callback, None)
    highs.startCallback(kinds.kCallbackMipImprovingSolution)
    highs.startCallback(kinds.kCallbackMipInterrupt)
    highs.startCallback(kinds.kCallbackSimplexInterrupt)
    highs.run()
    statuses = highspy.HighsModelStatus
    if highs.getModelStatus() == statuses.kNotset:
        # HiGHS refuses another number of threads than its process began with.
        highspy.Highs.resetGlobalScheduler(True)
        highs.run()
    if failures:
        raise failures[0]
    status, info = highs.getModelStatus(), highs.getInfo()
    solved = (
        info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    )
    timed_out = status == statuses.kTimeLimit
    return Outcome(
        status=highs.modelStatusToString(status),
        values=_nonzero(highs.getSolution().col_value) if solved else None,
        bound=_proven(info.mip_dual_bound),
        infeasible=status in (statuses.kInfeasible, statuses.kUnboundedOrInfeasible),
        stopped_by=StoppedBy.TIME_LIMIT if timed_out else None,
        warm_start=warm_start,
    )


def write_mps(model: "HighsLp", file: Path) -> None:
    """Write a model with the names X0, X1, … of its columns; HiGHS is fast at it."""
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    model.col_names_ = [f"X{j}" for j in range(model.num_col_)]
    model.row_names_ = [f"R{i}" for i in range(model.num_row_)]
    highs.passModel(model)
    highs.writeModel(str(file))


def _run_elsewhere(
    model: "HighsLp",
    search: Search,
    settings: dict[str, Any],
    report: Report,
    start: Values | None,
) -> Outcome:
    """Run HiGHS in a process of its own, which tells its incumbents line by line."""
    last = Outcome(status=RUNNING)
    with tempfile.TemporaryDirectory(prefix="ekya-opt-") as folder:
        file = Path(folder) / "model.mps"
        write_mps(model, file)
        search.check_time()
        limited = search.options.time_limit is not None
        limit = search.remaining if limited else None
        places = [place or os.getcwd() for place in sys.path]
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "solvers.highs_backend"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = None if limit is None else time.time() + limit
        task = [str(file), settings, deadline, None if start is None else dict(start)]
        told = process.stdout

        def work() -> Outcome:
            nonlocal last
            for line in told:
                if not line.startswith("{"):
                    sys.stderr.write(line)
                    continue
                told_now = _parsed(line)
                if told_now.values is None and told_now.status == RUNNING:
                    last = replace(last, bound=told_now.bound)
                    continue
                last = told_now
                if last.values is not None:
                    report(last.values, last.bound)
            process.wait()
            return last

        # What is told last stands: nothing is lost when the process is killed.
        clock = threading.Timer((limit or 0.0) + GRACE_SECONDS, process.kill)
        try:
            process.stdin.write(json.dumps(task))
            process.stdin.close()
            if limited:
                clock.start()
            outcome, interrupted = run_interruptibly(work, process.kill)
        finally:
            clock.cancel()
            process.kill()
            process.wait()
            told.close()
    stopped_by = StoppedBy.INTERRUPT if interrupted else outcome.stopped_by
    if process.returncode != 0:
        if stopped_by is None and search.remaining > 0:
            message = f"HiGHS ended with exit status {process.returncode}"
            raise EkyaOptError(message)
        outcome = replace(outcome, status="Stopped")
        stopped_by = stopped_by or StoppedBy.TIME_LIMIT
    return replace(outcome, stopped_by=stopped_by)


def _parsed(line: str) -> Outcome:
    told = json.loads(line)
    known = told["stopped_by"]
    told["values"] = _by_index(told["values"])
    told["stopped_by"] = None if known is None else StoppedBy(known)
    return Outcome(**told)


def _nonzero(values: Sequence[float]) -> Values:
    given = np.asarray(values)
    at = np.flatnonzero(np.abs(given) > LEAST_VALUE)
    return dict(zip(at.tolist(), given[at].tolist(), strict=True))


def _by_index(values: dict[str, float] | None) -> Values | None:
    """Return values whose indices JSON has made text."""
    return None if values is None else {int(j): x for j, x in values.items()}


def _proven(dual_bound: float) -> float | None:
    return -dual_bound if math.isfinite(dual_bound) else None


def _main() -> None:
    """Solve the task on standard input; tell incumbents and the outcome as JSON."""
    file, settings, deadline, start = json.load(sys.stdin)
    limit = None if deadline is None else max(0.0, deadline - time.time())

    def tell(outcome: Outcome) -> None:
        print(json.dumps(asdict(outcome)), flush=True)

    def report(values: Values, bound: float | None) -> None:
        tell(Outcome(status=RUNNING, values=values, bound=bound))

    def report_bound(bound: float) -> None:
        tell(Outcome(status=RUNNING, bound=bound))

    given = _by_index(start)
    tell(run_highs(file, settings, limit, report, given, [], report_bound))


if __name__ == "__main__":
    _main()
