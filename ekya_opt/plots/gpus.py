"""Which jobs lie on which physical GPU, and the memory that they take."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ekya_opt.plots.labels import Area, lay_out, write_labels
from ekya_opt.plots.legends import place_legend
from ekya_opt.plots.looks import (
    GREY,
    HATCH,
    SMALL,
    job_handles,
    look_of,
    plain,
    put_legend,
    stream_handles,
)
from ekya_opt.plots.sizes import Size, dress, styled
from formulations.problems import evaluate_any
from instances import InvalidData
from instances.problems import Kind, kind_of

if TYPE_CHECKING:
    from formulations.placed_schedule import PlacedSchedule
    from instances.placement import Gpu, Placement

SHARES, MEMORY = (-0.36, 0.06), (0.14, 0.32)
"""Limits of a GPU's two bars around its place on the y axis, which points down."""

LARGE, SMALLER = (7.2, 1.4, 0.65, 3), (3.3, 0.8, 0.5, 1.8)
"""Width of a figure, height around the bars, of a GPU's, and least height, in inches,
for a notebook and for a paper."""

HIGHEST = 40
"""Height of the largest figure, in inches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    stream_idx: int
    training: bool
    texts: tuple[str, ...]
    gpus: tuple[str, ...]
    share: float
    memory_gb: float


def plot_gpus(
    placement: "Placement",
    schedule: "PlacedSchedule",
    ax: Any = None,
    *,
    size: Size = "notebook",
) -> Any:
    """Draw a bar for each GPU, filled by the shares of its jobs.

    A thin bar below it holds their memory, if the GPU's is limited. Jobs that exceed a
    GPU reach beyond it.

    Parameters
    ----------
    placement
        The problem, with its physical GPUs.
    schedule
        A schedule of it, feasible or not.
    ax
        Axes of matplotlib to draw on; new ones by default.
    size
        ``notebook`` or ``paper``.

    Raises
    ------
    InvalidData
        If the problem is none on physical GPUs.
    InvalidSchedule
        If the schedule is one of another kind of problem.
    """
    if kind_of(placement) is not Kind.PLACEMENT:
        message = f"is a {kind_of(placement)}, expected a placement"
        raise InvalidData(message, "placement")
    verdict = evaluate_any(placement, schedule)
    jobs = list(_jobs(placement, schedule))
    areas: list[Area] = []
    for g, gpu in enumerate(placement.gpus):
        areas += _bars(gpu, g, [job for job in jobs if gpu.name in job.gpus])
    with styled(size):
        axes = _new_axes(len(placement.gpus), size) if ax is None else ax
        dress(axes, size)
        for area in areas:
            _fill(axes, area)
        _dress(axes, placement, max(area.edges[1] for area in areas) if areas else 1.0)
        most = 48 if size == "notebook" else 22
        title = f"{plain(placement.name, most)}: mean accuracy {verdict.objective:.4f}"
        if not verdict.feasible:
            title += ", infeasible"
        axes.set_title(title, loc="left", fontsize="medium")
        if size == "paper":
            place_legend(axes, _handles(placement), size, ax is None)
        else:
            put_legend(axes, _handles(placement))
        lay_out(axes)
        write_labels(axes, [area for area in areas if area.texts])
    return axes


def _jobs(placement: "Placement", schedule: "PlacedSchedule") -> Iterator[_Job]:
    """Yield the jobs that have units, first all that serve."""
    plans = {plan.stream: plan for plan in schedule.streams}
    for training in (False, True):
        for v, stream in enumerate(placement.streams):
            plan = plans.get(stream.name)
            if plan is None:
                continue
            held, gpus = plan.segment, plan.inference_gpus
            config, units = held.inference, held.inference_units
            configs: tuple[Any, ...] = stream.inference
            if training:
                config, units = plan.retraining, held.training_units
                gpus, configs = plan.training_gpus, stream.retraining
            if units == 0:
                continue
            name = plain(stream.name)
            yield _Job(
                stream_idx=v,
                training=training,
                texts=(name,) if config is None else (f"{name} {plain(config)}", name),
                gpus=gpus,
                share=units / max(len(gpus), 1) / placement.units_per_gpu,
                memory_gb=sum(
                    each.memory_gb for each in configs if each.name == config
                ),
            )


def _bars(gpu: "Gpu", gpu_idx: int, jobs: list[_Job]) -> Iterator[Area]:
    """Yield the areas of a GPU's bars, from the left; the first GPU lies at 0."""
    left = taken = 0.0
    for job in jobs:
        look = look_of(job.stream_idx)
        colour = look.colour if job.training else look.pale
        low, high = SHARES
        yield Area(
            edges=(left, left + job.share),
            lows=(gpu_idx + low,),
            highs=(gpu_idx + high,),
            texts=job.texts,
            colour=colour,
            hatched=job.training,
        )
        left += job.share
        if gpu.memory_gb is not None and job.memory_gb > 0:
            part = job.memory_gb / gpu.memory_gb
            low, high = MEMORY
            yield Area(
                edges=(taken, taken + part),
                lows=(gpu_idx + low,),
                highs=(gpu_idx + high,),
                texts=(f"{job.memory_gb:.3g} GB", f"{job.memory_gb:.3g}"),
                colour=colour,
                hatched=job.training,
            )
            taken += part


def _fill(axes: Any, area: Area) -> None:
    axes.barh(
        (area.lows[0] + area.highs[0]) / 2,
        area.edges[1] - area.edges[0],
        height=area.highs[0] - area.lows[0],
        left=area.edges[0],
        facecolor=area.colour,
        edgecolor="white",
        linewidth=0.5,
        hatch=HATCH if area.hatched else None,
    )


def _dress(axes: Any, placement: "Placement", most: float) -> None:
    """Set the axes, with a frame around what each GPU has."""
    for g, gpu in enumerate(placement.gpus):
        for low, high in (SHARES, MEMORY)[: 1 + (gpu.memory_gb is not None)]:
            axes.barh(
                g + (low + high) / 2,
                1,
                height=high - low,
                facecolor="none",
                edgecolor=GREY,
                linewidth=0.8,
            )
    names = [_told(gpu) for gpu in placement.gpus]
    axes.set_yticks(range(len(names)), names, fontsize=SMALL)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, max(1.0, most) * 1.01)
    limited = any(gpu.memory_gb is not None for gpu in placement.gpus)
    below = "\nthin bar: share of its memory, with GB" if limited else ""
    axes.set_xlabel(f"share of the GPU{below}")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _told(gpu: "Gpu") -> str:
    speed = "" if gpu.speed == 1 else f"\nspeed {gpu.speed:g}"
    memory = "" if gpu.memory_gb is None else f"\n{gpu.memory_gb:g} GB"
    return plain(gpu.name) + speed + memory


def _handles(placement: "Placement") -> list[Any]:
    """Return what the legend shows: kinds of jobs, then the streams."""
    names = (stream.name for stream in placement.streams)
    return [*job_handles(idle=False), *stream_handles(names)]


def _new_axes(num_gpus: int, size: str) -> Any:
    """Return the axes of a new figure, the higher the more GPUs there are."""
    import matplotlib.pyplot as plt

    width, room, row, least = LARGE if size == "notebook" else SMALLER
    height = max(min(room + row * num_gpus, HIGHEST), least)
    return plt.subplots(figsize=(width, height), layout="constrained")[1]
