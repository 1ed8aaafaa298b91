"""The golden model: a wider teacher that labels the frames to retrain on."""

from dataclasses import replace
from typing import Any

from instances.profiler.clocks import Clock
from instances.profiler.network import Shape, new_network
from instances.profiler.points import Recipe
from instances.profiler.seeds import Role, generator
from instances.profiler.settings import Settings
from instances.profiler.training import TrainingSet, predictions, train
from instances.profiler.windows import WindowData

TEACHER_WIDTH = 64
TEACHER_BATCH = 32


def generic_model(
    width: int,
    data: WindowData,
    num_classes: int,
    settings: Settings,
    clock: Clock,
    role: Role = Role.PRETRAINING,
) -> Any:
    """Return a network of some width trained on the pretraining frames."""
    rng = generator(settings.seed, role, name=str(width))
    _, channels, height, across = data.images.shape
    shape: Shape = (channels, height, across)
    epochs = settings.preset.pretraining_epochs
    recipe = Recipe(
        name="generic",
        width=width,
        layers="all",
        data_fraction=1.0,
        batch_size=TEACHER_BATCH,
        epochs=(epochs,),
    )
    training = train(
        new_network(width, shape, num_classes, rng),
        recipe,
        TrainingSet(images=data.images, labels=data.labels),
        None,
        None,
        rng=rng,
        device=settings.device,
        clock=clock,
    )
    return training.networks[epochs]


def labelled_by(
    teacher: Any, sets: tuple[WindowData, WindowData], device: str, clock: Clock
) -> tuple[tuple[WindowData, WindowData], float]:
    """Return the sets with the teacher's labels, and the device seconds it took."""
    with clock.lap() as lap:
        labels = [predictions(teacher, each.images, device) for each in sets]
    training, validation = (
        replace(each, labels=seen) for each, seen in zip(sets, labels, strict=True)
    )
    return (training, validation), lap.seconds
