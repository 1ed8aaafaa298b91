"""The benchmark of whole fleets: from columns to a certified optimum."""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ekya_opt.benchmarks.processes import environment
from ekya_opt.benchmarks.report import Report
from formulations.kernels.device import chosen_device
from instances import EkyaOptError
from instances.generators import generate_columns
from instances.npz_files import write_columns

FLEETS = (10_000, 100_000, 1_000_000)
MODES = ("never", "stream")
UNITS_A_STREAM = (2, 4, 8)
KINDS: dict[str, int | None] = {"distinct": None, "2 types": 2}
UNITS_PER_GPU = 10
REPROVEN = "distinct"
"""Kind of the fleets whose bound is proven again, if the largest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRow:
    """One fleet, solved in a process of its own.

    Parameters
    ----------
    streams, kind, mode, units_a_stream
        How many streams, distinct or of 2 types; reallocation; capacity.
    first_seconds
        The first call in a fresh process: kernels are loaded from the disk's cache.
    seconds, samples
        Median of the calls after it, and all of them: ``Result.runtime``, the
        certification by ``verify_plan`` included.
    bytes_before, peak_bytes
        The process's largest memory when the fleet has been read, and when it has been
        solved once.
    status, objective
        Of the result.
    lp_gap
        Bound of the linear relaxation less the optimum.
    reproof_seconds, reproof_holds
        Of proving the bound again from the certificate; ``None`` if that was not done.
    """

    streams: int
    kind: str
    mode: str
    units_a_stream: int
    first_seconds: float
    seconds: float
    samples: tuple[float, ...]
    bytes_before: int
    peak_bytes: int
    status: str
    objective: float | None
    lp_gap: float | None
    reproof_seconds: float | None = None
    reproof_holds: bool | None = None

    @property
    def microseconds_a_stream(self) -> float:
        """Median seconds over the number of streams."""
        return 1e6 * self.seconds / self.streams

    @property
    def passed(self) -> bool:
        """Whether the optimum is proven, and proven again where that was tried."""
        return self.status == "optimal" and self.reproof_holds is not False


@dataclass(slots=True, kw_only=True)
class FleetReport(Report):
    """What was measured of whole fleets.

    Parameters
    ----------
    device
        Name of the CUDA device; ``None`` if the sweeps ran on the CPU.
    rows
        In the order of measuring.
    """

    device: str | None = None
    rows: list[FleetRow] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every optimum was proven."""
        return all(row.passed for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON values, the verdict as well."""
        return asdict(self) | {"passed": self.passed}


def bench_fleet(
    *,
    streams: Sequence[int] = FLEETS,
    units: Sequence[int] = UNITS_A_STREAM,
    device: str = "auto",
    workers: int = 0,
    repeat: int = 3,
    progress: Callable[[str], None] = lambda _: None,
) -> FleetReport:
    """Measure the solver of fleets; Ctrl-C returns what is measured so far.

    Parameters
    ----------
    streams
        Sizes of the fleets.
    units
        Units a stream.
    device
        Where the sweeps run: ``cpu``, ``cuda``, or ``auto``, a CUDA device if there is
        one and the fleet is large enough.
    workers
        Threads of the CPU; 0 is one for each core.
    repeat
        Calls after the first in each process; the median counts.
    progress
        Called with the name of what is measured next.

    Raises
    ------
    SolverUnavailable
        If CUDA is asked for and not available.
    """
    report = FleetReport()
    if chosen_device(device, items=1) == "cuda":
        from formulations.kernels.yardsticks_cuda import device_name

        report.device = device_name()
    settings = {"device": device, "threads": workers}
    proven_again = REPROVEN, max(streams), sorted(units)[len(units) // 2]
    try:
        for kind, count in product(KINDS, streams):
            tasks = [
                {"mode": mode, "units": each, "repeat": repeat, "settings": settings}
                | {"reprove": (kind, count, each) == proven_again}
                for mode, each in product(MODES, units)
            ]
            for row in _rows(count, kind, tasks, progress):
                report.rows.append(row)
    except KeyboardInterrupt:
        report.interrupted = True
    return report


def _rows(
    count: int,
    kind: str,
    tasks: list[dict[str, Any]],
    progress: Callable[[str], None],
) -> Iterator[FleetRow]:
    """Return the rows of one fleet, a process each."""
    what = f"{count:,} streams, {kind}"
    progress(f"{what}: generating")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "fleet.npz"
        columns = generate_columns("fleet", count, count, 0, num_types=KINDS[kind])
        write_columns(columns, file)
        del columns
        for task in tasks:
            mode, units = task["mode"], task.pop("units")
            progress(f"{what}, {mode}, {units} units a stream")
            gpus = count * units / UNITS_PER_GPU
            found = _in_a_process(task | {"file": str(file), "gpus": gpus})
            samples = tuple(found.pop("samples"))
            yield FleetRow(
                streams=count,
                kind=kind,
                mode=mode,
                units_a_stream=units,
                seconds=statistics.median(samples),
                samples=samples,
                **found,
            )


def _in_a_process(task: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "ekya_opt.benchmarks.fleet_process", json.dumps(task)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise EkyaOptError(f"the process that solves a fleet failed: {last}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
