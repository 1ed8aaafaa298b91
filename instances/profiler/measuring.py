"""Measuring a profile: every recipe on every stream in every window."""

import logging
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from instances.profiler.clocks import Clock, clock_of
from instances.profiler.device import check_device, reproducible
from instances.profiler.digits import DigitFootage
from instances.profiler.exemplars import Memory, remembered
from instances.profiler.frames import FolderFootage
from instances.profiler.golden import TEACHER_WIDTH, generic_model, labelled_by
from instances.profiler.lineage import PRETRAINED, Lineage
from instances.profiler.network import training_flops
from instances.profiler.points import (
    CachedModel,
    MicroRun,
    Point,
    Recipe,
    RecipeRun,
    WindowPoint,
)
from instances.profiler.seeds import Role, generator
from instances.profiler.serving import frame_seconds, sampled_frames
from instances.profiler.settings import Settings
from instances.profiler.training import (
    Training,
    TrainingSet,
    accuracy,
    check_batch,
    predictions,
    probe_step,
    sampled,
    train,
)
from instances.profiler.windows import (
    Footage,
    InvalidFrames,
    WindowData,
    check_no_leak,
)

MICRO_EPOCHS = 5
MICRO_FRACTION = 0.1
TEACHER = "teacher"

_Key = tuple[str, int, str]

_log = logging.getLogger(__name__)


def footage_of(settings: Settings) -> Footage:
    """Return the user's frames, or the embedded digits if there are none.

    Raises
    ------
    InvalidFrames
        If the folder is not what :class:`FolderFootage` expects.
    """
    if settings.frames is None:
        return DigitFootage(settings)
    return FolderFootage(settings)


def measure(
    settings: Settings,
    *,
    folder: Path | None = None,
    done: Collection[Point] = (),
) -> Generator[Point, None, None]:
    """Measure a profile and yield each point as soon as it is finished.

    All streams of a window come before the next window. A stream's window begins with
    its :class:`WindowPoint`, then each recipe's :class:`MicroRun` and
    :class:`RecipeRun`. Random numbers depend on the settings alone, so that a profile
    measured in several goes has the accuracies of one measured at once.

    Parameters
    ----------
    settings
        What is measured and how.
    folder
        Where models are kept between runs; a temporary one by default, and then a
        model that is needed again is trained again.
    done
        Points of an earlier run with the same settings, which are not measured again.

    Raises
    ------
    ProfilerUnavailable
        If a package of the extra or the device is missing.
    InvalidFrames
        If the frames are not what is expected, with the folder.
    EkyaOptError
        If a stored model cannot be read or written.
    """
    check_device(settings.device)
    if folder is None:
        with TemporaryDirectory() as temporary:
            yield from measure(settings, folder=Path(temporary), done=done)
        return
    known = {_key(point) for point in done}
    footage = footage_of(settings)
    with reproducible():
        profiler = _Profiler(settings, footage, folder)
        for window in range(1, footage.num_windows + 1):
            for idx, stream in enumerate(footage.streams):
                place = _Place(stream=stream, idx=idx, window=window)
                yield from profiler.window_points(place, known)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A stream's window."""

    stream: str
    idx: int
    window: int

    @property
    def start(self) -> str:
        """The origin of the model that serves when the window begins."""
        return PRETRAINED if self.window == 1 else f"window{self.window - 1}"

    @property
    def end(self) -> str:
        """The origin of the model that the reference recipe makes in the window."""
        return f"window{self.window}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frames:
    """All frames of a stream's window."""

    training: WindowData
    validation: WindowData
    test: WindowData
    delay_seconds: float


