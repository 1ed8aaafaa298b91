"""An edge-sized network: two convolutions, two linear layers, some thousand weights."""

from typing import Any

import numpy as np

from instances.profiler.seeds import torch_generator

Shape = tuple[int, int, int]
"""Channels, height and width of a frame; height and width are multiples of 4."""

FIRST_TRAINED = {"all": 0, "conv-frozen": 2, "head": 3}
NAMES = ("conv1", "conv2", "fc1", "fc2")
HIDDEN_PER_CHANNEL = 4


def new_network(
    width: int, shape: Shape, num_classes: int, rng: np.random.Generator
) -> Any:
    """Return a ``torch.nn.Sequential`` on the CPU with He-uniform weights.

    Two times a 3×3 convolution, rectifier and 2×2 mean pooling, with ``width`` and
    ``2 width`` channels, then linear layers to ``4 width`` features and the classes.
    """
    from collections import OrderedDict

    from torch import nn

    channels, height, across = shape
    flat = 2 * width * (height // 4) * (across // 4)
    hidden = HIDDEN_PER_CHANNEL * width
    # Mean pooling: the backward pass of max pooling sums atomically on CUDA.
    network = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(channels, width, 3, padding=1),
            relu1=nn.ReLU(),
            pool1=nn.AvgPool2d(2),
            conv2=nn.Conv2d(width, 2 * width, 3, padding=1),
            relu2=nn.ReLU(),
            pool2=nn.AvgPool2d(2),
            flatten=nn.Flatten(),
            fc1=nn.Linear(flat, hidden),
            relu3=nn.ReLU(),
            fc2=nn.Linear(hidden, num_classes),
        )
    )
    random = torch_generator(rng)
    for name in NAMES:
        layer = getattr(network, name)
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=random)
        nn.init.zeros_(layer.bias)
    return network


def freeze(network: Any, layers: str) -> None:
    """Let only the named part of the network learn (see ``Recipe.layers``)."""
    first = FIRST_TRAINED[layers]
    for idx, name in enumerate(NAMES):
        getattr(network, name).requires_grad_(idx >= first)


def features(network: Any, images: Any) -> Any:
    """Return what the last layer sees of the images, shape (n, 4 width)."""
    return network[:-1](images)


def layer_flops(width: int, shape: Shape, num_classes: int) -> tuple[int, ...]:
    """Return the operations of each layer for one frame, forward.

    A multiplication and an addition for each weight at each place, that is
    :math:`2 H W C_{in} C_{out} k^2` for a convolution; biases, rectifiers and pooling
    are left out.
    """
    channels, height, across = shape
    hidden = HIDDEN_PER_CHANNEL * width
    places = height * across
    return (
        2 * places * channels * width * 9,
        2 * (places // 4) * width * 2 * width * 9,
        2 * (2 * width * (height // 4) * (across // 4)) * hidden,
        2 * hidden * num_classes,
    )


def training_flops(layers: str, width: int, shape: Shape, num_classes: int) -> int:
    """Return the operations of one frame in one training step.

    Forward through all layers; backward, each trained layer costs its forward pass
    once for its weights, and all but the first trained one once more for its inputs.
    """
    flops = layer_flops(width, shape, num_classes)
    trained = flops[FIRST_TRAINED[layers] :]
    return sum(flops) + sum(trained) + sum(trained[1:])
