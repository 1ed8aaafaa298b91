"""Instances as tables in pandas, the way back from an import."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from instances.checks import shown
from instances.errors import InvalidInstance
from instances.importers.table_windows import NO_CONFIG, is_no_config
from instances.instance import Instance, RetrainingConfig, Stream

if TYPE_CHECKING:
    from pandas import DataFrame


def table_of(instances: Instance | Iterable[Instance]) -> "DataFrame":
    """Return the table that :func:`~instances.importers.tables.import_table` reads.

    One row for each retraining config; a stream without any has one row without a
    config. The column ``window`` holds the instances' names. What belongs to the
    server or to inference is not in it.

    Raises
    ------
    InvalidInstance
        If two instances share a name, or a config is called ``none``.
    """
    import pandas as pd

    windows = [instances] if isinstance(instances, Instance) else list(instances)
    names = [instance.name for instance in windows]
    for name in names:
        if names.count(name) > 1:
            message = f"{shown(name)} is the name of several instances, expected one"
            raise InvalidInstance(message)
    rows = [
        {"stream": stream.name, "window": instance.name, **row}
        for instance in windows
        for stream in instance.streams
        for row in _rows(stream)
    ]
    return pd.DataFrame(rows)


def inference_table_of(instance: Instance) -> "DataFrame":
    """Return the inference configs of an instance as a table, a row for each.

    It is what ``inference`` of :func:`~instances.importers.tables.import_table`
    takes.
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "stream": stream.name,
            "config": config.name,
            "gpus": config.gpus,
            "relative_accuracy": config.relative_accuracy,
        }
        for stream in instance.streams
        for config in stream.inference
    )


def _rows(stream: Stream) -> list[dict[str, Any]]:
    own = {
        "start_accuracy": stream.accuracy,
        "weight": stream.weight,
        "min_accuracy": stream.min_accuracy,
    }
    none = {"config": None, "gpu_seconds": None, "accuracy": stream.accuracy}
    rows = [_row(config) for config in stream.retraining] or [none]
    return [{**row, **own} for row in rows]


def _row(config: RetrainingConfig) -> dict[str, Any]:
    if is_no_config(config.name):
        message = f"a retraining config is called {shown(config.name)}, which a table "
        raise InvalidInstance(f"{message}reads as no config ({NO_CONFIG})")
    estimate = config.estimate
    return {
        "config": config.name,
        "gpu_seconds": config.gpu_seconds,
        "accuracy": config.accuracy,
        "delay_seconds": config.delay_seconds,
        "estimated_gpu_seconds": None if estimate is None else estimate.gpu_seconds,
        "estimated_accuracy": None if estimate is None else estimate.accuracy,
    }
