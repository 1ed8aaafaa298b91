"""The worker of a study: one interpreter that forks a process for every run.

Run as ``python -m ekya_opt.studies.worker FOLDER`` by
:class:`ekya_opt.studies.worker_process.WorkerProcess`, with messages on standard input
and output. It has one thread, so that forks are safe, and ends with whoever started it.
"""

import contextlib
import gc
import os
import shutil
import signal
import sys
from collections import OrderedDict
from typing import Any

from ekya_opt.benchmarks.report import machine
from ekya_opt.studies import frames
from ekya_opt.studies.forked_run import run_forked
from ekya_opt.studies.outcome_values import short_line
from ekya_opt.studies.preloading import Preloaded
from ekya_opt.studies.process_tree import adopt_orphans
from ekya_opt.studies.task import Task
from ekya_opt.studies.watching import Abandoned
from ekya_opt.versions import versions
from instances.problems import problem_from_dict

MOST_PROBLEMS = 64
"""Problems that are kept between runs."""

WORTH_REPEATING = 0.02
"""Share of a run's solve from which on loading makes its times another's."""


class Worker:
    """The state of a worker between runs."""

    def __init__(self, requests: int, answers: int, folder: str) -> None:
        self.requests, self.answers, self.folder = requests, answers, folder
        self.problems: OrderedDict[str, Any] = OrderedDict()
        self.preloaded = Preloaded()

    def serve(self) -> None:
        """Answer requests until there are none."""
        from solvers.registry import solver_names

        solver_names()
        gc.disable()
        self._settle()
        frames.write(
            self.answers, {"ready": {"versions": versions(), "machine": machine()}}
        )
        content = bytearray()
        while (request := frames.read(self.requests, content)) is not None:
            frames.write(self.answers, self._answer(request))

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        task = Task(**request["task"])
        if "problem" in request:
            try:
                problem = problem_from_dict(request["problem"])
            except Exception as refused:
                name = request["problem"].get("name")
                return {"refused": short_line(f"{name}: {refused}")}
            self.problems[task.instance_hash] = problem
            while len(self.problems) > MOST_PROBLEMS:
                self.problems.popitem(last=False)
            self._settle()
        if task.instance_hash not in self.problems:
            return {"missing": task.instance_hash}
        self.problems.move_to_end(task.instance_hash)
        outcome, loaded = self._run(task, request)
        if outcome["failure"] is None and loaded.anything:
            seconds = self.preloaded.load(loaded)
            self._settle()
            if seconds > WORTH_REPEATING * outcome["seconds"]:
                outcome, _ = self._run(task, request)
        return {"outcome": outcome}

    def _run(self, task: Task, request: dict[str, Any]) -> Any:
        try:
            return run_forked(
                task,
                self.problems[task.instance_hash],
                keep_schedule=request["keep_schedule"],
                grace=request["grace"],
                preloaded=self.preloaded,
                control=self.requests,
                private=(self.requests, self.answers),
            )
        finally:
            # A run that is killed leaves its temporary files.
            for entry in os.scandir(self.folder):
                remove = shutil.rmtree if entry.is_dir() else os.unlink
                with contextlib.suppress(OSError):
                    remove(entry.path)

    def _settle(self) -> None:
        """Keep the collector of garbage, in every fork, from touching what is here."""
        self.preloaded.note()
        gc.collect()
        gc.freeze()


def main() -> None:
    """Serve the requests on standard input, with a folder for temporary files."""
    folder = sys.argv[1]
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    adopt_orphans()
    # Nobody reads the answers any more when the study has ended.
    try:
        with contextlib.suppress(BrokenPipeError, Abandoned):
            Worker(requests, answers, folder).serve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
