"""Retraining: what changes, what is measured, and what is left alone."""

import copy
from typing import Any

import numpy as np
import pytest
import torch

from instances.profiler.clocks import ThreadClock
from instances.profiler.network import new_network
from instances.profiler.points import Recipe
from instances.profiler.training import (
    Training,
    TrainingSet,
    accuracy,
    check_batch,
    predictions,
    sampled,
    train,
)
from instances.profiler.windows import InvalidFrames, WindowData
from tests.instances.profiler.tiny import recipe

SHAPE = (1, 8, 8)


def frames(num: int = 60) -> WindowData:
    """Return frames that are bright above or below, which is what their class says."""
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=num)
    images = rng.uniform(0, 0.2, (num, *SHAPE)).astype(np.float32)
    images[labels == 0, :, :4] += 0.7
    images[labels == 1, :, 4:] += 0.7
    return WindowData(images=images, labels=labels, tracks=np.arange(num))


def network() -> Any:
    """Return an untrained network of two classes."""
    return new_network(4, SHAPE, 2, np.random.default_rng(3))


def trained(
    each: Recipe, start: Any, *, seed: int = 0, distilled: tuple[int, ...] = ()
) -> Training:
    """Return the training of a network on the frames above."""
    data = frames()
    return train(
        start,
        each,
        TrainingSet(images=data.images, labels=data.labels, distilled=distilled),
        frames(20),
        frames(40),
        rng=np.random.default_rng(seed),
        device="cpu",
        clock=ThreadClock(),
    )


def test_training_learns_what_the_frames_show() -> None:
    """A network that guesses ends up right; what it started from stays as it was."""
    start = network()
    before = copy.deepcopy(start.state_dict())
    found = trained(recipe(epochs=(1, 20)), start)
    assert found.test_accuracy[1] == 1.0
    assert accuracy(found.networks[20], frames(40), "cpu") == 1.0
    for name, value in before.items():
        assert torch.equal(value, start.state_dict()[name])


def test_every_epoch_is_measured_and_every_checkpoint_tested() -> None:
    """60 frames in steps of 8 are eight steps; 2 and 5 epochs are two checkpoints."""
    found = trained(recipe(epochs=(2, 5)), network())
    assert (found.num_samples, found.steps_per_epoch) == (60, 8)
    assert len(found.epoch_seconds) == len(found.validation_accuracy) == 5
    assert len(found.test_accuracy) == 2
    assert set(found.networks) == {2, 5}


def test_a_shorter_run_is_the_beginning_of_a_longer_one() -> None:
    """So one run of the most epochs serves all configs of a recipe."""
    long = trained(recipe(epochs=(2, 5)), network())
    short = trained(recipe(epochs=(2,)), network())
    assert short.validation_accuracy == long.validation_accuracy[:2]
    for name, value in short.networks[2].state_dict().items():
        assert torch.equal(value, long.networks[2].state_dict()[name])


@pytest.mark.parametrize(
    ("layers", "changed"),
    [
        ("all", {"conv1", "conv2", "fc1", "fc2"}),
        ("conv-frozen", {"fc1", "fc2"}),
        ("head", {"fc2"}),
    ],
)
def test_frozen_layers_do_not_change(layers: str, changed: set[str]) -> None:
    """And all others do."""
    start = network()
    after = trained(recipe(layers=layers), start).networks[2].state_dict()
    found = {
        name.split(".")[0]
        for name, value in start.state_dict().items()
        if not torch.equal(value, after[name])
    }
    assert found == changed


def test_the_order_of_the_frames_is_the_generators() -> None:
    """The same generator gives the same weights, another one others."""
    one, same, other = (
        trained(recipe(), network(), seed=seed).networks[2].fc2.weight
        for seed in (0, 0, 1)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_distillation_holds_on_to_the_old_outputs() -> None:
    """With the start model's outputs as a target, they change less."""
    start = trained(recipe(epochs=(20,)), network(), seed=7).networks[20]
    flipped = frames()
    images = torch.tensor(flipped.images)

    def drift(distilled: tuple[int, ...]) -> float:
        data = TrainingSet(
            images=flipped.images, labels=1 - flipped.labels, distilled=distilled
        )
        after = train(
            start,
            recipe(epochs=(20,)),
            data,
            None,
            None,
            rng=np.random.default_rng(0),
            device="cpu",
            clock=ThreadClock(),
        ).networks[20]
        with torch.no_grad():
            return float((after(images) - start(images)).abs().mean())

    assert drift((0, 1)) < 0.9 * drift(())


def test_a_sample_is_a_share_of_the_frames() -> None:
    """At least one frame, without repetition, in random order."""
    data = frames()
    rng = np.random.default_rng(0)
    some = sampled(data, 0.5, rng)
    assert len(some) == len(np.unique(some.tracks)) == 30
    assert some.tracks.tolist() != sorted(some.tracks)
    assert len(sampled(data, 0.001, rng)) == 1


def test_fewer_frames_than_a_batch_are_refused() -> None:
    """The batch and the recipe are named."""
    check_batch(recipe(batch_size=8), 8)
    with pytest.raises(InvalidFrames, match="holds 7 training frames, expected at"):
        check_batch(recipe(batch_size=8), 7)


def test_predictions_do_not_depend_on_batches() -> None:
    """Over 500 frames in two batches are as one by one."""
    many = frames(520)
    model = network()
    alone = [int(predictions(model, image[None], "cpu")[0]) for image in many.images]
    assert predictions(model, many.images, "cpu").tolist() == alone
