"""The network: its size, what is trained, and its operations on paper."""

import numpy as np
import pytest
import torch

from instances.profiler.network import (
    features,
    freeze,
    layer_flops,
    new_network,
    training_flops,
)

SHAPE = (1, 8, 8)


def test_operations_on_paper() -> None:
    """Width 2 on 8 × 8 gray frames of three classes, multiplications and additions.

    First 64 places × 1 × 2 × 9, second 16 × 2 × 4 × 9, then 4 channels × 4 places to 8,
    and 8 to 3; each times two.
    """
    assert layer_flops(2, SHAPE, 3) == (2 * 1152, 2 * 1152, 2 * 128, 2 * 24)


def test_operations_of_training_on_paper() -> None:
    """Backward, weights cost a forward pass, inputs too but for the first trained."""
    one, two, three, four = layer_flops(2, SHAPE, 3)
    forward = one + two + three + four
    assert training_flops("head", 2, SHAPE, 3) == forward + four
    frozen = forward + three + 2 * four
    assert training_flops("conv-frozen", 2, SHAPE, 3) == frozen
    whole = forward + one + 2 * (two + three + four)
    assert training_flops("all", 2, SHAPE, 3) == whole


def test_operations_agree_with_the_network() -> None:
    """PyTorch's own counter of operations finds the same forward pass."""
    from torch.utils.flop_counter import FlopCounterMode

    network = new_network(8, (3, 16, 16), 10, np.random.default_rng(0))
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        network(torch.zeros(1, 3, 16, 16))
    assert counter.get_total_flops() == sum(layer_flops(8, (3, 16, 16), 10))


def test_the_same_generator_gives_the_same_weights() -> None:
    """Weights come from the generator alone, not from torch's global state."""
    torch.manual_seed(1)
    one = new_network(4, SHAPE, 3, np.random.default_rng(5))
    torch.manual_seed(2)
    other = new_network(4, SHAPE, 3, np.random.default_rng(5))
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name])


@pytest.mark.parametrize(
    ("layers", "trained"),
    [
        ("all", {"conv1", "conv2", "fc1", "fc2"}),
        ("conv-frozen", {"fc1", "fc2"}),
        ("head", {"fc2"}),
    ],
)
def test_only_the_named_layers_are_trained(layers: str, trained: set[str]) -> None:
    """Freezing again for another recipe undoes what was frozen before."""
    network = new_network(4, SHAPE, 3, np.random.default_rng(0))
    freeze(network, "head")
    freeze(network, layers)
    learning = {
        name.split(".")[0]
        for name, value in network.named_parameters()
        if value.requires_grad
    }
    assert learning == trained


def test_features_are_what_the_last_layer_sees() -> None:
    """Four for each channel; the last layer makes the outputs of them."""
    network = new_network(4, SHAPE, 3, np.random.default_rng(0))
    images = torch.rand(5, *SHAPE)
    seen = features(network, images)
    assert seen.shape == (5, 16)
    assert torch.equal(network.fc2(seen), network(images))
