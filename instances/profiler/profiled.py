"""Instances made of what the profiler measured, one for each window."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from instances.checks import shown
from instances.errors import InvalidOption
from instances.instance import (
    Estimate,
    InferenceConfig,
    Instance,
    Reallocation,
    RetrainingConfig,
    Stream,
)
from instances.profiler.costs import CostSource, run_costs
from instances.profiler.points import Point, RecipeRun, SampledFrames, WindowPoint

Estimates = Mapping[tuple[str, int, str], Estimate]
"""The estimate of a config by (stream, window, config), in device seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The edge server whose window the measured streams share.

    Attributes
    ----------
    gpus, units_per_gpu, window_seconds, reallocation, slot_seconds, min_accuracy
        As in :class:`instances.Instance`.
    scale
        GPU-seconds of the server for one second of the profiled device, above 0: how
        many times slower the server is. Delays and the demand of inference are
        multiplied as well, the demand never beyond one GPU.
    cost_source
        Whether GPU-seconds are the measured ones or nominal.
    metadata
        Of every instance, before what is added to it.

    Raises
    ------
    InvalidOption
        If the scale is not a number above 0, or the source of costs is unknown.
    InvalidInstance
        If another field lies outside the domain of an instance's.
    """

    gpus: float = 4.0
    units_per_gpu: int = 20
    window_seconds: float = 200.0
    reallocation: Reallocation = Reallocation.NEVER
    slot_seconds: float | None = None
    min_accuracy: float = 0.0
    scale: float = 100.0
    cost_source: CostSource = CostSource.MEASURED
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.scale <= 1e9:
            message = f"scale is {self.scale}, expected a number above 0, at most 1e9"
            raise InvalidOption(message)
        if self.cost_source not in list(CostSource):
            message = f"cost_source is {shown(self.cost_source)}, expected one of"
            raise InvalidOption(f"{message} {', '.join(CostSource)}")
        object.__setattr__(self, "cost_source", CostSource(self.cost_source))
        idle = InferenceConfig(name="any", gpus=0.0, relative_accuracy=1.0)
        stream = Stream(name="any", accuracy=1.0, inference=(idle,))
        self.instance("any", (stream,))

    def instance(
        self, name: str, streams: tuple[Stream, ...], **metadata: Any
    ) -> Instance:
        """Return an instance of this server."""
        return Instance(
            name=name,
            window_seconds=self.window_seconds,
            gpus=self.gpus,
            units_per_gpu=self.units_per_gpu,
            reallocation=self.reallocation,
            slot_seconds=self.slot_seconds,
            min_accuracy=self.min_accuracy,
            streams=streams,
            metadata={**self.metadata, **metadata},
        )


def profiled_instances(
    name: str,
    points: Iterable[Point],
    estimates: Estimates,
    server: Server,
) -> list[Instance]:
    """Return one instance for each window in which every stream is measured whole.

    A stream's accuracy and those of its configs are the ones on the window's own
    frames. Every model at hand is a retraining config of no GPU-seconds,
    ``cached-{origin}``, delayed by the time to load it; what it scores on the
    validation frames is its estimate. A relative accuracy above 1, which noise can
    bring about, counts as 1. Both costs of every config are kept in the metadata.

    Raises
    ------
    InvalidOption
        If no window is measured whole.
    """
    windows: dict[int, dict[str, WindowPoint]] = {}
    runs: dict[tuple[str, int], list[RecipeRun]] = {}
    for point in points:
        if isinstance(point, WindowPoint):
            windows.setdefault(point.window, {})[point.stream] = point
        elif isinstance(point, RecipeRun):
            runs.setdefault((point.stream, point.window), []).append(point)
    streams = sorted({stream for found in windows.values() for stream in found})
    whole = [
        window
        for window in sorted(windows)
        if all((stream, window) in runs for stream in streams)
        and set(streams) == set(windows[window])
    ]
    if not whole:
        raise InvalidOption("no window of the profile is measured for every stream")
    return [
        _window_instance(
            name,
            window,
            [(windows[window][stream], runs[stream, window]) for stream in streams],
            estimates,
            server,
        )
        for window in whole
    ]


def _window_instance(
    name: str,
    window: int,
    measured: list[tuple[WindowPoint, list[RecipeRun]]],
    estimates: Estimates,
    server: Server,
) -> Instance:
    costs = {
        source.value: {
            point.stream: {
                f"{run.recipe}-e{epochs}": _rounded(seconds)
                for run in runs
                for epochs, seconds in zip(
                    run.epochs, run_costs(run, source), strict=True
                )
            }
            for point, runs in measured
        }
        for source in CostSource
    }
    return server.instance(
        f"{name}-window{window}",
        tuple(_stream(point, runs, estimates, server) for point, runs in measured),
        window=window,
        cost_source=server.cost_source.value,
        scale=server.scale,
        device_seconds=costs,
        class_mix={
            point.stream: {
                "training": list(point.class_mix_training),
                "test": list(point.class_mix_test),
            }
            for point, _ in measured
        },
        num_test={point.stream: point.num_test for point, _ in measured},
    )


def _stream(
    point: WindowPoint,
    runs: list[RecipeRun],
    estimates: Estimates,
    server: Server,
) -> Stream:
    delay = _rounded(server.scale * point.delay_seconds)
    retrainings = []
    for run in runs:
        costs = run_costs(run, server.cost_source)
        for epochs, accuracy, cost in zip(
            run.epochs, run.test_accuracy, costs, strict=True
        ):
            name = f"{run.recipe}-e{epochs}"
            estimate = estimates.get((point.stream, point.window, name))
            retrainings.append(
                RetrainingConfig(
                    name=name,
                    gpu_seconds=_rounded(server.scale * cost),
                    accuracy=_rounded(accuracy),
                    delay_seconds=delay,
                    estimate=estimate and _scaled(estimate, server.scale),
                )
            )
    retrainings += [
        RetrainingConfig(
            name=f"cached-{model.origin}",
            gpu_seconds=0.0,
            accuracy=_rounded(model.test_accuracy),
            delay_seconds=_rounded(server.scale * model.load_seconds),
            estimate=Estimate(
                gpu_seconds=0.0, accuracy=_rounded(model.validation_accuracy)
            ),
        )
        for model in point.cached
    ]
    return Stream(
        name=point.stream,
        accuracy=_rounded(point.start_test_accuracy),
        retraining=tuple(retrainings),
        inference=tuple(_inference(serving, server) for serving in point.serving),
    )


def _inference(serving: SampledFrames, server: Server) -> InferenceConfig:
    stride = serving.stride
    return InferenceConfig(
        name="every-frame" if stride == 1 else f"every-{stride}",
        gpus=_rounded(min(1.0, server.scale * serving.gpus)),
        relative_accuracy=_rounded(min(1.0, serving.relative_accuracy)),
    )


def _scaled(estimate: Estimate, scale: float) -> Estimate:
    return Estimate(
        gpu_seconds=_rounded(scale * estimate.gpu_seconds),
        accuracy=_rounded(estimate.accuracy),
    )


def _rounded(value: float) -> float:
    return round(value, 6)