class _Profiler:
    """Measures the points of one profile, its models in a folder."""

    def __init__(self, settings: Settings, footage: Footage, folder: Path) -> None:
        self.settings = settings
        self.preset = settings.preset
        self.footage = footage
        self.device = settings.device
        self.clock: Clock = clock_of(settings.device)
        self.num_classes = len(footage.classes)
        data = footage.pretraining()
        _, channels, height, across = data.images.shape
        self.shape = (channels, height, across)
        self.models = Lineage(folder, self.shape, self.num_classes, self.device)
        for width in self.preset.widths:
            self._make_generic(data, "", width, Role.PRETRAINING)
        self.teacher = None
        if settings.golden:
            self._make_generic(data, TEACHER, TEACHER_WIDTH, Role.TEACHER)
            self.teacher = self.models.load(TEACHER, PRETRAINED, TEACHER_WIDTH)[0]
        self._warm_up(data)

    def window_points(self, place: _Place, known: set[_Key]) -> Iterator[Point]:
        """Yield the points of a stream's window that are not known."""
        recipes = self.preset.recipes
        keys = [(place.stream, place.window, kind) for kind in _kinds(recipes)]
        finished = all(
            self.models.has(place.stream, place.end, width)
            for width in self.preset.widths
        )
        if finished and known.issuperset(keys):
            return
        frames = self._frames(place)
        if keys[0] not in known:
            yield self._window_point(place, frames)
        memory = self.models.load_memory(place.stream, place.start)
        for recipe in recipes:
            reference = recipe == self.preset.reference(recipe.width)
            stored = self.models.has(place.stream, place.end, recipe.width)
            start, _ = self._load(place, place.start, recipe.width)
            data = self._training_set(place, recipe, frames.training, memory)
            if (place.stream, place.window, f"micro {recipe.name}") not in known:
                yield self._micro_run(place, recipe, start, data, frames)
            new = (place.stream, place.window, f"run {recipe.name}") not in known
            if not new and (stored or not reference):
                continue
            training = train(
                start,
                recipe,
                data,
                frames.validation,
                frames.test,
                rng=self._rng(Role.RETRAINING, place, recipe.name),
                device=self.device,
                clock=self.clock,
            )
            if reference:
                self._keep(place, recipe, training, frames.training, memory)
            if new:
                yield self._recipe_run(place, recipe, training)

    def _make_generic(
        self, data: WindowData, stream: str, width: int, role: Role
    ) -> None:
        if not self.models.has(stream, PRETRAINED, width):
            network = generic_model(
                width, data, self.num_classes, self.settings, self.clock, role
            )
            self.models.save(network, stream, PRETRAINED, width)

    def _warm_up(self, data: WindowData) -> None:
        """Take a few steps that nobody measures: the first ones load kernels."""
        few = TrainingSet(images=data.images[:64], labels=data.labels[:64])
        for recipe in self.preset.recipes:
            start, _ = self.models.load("", PRETRAINED, recipe.width)
            probe_step(start, recipe, few, device=self.device, clock=self.clock)

    def _frames(self, place: _Place) -> _Frames:
        try:
            sets = self.footage.labelled(place.idx, place.window)
            test = self.footage.frames(place.idx, place.window)
            check_no_leak(training=sets[0], validation=sets[1], test=test)
            for recipe in self.preset.recipes:
                if recipe.data_fraction == 1:
                    check_batch(recipe, len(sets[0]))
        except InvalidFrames as problem:
            name = f"stream {place.stream}, window {place.window}"
            raise problem if problem.file else problem.in_file(name) from None
        delay = 0.0
        if self.teacher is not None:
            sets, delay = labelled_by(self.teacher, sets, self.device, self.clock)
        return _Frames(
            training=sets[0], validation=sets[1], test=test, delay_seconds=delay
        )

    def _window_point(self, place: _Place, frames: _Frames) -> WindowPoint:
        width = self.preset.serving_width
        cached = []
        origins = (PRETRAINED, *(f"window{w}" for w in range(1, place.window)))
        for origin in origins:
            network, seconds = self._load(place, origin, width)
            cached.append(
                CachedModel(
                    origin=origin,
                    validation_accuracy=accuracy(
                        network, frames.validation, self.device
                    ),
                    test_accuracy=accuracy(network, frames.test, self.device),
                    load_seconds=seconds,
                )
            )
        # The last model loaded is the one that the window begins with.
        seen = predictions(network, frames.test.images, self.device)
        alone = frame_seconds(network, frames.test.images, self.device, self.clock)
        return WindowPoint(
            stream=place.stream,
            window=place.window,
            start_validation_accuracy=cached[-1].validation_accuracy,
            start_test_accuracy=cached[-1].test_accuracy,
            num_training=len(frames.training),
            num_validation=len(frames.validation),
            num_test=len(frames.test),
            class_mix_training=frames.training.class_mix(self.num_classes),
            class_mix_test=frames.test.class_mix(self.num_classes),
            delay_seconds=frames.delay_seconds,
            cached=tuple(cached),
            serving=sampled_frames(
                seen, frames.test, alone, self.settings.frames_per_second
            ),
        )

    def _training_set(
        self,
        place: _Place,
        recipe: Recipe,
        training: WindowData,
        memory: Memory | None,
    ) -> TrainingSet:
        rng = self._rng(Role.SAMPLE, place, recipe.name)
        data = sampled(training, recipe.data_fraction, rng)
        return _with_memory(data, memory, distilled=self.settings.replay == "distilled")

    def _micro_run(
        self,
        place: _Place,
        recipe: Recipe,
        start: Any,
        data: TrainingSet,
        frames: _Frames,
    ) -> MicroRun:
        """Return the micro-profile: 5 epochs on a tenth of the recipe's frames."""
        rng = self._rng(Role.MICRO, place, recipe.name)
        num = max(1, round(MICRO_FRACTION * len(data.labels)))
        if num < 2:
            name = f"{recipe.name} of stream {place.stream}, window {place.window}"
            _log.warning("micro-profile of %s sees a single frame", name)
        few = rng.permutation(len(data.labels))[:num]
        training = train(
            start,
            replace(recipe, epochs=(MICRO_EPOCHS,)),
            replace(data, images=data.images[few], labels=data.labels[few]),
            frames.validation,
            None,
            rng=rng,
            device=self.device,
            clock=self.clock,
        )
        step_seconds, probe_seconds = probe_step(
            start, recipe, data, device=self.device, clock=self.clock
        )
        return MicroRun(
            stream=place.stream,
            window=place.window,
            recipe=recipe.name,
            num_samples=num,
            steps_per_epoch=training.steps_per_epoch,
            data_fraction=num / len(data.labels),
            epoch_seconds=training.epoch_seconds,
            evaluation_seconds=training.evaluation_seconds,
            validation_accuracy=training.validation_accuracy,
            step_seconds=step_seconds,
            probe_seconds=probe_seconds,
        )

    def _recipe_run(
        self, place: _Place, recipe: Recipe, training: Training
    ) -> RecipeRun:
        frame = training_flops(
            recipe.layers, recipe.width, self.shape, self.num_classes
        )
        return RecipeRun(
            stream=place.stream,
            window=place.window,
            recipe=recipe.name,
            epochs=recipe.epochs,
            num_samples=training.num_samples,
            steps_per_epoch=training.steps_per_epoch,
            flops_per_epoch=frame * training.num_samples,
            setup_seconds=training.setup_seconds,
            epoch_seconds=training.epoch_seconds,
            evaluation_seconds=training.evaluation_seconds,
            validation_accuracy=training.validation_accuracy,
            test_accuracy=training.test_accuracy,
        )

    def _keep(
        self,
        place: _Place,
        recipe: Recipe,
        training: Training,
        frames: WindowData,
        memory: Memory | None,
    ) -> None:
        """Store the model from which the next window's retrainings start."""
        network = training.networks[recipe.epochs[len(recipe.epochs) // 2]]
        serving = recipe.width == self.preset.serving_width
        if serving and self.settings.replay != "none":
            size = self.settings.num_exemplars
            kept = remembered(memory, frames, network, size, self.device)
            self.models.save_memory(kept, place.stream, place.end)
        self.models.save(network, place.stream, place.end, recipe.width)

    def _load(self, place: _Place, origin: str, width: int) -> tuple[Any, float]:
        stream = "" if origin == PRETRAINED else place.stream
        return self.models.load(stream, origin, width)

    def _rng(self, role: Role, place: _Place, name: str) -> Any:
        return generator(
            self.settings.seed, role, stream=place.idx, window=place.window, name=name
        )


def _kinds(recipes: tuple[Recipe, ...]) -> list[str]:
    """Return what is measured in a stream's window, in order."""
    pairs = [(f"micro {each.name}", f"run {each.name}") for each in recipes]
    return ["window", *(kind for pair in pairs for kind in pair)]


def _key(point: Point) -> _Key:
    if isinstance(point, WindowPoint):
        return point.stream, point.window, "window"
    kind = "micro" if isinstance(point, MicroRun) else "run"
    return point.stream, point.window, f"{kind} {point.recipe}"


def _with_memory(
    data: WindowData, memory: Memory | None, *, distilled: bool
) -> TrainingSet:
    """Return the frames together with the exemplars of earlier windows."""
    if memory is None:
        return TrainingSet(images=data.images, labels=data.labels)
    old = tuple(np.unique(memory.labels).tolist()) if distilled else ()
    return TrainingSet(
        images=np.concatenate([data.images, memory.images]),
        labels=np.concatenate([data.labels, memory.labels]),
        distilled=old,
    )
