"""Windows that were recorded one by one, chained into a horizon."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from statistics import mean
from typing import Any

from instances.checks import shown
from instances.errors import InvalidOption
from instances.horizon import Horizon
from instances.horizon_stream import (
    Decay,
    HorizonConfig,
    HorizonStream,
    StreamWindow,
)
from instances.instance import Instance, RetrainingConfig, Stream

CACHED = "cached-"
PRETRAINED = "pretrained"

SHARED = (
    *("window_seconds", "gpus", "units_per_gpu", "reallocation", "slot_seconds"),
    *("min_accuracy", "training_throughput"),
)
"""What all windows of a horizon have in common."""


def chain(
    instances: Sequence[Instance],
    *,
    name: str = "chain",
    decay: Decay | None = None,
    same_start: bool = False,
    reference: str | None = None,
    cached_models: int = 0,
    load_seconds: float | None = None,
    warm_gb: float = 0.0,
    model_gb: float = 0.0,
) -> Horizon:
    """Return the horizon whose windows are instances, in order.

    Streams are matched by name; those that are not in every window are left out, and
    named in the metadata. Weights and floors are those of the first window. From the
    second window on, a stream's accuracy is no longer what the instance says but what
    the models score that the schedule made.

    The windows of a profile (``ekya-opt profile``) say what earlier models score: their
    configs ``cached-window2``, ``cached-pretrained`` are no configs of the horizon but
    records. What the reference config's model of window 2 scores in window 4 is
    ``cached-window2`` there. The other models of window 2 were not kept: they are taken
    to change by as much, within [0, 1]. Estimates stay as they are.

    Parameters
    ----------
    instances
        At least one, of the same server.
    name
        Of the horizon.
    decay
        What models lose without records; nothing by default.
    same_start
        Whether the accuracies of the instances' streams are those of one and the same
        model in all windows; then they are the first model's records.
    reference
        Name of the config whose models were kept; by default what a profile says in its
        metadata.
    cached_models, warm_gb
        Of the horizon.
    load_seconds, model_gb
        Of every stream; by default the mean recorded delay of its earlier models, 0
        without any.

    Raises
    ------
    InvalidOption
        If there is no instance, the servers differ or no stream is in all windows.
    """
    _check_servers(instances)
    reference = reference or reference_config(instances[0].metadata)
    names = [
        stream.name
        for stream in instances[0].streams
        if all(_find(each, stream.name) for each in instances)
    ]
    if not names:
        raise InvalidOption("no stream is in all windows, expected at least one")
    streams = [
        _chained(
            [_found(each, stream) for each in instances],
            [_number(each, idx) for idx, each in enumerate(instances)],
            _Rules(
                decay=decay or Decay(),
                same_start=same_start,
                reference=reference,
                load_seconds=load_seconds,
                model_gb=model_gb,
            ),
        )
        for stream in names
    ]
    everyone = {stream.name for each in instances for stream in each.streams}
    first = instances[0]
    return Horizon(
        name=name,
        **{each: getattr(first, each) for each in SHARED},
        streams=tuple(streams),
        cached_models=cached_models,
        warm_gb=warm_gb,
        metadata={
            "source": "chained windows",
            "windows": [each.name for each in instances],
            "reference": reference,
            "left_out": sorted(everyone - set(names)),
        },
    )


def reference_config(metadata: Mapping[str, Any]) -> str | None:
    """Return the config whose models a profile kept, ``None`` without a profile.

    It is the last one of the serving network's width that trains all layers (see
    :meth:`instances.profiler.recipes.Preset.reference`), with its most epochs.
    """
    try:
        recipes = metadata["profiler"]["preset"]["recipes"]
        width = recipes[-1]["width"]
        kept = [
            f"{recipe['name']}-e{recipe['epochs'][-1]}"
            for recipe in recipes
            if recipe["width"] == width and recipe["layers"] == "all"
        ]
    except (KeyError, TypeError, IndexError):
        return None
    return kept[-1] if kept else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """What :func:`chain` was told about all streams."""

    decay: Decay
    same_start: bool
    reference: str | None
    load_seconds: float | None
    model_gb: float


def _chained(
    streams: Sequence[Stream], numbers: Sequence[int], rules: _Rules
) -> HorizonStream:
    """Return one stream over its windows, which the recording counts by numbers."""
    records = [_records(stream) for stream in streams]
    origin = PRETRAINED if numbers[0] == 1 else f"window{numbers[0] - 1}"
    later = _recorded(records[1:], origin)
    if rules.same_start:
        later = tuple(stream.accuracy for stream in streams[1:])
    delays = [config.delay_seconds for found in records for config in found.values()]
    load_seconds = rules.load_seconds
    if load_seconds is None:
        load_seconds = round(mean(delays), 6) if delays else 0.0
    return HorizonStream(
        name=streams[0].name,
        accuracy=streams[0].accuracy,
        later_accuracy=later,
        decay=rules.decay,
        inference=streams[0].inference,
        windows=tuple(
            StreamWindow(
                retraining=_configs(
                    stream,
                    _recorded(records[w + 1 :], f"window{numbers[w]}"),
                    rules.reference,
                ),
                inference=()
                if stream.inference == streams[0].inference
                else stream.inference,
            )
            for w, stream in enumerate(streams)
        ),
        weight=streams[0].weight,
        min_accuracy=streams[0].min_accuracy,
        load_seconds=load_seconds,
        model_gb=rules.model_gb,
    )


def _configs(
    stream: Stream, later: tuple[float, ...] | None, reference: str | None
) -> tuple[HorizonConfig, ...]:
    """Return a window's own configs, which change as the reference is recorded to."""
    own = [config for config in stream.retraining if config not in _earlier(stream)]
    start = [config.accuracy for config in own if config.name == reference]
    return tuple(
        HorizonConfig(
            **{
                each.name: getattr(config, each.name)
                for each in fields(RetrainingConfig)
            },
            later_accuracy=None
            if later is None or not start
            else tuple(
                round(min(1.0, max(0.0, config.accuracy + (score - start[0]))), 6)
                for score in later
            ),
        )
        for config in own
    )


