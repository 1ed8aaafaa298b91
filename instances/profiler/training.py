"""Retraining a model with a recipe, measured epoch by epoch."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from instances.profiler.clocks import Clock, probe
from instances.profiler.network import freeze
from instances.profiler.points import Recipe
from instances.profiler.seeds import torch_generator
from instances.profiler.windows import Images, Integers, InvalidFrames, WindowData

LEARNING_RATE = 2e-3
EVALUATION_BATCH = 500
TEMPERATURE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A finished training.

    Attributes
    ----------
    num_samples, steps_per_epoch
        Frames and steps of one epoch.
    setup_seconds
        Device seconds of copying the model and moving the frames.
    epoch_seconds
        Device seconds of each epoch, without evaluations.
    evaluation_seconds
        Device seconds of all validations.
    validation_accuracy
        After each epoch.
    test_accuracy
        At each checkpoint.
    networks
        The model at each checkpoint, by epochs.
    """

    num_samples: int
    steps_per_epoch: int
    setup_seconds: float
    epoch_seconds: tuple[float, ...]
    evaluation_seconds: float
    validation_accuracy: tuple[float, ...]
    test_accuracy: tuple[float, ...]
    networks: Mapping[int, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSet:
    """The frames that a recipe trains on.

    Attributes
    ----------
    images, labels
        Shapes (n, channels, height, width) and (n,).
    distilled
        Classes among which the start model's outputs are a target besides the
        labels, with a temperature of 2; none for labels alone.
    """

    images: Images
    labels: Integers
    distilled: tuple[int, ...] = ()


def sampled(data: WindowData, fraction: float, rng: np.random.Generator) -> WindowData:
    """Return a share of the frames, at least one, in random order."""
    num = max(1, round(fraction * len(data)))
    return data.at(rng.permutation(len(data))[:num])


def check_batch(recipe: Recipe, num: int) -> None:
    """Raise ``InvalidFrames`` if there are fewer training frames than one batch.

    A sample of the frames that is smaller than a batch is one smaller batch.
    """
    if num < recipe.batch_size:
        message = f"holds {num} training frames, expected at least the batch of "
        raise InvalidFrames(f"{message}{recipe.batch_size} of recipe {recipe.name}")


def train(
    start: Any,
    recipe: Recipe,
    data: TrainingSet,
    validation: WindowData | None,
    test: WindowData | None,
    *,
    rng: np.random.Generator,
    device: str,
    clock: Clock,
) -> Training:
    """Train a copy of a model and test it at the recipe's checkpoints.

    Adam with a fixed learning rate, so that one run of the most epochs passes through
    what a run of fewer would end in.

    Parameters
    ----------
    start
        Network to start from, left as it is.
    recipe
        Its layers, batch size and epochs count; ``data`` is sampled already.
    validation, test
        Frames to evaluate on after each epoch and at each checkpoint, or ``None``.
    rng
        Draws the order of the frames.
    """
    import torch

    with clock.lap() as setup:
        step, network = _stepper(start, recipe, data, device)
    order = torch_generator(rng)
    num = len(data.labels)
    epoch_seconds, validations, tests = [], [], []
    evaluation_seconds = 0.0
    networks = {}
    for epoch in range(1, recipe.epochs[-1] + 1):
        with clock.lap() as lap:
            shuffled = torch.randperm(num, generator=order).to(device)
            for chosen in shuffled.split(recipe.batch_size):
                step(chosen)
        epoch_seconds.append(lap.seconds)
        if validation is not None:
            with clock.lap() as lap:
                validations.append(accuracy(network, validation, device))
            evaluation_seconds += lap.seconds
        if epoch in recipe.epochs:
            networks[epoch] = copy.deepcopy(network)
            if test is not None:
                tests.append(accuracy(network, test, device))
    return Training(
        num_samples=num,
        steps_per_epoch=-(-num // recipe.batch_size),
        setup_seconds=setup.seconds,
        epoch_seconds=tuple(epoch_seconds),
        evaluation_seconds=evaluation_seconds,
        validation_accuracy=tuple(validations),
        test_accuracy=tuple(tests),
        networks=networks,
    )


def probe_step(
    start: Any, recipe: Recipe, data: TrainingSet, *, device: str, clock: Clock
) -> tuple[float, float]:
    """Return the median device seconds of a step, and those of the whole probe.

    The steps are the recipe's own: its layers and batch size on its own frames.
    """
    import torch

    step, _ = _stepper(start, recipe, data, device)
    chosen = torch.arange(min(recipe.batch_size, len(data.labels)), device=device)
    return probe(lambda: step(chosen), clock)


def predictions(network: Any, images: Images, device: str) -> Integers:
    """Return the class that the network sees in each image, shape (n,)."""
    import torch

    found = []
    with torch.no_grad():
        for first in range(0, len(images), EVALUATION_BATCH):
            batch = torch.tensor(images[first : first + EVALUATION_BATCH])
            found.append(network(batch.to(device)).argmax(1).cpu().numpy())
    return np.concatenate(found).astype(np.int64)


def accuracy(network: Any, data: WindowData, device: str) -> float:
    """Return the share of the frames whose class the network sees, in [0, 1]."""
    return float(np.mean(predictions(network, data.images, device) == data.labels))


def _stepper(
    start: Any, recipe: Recipe, data: TrainingSet, device: str
) -> tuple[Callable[[Any], None], Any]:
    """Return a function that trains on the frames at some indices, and the network."""
    import torch
    from torch.nn import functional

    network = copy.deepcopy(start).to(device)
    freeze(network, recipe.layers)
    trained = [each for each in network.parameters() if each.requires_grad]
    optimiser = torch.optim.Adam(trained, lr=LEARNING_RATE)
    images = torch.tensor(data.images, device=device)
    labels = torch.tensor(data.labels, device=device)
    targets = None
    if data.distilled:
        with torch.no_grad():
            teacher = copy.deepcopy(start).to(device)
            old = teacher(images)[:, data.distilled]
            targets = functional.softmax(old / TEMPERATURE, dim=1)

    def step(chosen: Any) -> None:
        optimiser.zero_grad()
        outputs = network(images[chosen])
        loss = functional.cross_entropy(outputs, labels[chosen])
        if targets is not None:
            new = outputs[:, data.distilled] / TEMPERATURE
            soft = functional.log_softmax(new, dim=1)
            kept = functional.kl_div(soft, targets[chosen], reduction="batchmean")
            loss = loss + TEMPERATURE**2 * kept
        loss.backward()
        optimiser.step()

    return step, network
