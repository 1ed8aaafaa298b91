"""Inference configs: every ``stride``-th frame is analysed, its prediction held."""

from statistics import median
from typing import Any

import numpy as np

from instances.profiler.clocks import Clock
from instances.profiler.points import SampledFrames
from instances.profiler.windows import Images, Integers, WindowData

STRIDES = (1, 2, 3, 5, 10, 20)
TIMED_FRAMES = 30
WARM_UP_FRAMES = 5


def held(predictions: Integers, stride: int) -> Integers:
    """Return the prediction in force at each frame if only every n-th is analysed."""
    return predictions[np.arange(len(predictions)) // stride * stride]


def relative_accuracies(
    predictions: Integers, labels: Integers
) -> tuple[tuple[int, float], ...]:
    """Return each stride with its accuracy divided by that of every frame.

    Frames are in the order of the camera, so a held prediction may outlive its track.
    Where no frame is predicted rightly all strides but the first are worth 0.
    """
    every = float(np.mean(predictions == labels))
    found = [(1, 1.0)]
    for stride in STRIDES[1:]:
        accuracy = float(np.mean(held(predictions, stride) == labels))
        found.append((stride, accuracy / every if every else 0.0))
    return tuple(found)


def frame_seconds(network: Any, images: Images, device: str, clock: Clock) -> float:
    """Return the median device seconds of one frame, which comes alone.

    A camera's frames come one at a time: moved to the device, analysed, and the class
    read back.
    """
    import torch

    laps = []
    with torch.no_grad():
        for idx in range(WARM_UP_FRAMES + TIMED_FRAMES):
            image = images[idx % len(images)][None]
            with clock.lap() as lap:
                int(network(torch.tensor(image, device=device)).argmax())
            laps.append(lap.seconds)
    return float(median(laps[WARM_UP_FRAMES:]))


def sampled_frames(
    predictions: Integers,
    data: WindowData,
    seconds_per_frame: float,
    frames_per_second: float,
) -> tuple[SampledFrames, ...]:
    """Return what each stride is worth on a window's frames, and what it takes.

    A stride of n demands frames a second × seconds a frame / n of the device.
    """
    demand = frames_per_second * seconds_per_frame
    return tuple(
        SampledFrames(stride=stride, relative_accuracy=relative, gpus=demand / stride)
        for stride, relative in relative_accuracies(predictions, data.labels)
    )