def _recorded(
    records: Sequence[Mapping[str, RetrainingConfig]], origin: str
) -> tuple[float, ...] | None:
    """Return what a model scores in windows, ``None`` if one has no record of it."""
    if not all(origin in found for found in records):
        return None
    return tuple(found[origin].accuracy for found in records)


def _records(stream: Stream) -> dict[str, RetrainingConfig]:
    """Return the earlier models of a window by their origin."""
    return {config.name.removeprefix(CACHED): config for config in _earlier(stream)}


def _earlier(stream: Stream) -> list[RetrainingConfig]:
    """Return the configs of a window that are models of a profile's earlier ones."""
    kinds = (f"{CACHED}{PRETRAINED}", f"{CACHED}window")
    return [config for config in stream.retraining if config.name.startswith(kinds)]


def _number(instance: Instance, idx: int) -> int:
    """Return the number by which a window's recording counts it."""
    number = instance.metadata.get("window", idx + 1)
    return number if isinstance(number, int) else idx + 1


def _find(instance: Instance, name: str) -> Stream | None:
    return next((each for each in instance.streams if each.name == name), None)


def _found(instance: Instance, name: str) -> Stream:
    stream = _find(instance, name)
    assert stream is not None
    return stream


def _check_servers(instances: Sequence[Instance]) -> None:
    if not instances:
        raise InvalidOption("there is no window to chain, expected at least one")
    for idx, instance in enumerate(instances[1:], start=2):
        for each in SHARED:
            found, expected = getattr(instance, each), getattr(instances[0], each)
            if found != expected:
                message = f"window {idx}: {each} is {shown(found)}, expected"
                raise InvalidOption(f"{message} {shown(expected)} as in window 1")
