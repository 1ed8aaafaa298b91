"""Instances from the recordings in a clone of the Ekya authors' repository."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from instances.importers.ekya_clone import EkyaClone, check_counts
from instances.importers.ekya_curves import (
    assigned_configs,
    read_sampling_curves,
    read_throughput,
)
from instances.importers.ekya_profiles import ProfiledConfig
from instances.importers.selection import select_streams, select_windows
from instances.instance import (
    Estimate,
    InferenceConfig,
    Instance,
    RetrainingConfig,
    Stream,
)

if TYPE_CHECKING:
    from instances.generators.assembly import ServerOptions

IMPORTER_VERSION = 1
NUM_CAMERAS, NUM_STRIDES, NUM_SHARES = 5, 12, 10

SOURCE = (
    "Ekya authors' public repository, micro-profiling experiment on Cityscapes "
    "(a table in a notebook)"
)
DERIVATION = (
    "gpu_seconds = init + epochs x seconds per epoch at 100 % of a GPU; accuracy = "
    "test accuracy after retraining; a stream's accuracy = the lower of the pretrained "
    "heads; estimate = the authors' micro-profiler; inference configs = their "
    "frame-sampling curves (0.25 GPU at every frame)"
)
IN_TURN = ", the unnamed cameras assigned to the cities in turn"
CAVEATS = (
    "windows are independent: every retraining starts from the pretrained model",
    "only windows 1 to 3 are recorded; the window length is the paper's default",
    "the authors measured no frame sampling by city; the cameras are unnamed",
    "test sets are small (22 to 284 objects), so one object is 0.4 to 4.5 points",
    "frankfurt was in the pretraining data",
    "the micro-profiler's accuracies were measured on a tenth of the evaluated "
    "window's own test set, not on validation data as in the paper",
    "the GPU model and the class mixes are not recorded",
)


def read_windows(
    clone: EkyaClone,
    profiles: Sequence[ProfiledConfig],
    *,
    window: int | None = None,
    streams: Sequence[str] | int | None = None,
    partial: bool = False,
    mps: bool = False,
    camera: str | None = None,
    gpus: float = 4.0,
    **server: "Unpack[ServerOptions]",
) -> list[Instance]:
    """Return an instance for each window, ``cityscapes-window1`` and on.

    A stream is a city, in the table's order; its accuracy is the lower of the two
    pretrained heads, as in Ekya's simulator. Seconds are rounded to 6 decimals.

    Parameters
    ----------
    clone, profiles
        The files, and what :func:`read_profiles` returned for them.
    window
        The window to import; ``None`` is all of them.
    streams
        Names of cities, or how many of the first; ``None`` is all of them.
    partial
        Whether other numbers of cameras and points than the authors' (5 cameras, 12
        strides, 10 shares of a GPU) are accepted.
    mps
        Whether retraining under a share of a GPU is as fast as the authors measured
        under MPS; otherwise the speed is the share.
    camera
        The frame-sampling curve of every city (Ekya takes ``c1``); ``None`` assigns the
        cameras to the cities in turn.
    gpus
        GPUs of the server.
    server
        Other fields of :class:`Instance`; by default 20 units a GPU and 200 s.

    Raises
    ------
    EkyaOptError
        If a file cannot be read.
    InvalidInstance
        If a file has another shape, or a field is outside its domain.
    InvalidOption
        If there is no such window, city or camera.
    """
    cities = tuple(dict.fromkeys(row.city for row in profiles))
    curves = read_sampling_curves(clone.sampling)
    if not partial:
        points = len(next(iter(curves.values())))
        counts = {
            "cameras": (len(curves), NUM_CAMERAS),
            "strides": (points, NUM_STRIDES),
        }
        check_counts(counts, "", clone.sampling)
    cameras = assigned_configs(clone.sampling, curves, cities, camera)
    fields: dict[str, Any] = {"units_per_gpu": 20, "window_seconds": 200.0, **server}
    if mps:
        throughput = read_throughput(clone.throughput)
        if not partial:
            counts = {"shares of a GPU": (len(throughput), NUM_SHARES)}
            check_counts(counts, "", clone.throughput)
        fields["training_throughput"] = throughput
    shared = {
        "source": SOURCE,
        "derivation": DERIVATION + (IN_TURN if camera is None else ""),
        "caveats": list(CAVEATS),
        "files": dict(clone.hashes(throughput=mps)),
        "rows_verified": len(profiles),
        "importer_version": IMPORTER_VERSION,
    }
    instances = []
    for number in select_windows(sorted({row.window for row in profiles}), window):
        rows: dict[str, list[ProfiledConfig]] = {}
        for row in profiles:
            if row.window == number:
                rows.setdefault(row.city, []).append(row)
        names = select_streams(tuple(rows), streams, f"window {number}")
        instance = Instance(
            name=f"cityscapes-window{number}",
            gpus=gpus,
            streams=tuple(_stream(rows[city], cameras[city][1]) for city in names),
            **fields,
        )
        metadata = {
            **shared,
            "window": number,
            "cameras": {city: cameras[city][0] for city in names},
            "micro_profile_seconds": {
                city: rows[city][0].micro_profile_seconds for city in names
            },
        }
        instances.append(replace(instance, metadata=metadata))
    return instances


def _stream(
    rows: Sequence[ProfiledConfig], inference: tuple[InferenceConfig, ...]
) -> Stream:
    """Return the stream of a city in a window."""
    return Stream(
        name=rows[0].city,
        accuracy=min(row.start_accuracy for row in rows),
        retraining=tuple(
            RetrainingConfig(
                name=row.name,
                gpu_seconds=row.gpu_seconds,
                accuracy=row.accuracy,
                estimate=Estimate(
                    gpu_seconds=row.estimated_gpu_seconds,
                    accuracy=row.estimated_accuracy,
                ),
            )
            for row in rows
        ),
        inference=inference,
    )
