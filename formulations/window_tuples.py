"""The tuples (γ, λ, R, I) of a stream in Eq. 1 of Ekya, and what each is worth."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from formulations.stream_model import NO_RETRAINING, StreamModel, units_needed
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import Instance, Reallocation, Stream

NO_INFERENCE = -1
"""Index of "no inference" among a stream's inference configs."""


class Block(NamedTuple):
    """The admissible tuples (v, γ, λ, R, I) that differ in I only.

    I runs from ``fewest`` to K - R. ``share`` is the completion as a share of the
    window (1 without retraining), ``training`` that of the training itself.
    """

    retraining_idx: int
    inference_idx: int
    training_units: int
    fewest: int
    share: float
    training: float


class Choice(NamedTuple):
    """One tuple (γ, λ, R, I) of a stream and its coefficients in Eq. 1."""

    retraining_idx: int
    inference_idx: int
    training_units: int
    inference_units: int
    accuracy: float
    gpus_in_training: float


def stream_choices(
    instance: Instance, stream: Stream, check_time: Callable[[], None]
) -> Iterator[Choice]:
    """Yield the admissible tuples of a stream with their coefficients.

    With s the completion's share of the window, A_T = s · a · r_λ + (1 - s) · a_γ · r',
    where r' is r_λ under ``never``, and under ``stream`` what the best config that
    fits I + R keeps.
    """
    model = StreamModel(instance, stream)
    joins = instance.reallocation is Reallocation.STREAM
    kept = [model.relative_accuracy(k) for k in range(instance.total_units + 1)]
    for block in stream_blocks(instance, stream):
        check_time()
        r = block.training_units
        serving = _kept(stream, block.inference_idx)
        before = block.share * stream.accuracy * serving
        after = (1 - block.share) * _model_after(stream, block.retraining_idx)
        gpus = block.training * r / instance.units_per_gpu
        for i in range(block.fewest, instance.total_units - r + 1):
            relative = kept[i + r] if joins and r else serving
            yield Choice(
                block.retraining_idx,
                block.inference_idx,
                r,
                i,
                before + after * relative,
                gpus,
            )


def stream_blocks(instance: Instance, stream: Stream) -> Iterator[Block]:
    """Yield the blocks of tuples of a stream that are admissible.

    A tuple is admissible if R + I ≤ K, λ's demand fits I, the retraining finishes
    inside the window, and the accuracy is at the floor before and after it.
    """
    model = StreamModel(instance, stream)
    joins = instance.reallocation is Reallocation.STREAM
    floor = instance.floor(stream) - ACCURACY_TOLERANCE
    needs = [
        units_needed(config.gpus, instance.units_per_gpu) for config in stream.inference
    ]
    for gamma in range(NO_RETRAINING, len(stream.retraining)):
        after = _model_after(stream, gamma)
        joined = model.fewest_serving(after) if joins else 0
        for r in range(instance.total_units + 1):
            share, training = _shares(instance, stream, model, gamma, r)
            if share > 1:
                continue
            for lam in range(NO_INFERENCE, len(stream.inference)):
                fewest = 0 if lam == NO_INFERENCE else needs[lam]
                serving = _kept(stream, lam)
                if share > TIME_TOLERANCE and stream.accuracy * serving < floor:
                    continue
                if share < 1 - TIME_TOLERANCE:
                    if joins and r:
                        if joined is None:
                            continue
                        fewest = max(fewest, joined - r)
                    elif after * serving < floor:
                        continue
                if fewest + r <= instance.total_units:
                    yield Block(gamma, lam, r, fewest, share, training)


def _shares(
    instance: Instance, stream: Stream, model: StreamModel, gamma: int, r: int
) -> tuple[float, float]:
    """Return completion and training as shares of the window; above 1: not inside."""
    if gamma == NO_RETRAINING:
        return 1.0, 0.0
    completion = model.completion_seconds(gamma, r)
    training = completion - stream.retraining[gamma].delay_seconds
    window = instance.window_seconds
    return completion / window, training / window


def _kept(stream: Stream, inference_idx: int) -> float:
    if inference_idx == NO_INFERENCE:
        return 0.0
    return stream.inference[inference_idx].relative_accuracy


def _model_after(stream: Stream, retraining_idx: int) -> float:
    if retraining_idx == NO_RETRAINING:
        return stream.accuracy
    return stream.retraining[retraining_idx].accuracy
