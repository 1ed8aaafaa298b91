"""The worked example of the paper: two windows of two streams on three GPUs."""

from instances.instance import InferenceConfig, Instance, RetrainingConfig, Stream

UNITS_PER_GPU = 20

_Row = tuple[str, float, float]


def paper_windows() -> tuple[Instance, Instance]:
    """Return windows 1 and 2 of Ekya, Table 1 and Fig. 4.

    Inference with i GPUs keeps min(1, i) of the model's accuracy: one inference config
    for each unit up to a whole GPU. Window 2 starts from the models that the best plan
    of window 1 leaves: A's as it was (0.65) and B's after Cfg2B (0.85).
    """
    first = _window(
        "window1",
        _stream("A", 0.65, ("Cfg1A", 85, 0.75), ("Cfg2A", 65, 0.7)),
        _stream("B", 0.5, ("Cfg1B", 80, 0.9), ("Cfg2B", 50, 0.85)),
    )
    second = _window(
        "window2",
        _stream("A", 0.65, ("Cfg1A", 90, 0.95), ("Cfg2A", 40, 0.9)),
        _stream("B", 0.85, ("Cfg1B", 80, 0.98), ("Cfg2B", 70, 0.9)),
    )
    return first, second


def _window(name: str, *streams: Stream) -> Instance:
    return Instance(
        name=f"paper-{name}",
        window_seconds=120,
        gpus=3,
        units_per_gpu=UNITS_PER_GPU,
        min_accuracy=0.4,
        streams=streams,
        metadata={"source": "Ekya, Table 1 and Fig. 4"},
    )


def _stream(name: str, accuracy: float, *rows: _Row) -> Stream:
    shares = [units / UNITS_PER_GPU for units in range(1, UNITS_PER_GPU + 1)]
    return Stream(
        name=name,
        accuracy=accuracy,
        retraining=tuple(
            RetrainingConfig(name=config, gpu_seconds=seconds, accuracy=end)
            for config, seconds, end in rows
        ),
        inference=tuple(
            InferenceConfig(
                name=f"{share:.2f}-gpu", gpus=share, relative_accuracy=share
            )
            for share in shares
        ),
    )
