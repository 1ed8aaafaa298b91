"""One fleet solved in a process of its own: what the first call and memory cost.

Run as ``python -m ekya_opt.benchmarks.fleet_process TASK`` with a task in JSON; prints
what is measured in JSON.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from ekya_opt.reading import read_columns
from solvers import Options, Result, solve


def measure(
    *,
    file: str,
    gpus: float,
    mode: str,
    repeat: int,
    settings: dict[str, Any],
    reprove: bool,
) -> dict[str, Any]:
    """Solve the fleet in a file once, then some times more; return what was seen.

    Parameters
    ----------
    file
        An ``.npz`` file of columns.
    gpus, mode
        Capacity and reallocation, in the place of the file's.
    repeat
        Calls after the first.
    settings
        Of the solver ``fleet``.
    reprove
        Whether to prove the bound again from the certificate.
    """
    columns = read_columns(file).changed(gpus=gpus, reallocation=mode)
    before = peak_bytes()
    first = solve(columns, "fleet", Options(settings=settings))
    peak = peak_bytes()
    runs = [
        solve(columns, "fleet", Options(settings=settings)).runtime
        for _ in range(repeat)
    ]
    found = {
        "first_seconds": first.runtime,
        "samples": runs,
        "bytes_before": before,
        "peak_bytes": peak,
        "status": str(first.status),
        "objective": first.objective,
        "lp_gap": None,
        "reproof_seconds": None,
        "reproof_holds": None,
    }
    if first.objective is not None:
        found["lp_gap"] = first.metadata["lp_bound"] - first.objective
        if reprove:
            found |= _reproof(columns, first)
    return found


def peak_bytes() -> int:
    """Return the most memory that this process has had.

    Linux counts that of the process which started this one into ``getrusage``, but
    not into the memory's high-water mark.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        status = ""
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _reproof(columns: Any, result: Result) -> dict[str, Any]:
    from formulations.certificate import Certificate
    from formulations.reproof import reprove

    certificate = Certificate(**result.metadata["certificate"])
    start = time.perf_counter()
    reproof = reprove(columns, certificate, result.bound, result.objective)
    seconds = time.perf_counter() - start
    return {"reproof_seconds": seconds, "reproof_holds": reproof.holds}


if __name__ == "__main__":
    print(json.dumps(measure(**json.loads(sys.argv[1]))))
