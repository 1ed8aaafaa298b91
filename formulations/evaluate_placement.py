"""The referee of placements: what a placed schedule is worth, and what it breaks.

Plain Python from the rules alone (:class:`instances.placement.Placement`). It calls
the window's referee on the streams as they look from their GPUs, and shares no code
with the models and solvers that it judges.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from formulations.evaluate import Evaluation, evaluate
from formulations.placed_schedule import PlacedPlan, PlacedSchedule
from instances import Stream
from instances.placement import Gpu, Placement, Shares

MEGABYTE = 1e-3
"""Memory is counted in whole MB, 0.001 GB: finer figures are rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A stream's inference or training as the schedule places it."""

    who: str
    units: int
    gpus: tuple[Gpu, ...]
    memory_gb: float

    @property
    def speed(self) -> float:
        return min((gpu.speed for gpu in self.gpus), default=1.0)


def evaluate_placement(placement: Placement, schedule: PlacedSchedule) -> Evaluation:
    """Return the objective, the timelines and all violations of a placed schedule.

    A stream on GPUs of speed s is one of the pooled window whose retraining configs
    need 1/s of the GPU-seconds, and whose inference configs 1/s of the GPUs.
    """
    violations: list[str] = []
    plans = {plan.stream: plan for plan in schedule.streams}
    jobs: list[_Job] = []
    seen = []
    for stream in placement.streams:
        plan = plans.get(stream.name)
        if plan is None:
            seen.append(stream)
            continue
        serving, training = _jobs(placement, stream, plan, violations)
        jobs += [job for job in (serving, training) if job.units]
        seen.append(_seen_from(stream, serving.speed, training.speed))
    # The pool is large, since it is each GPU whose units are counted here.
    window = replace(placement.instance, streams=tuple(seen), gpus=1e6)
    verdict = evaluate(window, schedule.schedule)
    for job in jobs:
        violations += _broken_by(placement, job)
    violations += _overfull(placement, jobs)
    return replace(verdict, violations=(*verdict.violations, *violations))


def _jobs(
    placement: Placement, stream: Stream, plan: PlacedPlan, violations: list[str]
) -> tuple[_Job, _Job]:
    """Return a stream's inference and training job; without units they are none."""
    segment = plan.segment
    parts = (
        ("inference", plan.inference_gpus, segment.inference_units),
        ("training", plan.training_gpus, segment.training_units),
    )
    memory = (
        sum(c.memory_gb for c in stream.inference if c.name == segment.inference),
        sum(c.memory_gb for c in stream.retraining if c.name == plan.retraining),
    )
    known = {gpu.name: gpu for gpu in placement.gpus}
    jobs = []
    for (what, names, units), memory_gb in zip(parts, memory, strict=True):
        who = f"Stream {stream.name!r}: its {what}"
        violations += [
            f"{who} lies on {name!r}, which is no GPU of the placement."
            for name in names
            if name not in known
        ]
        if units and not names:
            violations.append(f"{who} has {units} units, but lies on no GPU.")
        if names and not units:
            violations.append(f"{who} has no units, but lies on {', '.join(names)}.")
        job = _Job(
            who=who,
            units=units,
            gpus=tuple(known[name] for name in names if name in known),
            memory_gb=memory_gb,
        )
        jobs.append(job)
    return jobs[0], jobs[1]


def _seen_from(stream: Stream, serving_speed: float, training_speed: float) -> Stream:
    """Return a stream with the demands that its configs have on faster GPUs."""
    return replace(
        stream,
        retraining=tuple(
            replace(config, gpu_seconds=config.gpu_seconds / training_speed)
            for config in stream.retraining
        ),
        inference=tuple(
            replace(config, gpus=config.gpus / serving_speed)
            for config in stream.inference
        ),
    )


def _broken_by(placement: Placement, job: _Job) -> Iterator[str]:
    """Yield what a job's share breaks: only whole GPUs and those of the menu."""
    per_gpu = placement.units_per_gpu
    names = ", ".join(gpu.name for gpu in job.gpus)
    if len(job.gpus) == 1 and not _is_share(placement, job.units):
        yield (
            f"{job.who} has {job.units} of the {per_gpu} units of {names}, which is no "
            f"share of one GPU (shares: {placement.shares})."
        )
    if len(job.gpus) < 2:
        return
    if not placement.whole_gpus:
        yield f"{job.who} lies astride {names}; no job may take several GPUs."
    elif job.units != per_gpu * len(job.gpus):
        yield (
            f"{job.who} lies astride {names} with {job.units} units; it may only take "
            f"all {per_gpu * len(job.gpus)}."
        )
    if len({(gpu.speed, _megabytes(gpu)) for gpu in job.gpus}) > 1:
        yield f"{job.who} takes {names}, which differ in speed or memory."


def _is_share(placement: Placement, units: int) -> bool:
    """Return whether a job may hold so many units of one GPU."""
    per_gpu = placement.units_per_gpu
    if placement.shares is Shares.UNITS:
        return units <= per_gpu
    if per_gpu % units:
        return False
    parts = per_gpu // units
    return placement.shares is Shares.INVERSE or parts & (parts - 1) == 0


def _overfull(placement: Placement, jobs: list[_Job]) -> Iterator[str]:
    """Yield the GPUs whose units or memory do not suffice for their jobs."""
    for gpu in placement.gpus:
        here = [job for job in jobs if gpu in job.gpus]
        used = sum(-(-job.units // len(job.gpus)) for job in here)
        if used > placement.units_per_gpu:
            yield f"{gpu.name} has {placement.units_per_gpu} units, {used} are in use."
        room = _megabytes(gpu)
        if room is not None:
            taken = sum(round(job.memory_gb / MEGABYTE) for job in here)
            if taken > room:
                yield (
                    f"{gpu.name} has {gpu.memory_gb:g} GB of memory, "
                    f"{taken * MEGABYTE:g} GB are in use."
                )


def _megabytes(gpu: Gpu) -> int | None:
    """Return a GPU's memory in whole MB, ``None`` without a limit."""
    return None if gpu.memory_gb is None else round(gpu.memory_gb / MEGABYTE)
