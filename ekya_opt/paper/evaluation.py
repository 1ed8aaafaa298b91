"""The experiments run one after the other, and what came of them."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ekya_opt.benchmarks.report import Report
from ekya_opt.comparison import Progress
from ekya_opt.paper.experiments import EXPERIMENTS
from ekya_opt.paper.finding import Finding, Scale
from ekya_opt.text import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An experiment that raised an error.

    Parameters
    ----------
    name, where
        As in :class:`ekya_opt.paper.finding.Finding`.
    error
        The error in one line.
    """

    name: str
    where: str
    error: str


@dataclass(slots=True, kw_only=True)
class Evaluation(Report):
    """What became of the paper's claims, and where and when it was measured.

    Parameters
    ----------
    scale
        How much was run.
    findings
        In the paper's order.
    failures
        Experiments that have none.
    """

    scale: Scale
    findings: list[Finding] = field(default_factory=list)
    failures: list[Failed] = field(default_factory=list)

    def command(self, name: str) -> str:
        """Return the command that gives the row of a name, or all rows without one."""
        words = ["ekya-opt paper", *(["--quick"] if self.scale.quick else [])]
        words += [f"--only {name}"] if name else []
        words += [f"--seeds {len(self.scale.seeds)}"]
        words += ["--recorded recorded/"] if self.scale.recorded else []
        return " ".join([*words, "-o paper"])


def run_experiments(
    names: Iterable[str], scale: Scale, progress: Progress | None = None
) -> Evaluation:
    """Run experiments; one that fails is told, and Ctrl-C keeps those that are done.

    Parameters
    ----------
    names
        Names in ``EXPERIMENTS``.
    scale
        How much to run.
    progress
        Called with the experiments done, those in all and what comes next.
    """
    todo = list(names)
    evaluation = Evaluation(scale=scale)
    try:
        for done, name in enumerate(todo):
            entry = EXPERIMENTS[name]
            if progress is not None:
                progress(done, len(todo), f"{entry.where} ({name})")
            start = time.perf_counter()
            try:
                finding = entry.load()(scale)
            except Exception as failure:
                error = one_line(f"{type(failure).__name__}: {failure}")
                failed = Failed(name=name, where=entry.where, error=error)
                evaluation.failures.append(failed)
                continue
            seconds = time.perf_counter() - start
            evaluation.findings.append(replace(finding, seconds=seconds))
    except KeyboardInterrupt:
        evaluation.interrupted = True
    return evaluation
