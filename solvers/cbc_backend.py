"""CBC on a program, in its own process; what its log and its answer mean."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from instances import EkyaOptError
from solvers.highs_backend import write_mps
from solvers.outcome import Outcome, Values
from solvers.result import StoppedBy
from solvers.search import Search, run_interruptibly

if TYPE_CHECKING:
    from highspy import HighsLp

BOUND_ROUNDING = 5e-4
"""CBC prints a bound with three decimals; it may be this much too low."""

NEAR_THE_LIMIT = 0.05
"""Part of the time limit from whose end on CBC may have stopped for it."""

KILL_SECONDS = 3.0
"""How long CBC may take to write its incumbent after Ctrl-C."""


def cbc_path() -> str | None:
    """Return the CBC that PuLP brings, or else the one on the path."""
    import pulp

    bundled = getattr(pulp.PULP_CBC_CMD, "pulp_cbc_path", "cbc")
    return shutil.which(bundled) or shutil.which("cbc")


def solve_with_cbc(model: "HighsLp", search: Search, start: Values | None) -> Outcome:
    """Minimise a model to a gap of 0, or until time or Ctrl-C stops it.

    Parameters
    ----------
    model
        The program, with the negative of its objective.
    search
        Its time limit, seed, workers and verbosity hold.
    start
        Columns that are not 0 in a solution to start from.
    """
    with tempfile.TemporaryDirectory(prefix="ekya-opt-") as folder:
        files = Path(folder)
        write_mps(model, files / "model.mps")
        command = [cbc_path() or "cbc", "model.mps"]
        if start is not None:
            _write_start(files / "start.sol", model.num_col_, start)
            command += ["-mipstart", "start.sol"]
        command += ["-ratio", "0", "-allow", "0", "-increment", "1e-12"]
        command += ["-randomCbcSeed", str(max(1, search.options.seed))]
        if search.options.workers > 1:
            command += ["-threads", str(search.options.workers)]
        search.check_time()
        if search.options.time_limit is not None:
            seconds = max(0.001, search.remaining)
            command += ["-timeMode", "elapsed", "-sec", f"{seconds:.3f}"]
        command += ["-solve", "-solution", "answer.sol"]
        interrupted = _run(command, files, search)
        log = (files / "log.txt").read_text(errors="replace")
        answer = files / "answer.sol"
        lines = answer.read_text().splitlines() if answer.exists() else []
    if search.options.verbosity > 0:
        sys.stderr.write(log)
    stopped_by = None
    if interrupted:
        stopped_by = StoppedBy.INTERRUPT
    elif search.remaining <= NEAR_THE_LIMIT * (search.options.time_limit or 0):
        stopped_by = StoppedBy.TIME_LIMIT
    if not lines and stopped_by is None:
        raise EkyaOptError(f"CBC left no answer; its log ends: {log[-200:]!r}")
    return _read(lines, log, stopped_by, given=start is not None)


def _read(
    lines: list[str], log: str, stopped_by: StoppedBy | None, *, given: bool
) -> Outcome:
    """Return what an answer's lines and a log say.

    "Stopped on time (no integer solution - continuous used)" is no solution. A run
    that the clock stops while it preprocesses answers "Integer infeasible", so that
    only a run that was not stopped proves it.
    """
    head = lines[0] if lines else "No answer"
    infeasible = "infeasible" in head.lower()
    solved = bool(lines) and not infeasible and "no integer" not in head
    warm_start = None
    if given:
        warm_start = "accepted" if "MIPStart provided solution" in log else "ignored"
    optimal = head.startswith("Optimal")
    return Outcome(
        status=head.split(" - objective")[0],
        values=_values(lines) if solved else None,
        bound=_bound(head, log),
        infeasible=infeasible and stopped_by is None,
        stopped_by=None if optimal else stopped_by,
        warm_start=warm_start,
    )


def _bound(head: str, log: str) -> float | None:
    """Return the upper bound that CBC proved; it minimises the negative.

    After a search that was stopped the log has a "Lower bound:"; without that line an
    answer "Optimal" is itself the bound.
    """
    proven = re.findall(r"^Lower bound:\s+(\S+)\s*$", log, re.MULTILINE)
    if proven:
        bound = -float(proven[-1]) + BOUND_ROUNDING
        return bound if abs(bound) < 1e30 else None
    optimal = re.fullmatch(r"Optimal - objective value\s+(\S+)\s*", head)
    return None if optimal is None else -float(optimal[1])


def _values(lines: list[str]) -> Values:
    """Return the columns of an answer, which leaves out those at 0."""
    values = {}
    for line in lines[1:]:
        words = line.replace("**", "").split()
        if words[1].startswith("X"):
            values[int(words[1][1:])] = float(words[2])
    return values


def _write_start(file: Path, num_columns: int, start: Values) -> None:
    rows = [f"{j} X{j} {start.get(j, 0):.17g} 0" for j in range(num_columns)]
    file.write_text("\n".join(["Stopped on time - objective value 0", *rows, ""]))


def _run(command: list[str], folder: Path, search: Search) -> bool:
    """Run CBC in a folder until it ends; return whether Ctrl-C had to stop it.

    CBC has a session of its own, so that Ctrl-C at a terminal reaches this process
    alone, which passes it on. On the first SIGINT CBC ends its search and goes on to
    write its incumbent; reading and preprocessing look at no clock and are killed.
    """
    limit = search.options.time_limit
    asked_at: list[float] = []
    with (folder / "log.txt").open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def ask() -> None:
        if not asked_at:
            asked_at.append(time.monotonic())
            process.send_signal(signal.SIGINT)
        elif time.monotonic() > asked_at[0] + KILL_SECONDS:
            process.kill()

    def work() -> None:
        if limit is None:
            process.wait()
            return
        graces = [search.remaining + 0.3 + 0.05 * limit, 0.3 + 0.03 * limit]
        for grace, last_word in zip(
            graces, (signal.SIGINT, signal.SIGKILL), strict=True
        ):
            try:
                process.wait(grace)
            except subprocess.TimeoutExpired:
                process.send_signal(last_word)
        process.wait()

    try:
        _, interrupted = run_interruptibly(work, ask)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    return interrupted
