"""The window problem for whole fleets: up to millions of streams, proven optimal."""

from formulations.kernels.device import Device
from formulations.stream_model import check_static
from instances import InvalidOption
from instances.columns import Columns
from solvers.compiled_work import in_time
from solvers.search import Answer, Search

MOST_THREADS = 1024


def solve_fleet(
    columns: Columns, search: Search, *, device: Device = "auto", threads: int = 0
) -> Answer:
    """Exact for whole fleets: hulls by sweeps, the break by selection, a small core.

    Rows of the value table are made, used and forgotten stream by stream. Almost all
    of a large fleet's streams take what is best at the break's price, and the core
    is the few that may not (Pisinger, 1995; the price as in Dyer, 1984, and Zemel,
    1984). Equal streams add nothing to the core; see ``core_program.most_changes``.

    Parameters
    ----------
    columns
        Problem with reallocation ``never`` or ``stream``.
    search
        The run's options, clock and incumbents.
    device
        Where the sweeps run.
    threads
        Threads of the CPU; 0 is one for each core.
    """
    check_static(columns)
    if not 0 <= threads <= MOST_THREADS:
        message = f"fleet: threads is {threads}, expected 0 to {MOST_THREADS}"
        raise InvalidOption(message)
    in_time(search, lambda _: _load())
    from solvers.fleet_program import prove_fleet

    return prove_fleet(columns, search, device, threads)


def _load() -> None:
    """Load the compiled kernels: a third of a second, or ten where none is cached."""
    from solvers.fleet_program import load_kernels

    load_kernels()
