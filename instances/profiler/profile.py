"""A profile: measured into a folder, and the instances made of it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

from instances.instance import Instance
from instances.instance_files import write_instance
from instances.profiler.costs import CostSource
from instances.profiler.device import check_device, device_record, load_average
from instances.profiler.estimators import estimates
from instances.profiler.journal import Journal
from instances.profiler.measuring import footage_of, measure
from instances.profiler.observations import observations_of_points
from instances.profiler.points import Point
from instances.profiler.profiled import Server, profiled_instances
from instances.profiler.settings import Settings

ESTIMATOR = "calibrated"
MODELS = "models"
DIGITS = "digits"

Progress = Callable[[int, int, str], None]
"""Called with the points done, all points, and what comes next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What was measured, and what was made of it.

    Attributes
    ----------
    path
        The file of the points.
    settings
        Its first line: the :class:`~instances.profiler.settings.Settings`, the device
        and the versions that measured it, and when.
    points
        In the order of the file.
    instances
        One for each window.
    """

    path: Path
    settings: Mapping[str, Any]
    points: tuple[Point, ...]
    instances: tuple[Instance, ...]


def profile(
    folder: str | PathLike[str],
    settings: Settings | None = None,
    server: Server | None = None,
    *,
    estimator: str = ESTIMATOR,
    progress: Progress | None = None,
) -> Profile:
    """Measure what is not yet measured and write an instance for each window.

    ``folder`` receives ``{name}.jsonl``, the points, each as soon as it is measured;
    ``{name}-window{w}.json``, the instances; and ``models/``, from which an
    interrupted profile goes on. The name is that of the frames and of the device,
    such as ``digits-cpu``. Where all points are there already, only the instances are
    written again, for another server say.

    Parameters
    ----------
    folder
        Made if it is missing.
    settings
        What is measured and how; by default the preset ``quick`` on the CPU.
    server
        Whose windows the instances are; by default four GPUs a hundred times slower
        than the device.
    estimator
        A name in :data:`~instances.profiler.estimators.ESTIMATORS`: what fills
        ``estimate``, on the history of earlier windows, with probed or nominal time.
    progress
        Called before each point.

    Raises
    ------
    ProfilerUnavailable
        If a package of the extra or the device is missing.
    InvalidFrames
        If the frames are not what is expected.
    InvalidOption
        If the folder holds a profile with other settings, or measured elsewhere.
    EkyaOptError
        If a file cannot be read or written.
    """
    settings, server = settings or Settings(), server or Server()
    folder = Path(folder)
    check_device(settings.device)
    # An unknown estimator is refused before hours of measuring.
    estimates((), estimator)
    name = profile_name(settings)
    notes = {"load_average": load_average(), "date": date.today().isoformat()}
    footage = footage_of(settings)
    windows = len(footage.streams) * footage.num_windows
    total = windows * settings.preset.points_per_window
    with Journal(folder / f"{name}.jsonl", profile_header(settings), notes) as journal:
        known = tuple(journal.points)
        if progress is not None:
            progress(len(known), total, "models")
        measured = measure(settings, folder=folder / MODELS, done=known)
        for point in measured:
            journal.add(point)
            if progress is not None:
                place = f"{point.stream}, window {point.window}"
                progress(len(journal.points), total, place)
    header, points = journal.header, tuple(journal.points)
    made = instances_of(name, header, points, server, estimator=estimator)
    for instance in made:
        write_instance(instance, folder / f"{instance.name}.json")
    return Profile(
        path=journal.path,
        settings=header,
        points=points,
        instances=tuple(made),
    )


def instances_of(
    name: str,
    header: Mapping[str, Any],
    points: Sequence[Point],
    server: Server,
    *,
    estimator: str = ESTIMATOR,
) -> list[Instance]:
    """Return the instances of measured points, with estimates and provenance.

    Parameters
    ----------
    name
        Of the profile; the instances are ``{name}-window{w}``.
    header, points
        What :func:`~instances.profiler.journal.read_journal` returns.
    server, estimator
        As for :func:`profile`.

    Raises
    ------
    InvalidOption
        If no window is measured whole, or there is no such estimator.
    """
    nominal = server.cost_source is CostSource.NOMINAL
    time = "nominal" if nominal else "probe"
    seen = observations_of_points(points, server.cost_source)
    said = estimates(seen, estimator, time=time)
    frames = header["frames"]
    provenance = {
        "source": "ekya-opt profile",
        "points": f"{name}.jsonl",
        "profiler": {**header, "frames": frames and Path(frames).name},
        "estimator": estimator,
        "time": time,
    }
    metadata = {**server.metadata, **provenance}
    return profiled_instances(name, points, said, replace(server, metadata=metadata))


def profile_name(settings: Settings) -> str:
    """Return the name of a profile's files, such as ``digits-cpu``."""
    frames = DIGITS
    if settings.frames is not None:
        frames = re.sub(r"[^\w.-]+", "-", Path(settings.frames).resolve().name)
    return f"{frames or 'frames'}-{settings.device}"


def profile_header(settings: Settings) -> dict[str, Any]:
    """Return what two runs must share to add to one profile, as JSON values."""
    values = asdict(settings)
    if settings.frames is not None:
        values["frames"] = str(Path(settings.frames).resolve())
    return {**values, "environment": device_record(settings.device)}
