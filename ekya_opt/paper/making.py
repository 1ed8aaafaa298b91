"""The paper page in one call."""

import os
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from ekya_opt.comparison import Progress, read_windows
from ekya_opt.paper.evaluation import Evaluation, run_experiments
from ekya_opt.paper.experiments import chosen
from ekya_opt.paper.finding import Scale
from ekya_opt.paper.page import write_page
from ekya_opt.reading import paths_of
from ekya_opt.reports.page import check_reports
from instances import EkyaOptError
from instances.generators.assembly import check_integer

QUICK_SEEDS, FULL_SEEDS = 2, 5
MOST_SEEDS = 1000


def paper_page(
    directory: str | PathLike[str],
    *,
    quick: bool = False,
    only: str | Iterable[str] | None = None,
    seeds: int | None = None,
    workers: int = 1,
    recorded: Iterable[str] = (),
    progress: Progress | None = None,
) -> Evaluation:
    """Redo the evaluation of Ekya on our instances and write its page.

    Parameters
    ----------
    directory
        Where ``index.html``, ``paper.md``, ``findings.json``, the figures (.svg) and
        the tables (.csv) go; made if it is not there.
    quick
        Whether everything together must take less than 5 minutes on 2 cores.
    only
        Names of experiments, as a list or separated by commas; all by default.
    seeds
        Number of seeds of generated instances; by default 2 if quick, else 5.
    workers
        Processes that may run at once.
    recorded
        Recorded windows, files or directories of them, to measure on besides.
    progress
        Called with the experiments done, those in all and what comes next.

    Returns
    -------
    Findings and failures; ``interrupted`` tells whether Ctrl-C ended it early.

    Raises
    ------
    EkyaOptError
        If there is no experiment of a name, a number lies outside its domain, a file
        is not there or holds no window, the directory cannot be written, or
        matplotlib or jinja2 is missing.
    """
    names = chosen(only)
    if seeds is None:
        seeds = QUICK_SEEDS if quick else FULL_SEEDS
    check_integer("seeds", seeds, 1, MOST_SEEDS)
    check_integer("workers", workers, 1, 1024)
    scale = Scale(
        quick=quick,
        seeds=tuple(range(seeds)),
        workers=workers,
        recorded=tuple(paths_of(recorded)),
    )
    if scale.recorded:
        read_windows(scale.recorded)
    check_reports()
    made = _made(Path(directory))
    evaluation = run_experiments(names, scale, progress)
    write_page(evaluation, made)
    return evaluation


def _made(directory: Path) -> Path:
    """Return the directory, made if it is not there, before anything is measured."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        reason = "is not a directory"
    except OSError as problem:
        reason = problem.strerror or str(problem)
    else:
        if os.access(directory, os.W_OK):
            return directory
        reason = "no permission"
    raise EkyaOptError(f"{directory}: cannot be written: {reason}")
