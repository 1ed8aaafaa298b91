"""Measuring a profile: what is measured, the same twice, and in several goes."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from instances.errors import EkyaOptError
from instances.profiler.device import ProfilerUnavailable
from instances.profiler.measuring import measure
from instances.profiler.points import MicroRun, Point, RecipeRun, WindowPoint
from instances.profiler.recipes import FULL
from instances.profiler.windows import InvalidFrames
from tests.instances.profiler.tiny import preset, recipe, settings, untimed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the profile below keeps its models."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def points(folder: Path) -> list[Point]:
    """Return a whole tiny profile."""
    return list(measure(settings(), folder=folder))


def test_every_window_has_its_points_in_order(points: list[Point]) -> None:
    """The window, then a micro-profile and a run for each recipe, window by window."""
    kinds = ["WindowPoint", "MicroRun", "RecipeRun", "MicroRun", "RecipeRun"]
    assert [type(point).__name__ for point in points] == kinds * 4
    assert len(points) == 4 * settings().preset.points_per_window
    places = [(point.window, point.stream) for point in points[::5]]
    assert places == [(w, f"digits-{s}") for w in (1, 2) for s in (1, 2)]


def test_what_is_measured_fits_together(points: list[Point]) -> None:
    """Sizes follow the settings, times are positive, accuracies are shares of frames.

    40 labelled frames: 30 to train on in steps of 8, 10 to validate; 60 test frames.
    """
    for point in points:
        if isinstance(point, WindowPoint):
            sizes = (point.num_training, point.num_validation, point.num_test)
            assert sizes == (30, 10, 60)
            assert sum(point.class_mix_test) == pytest.approx(1)
            assert [each.stride for each in point.serving] == [1, 2, 3, 5, 10, 20]
            demands = [each.stride * each.gpus for each in point.serving]
            assert demands == pytest.approx([demands[0]] * 6)
            assert demands[0] > 0
            assert point.delay_seconds == 0
        elif isinstance(point, RecipeRun):
            assert (point.num_samples, point.steps_per_epoch) == (30, 4)
            assert len(point.epoch_seconds) == len(point.validation_accuracy) == 2
            assert min(point.epoch_seconds) > 0
            tested = 60 * np.array(point.test_accuracy)
            assert tested == pytest.approx(tested.round())
        else:
            assert isinstance(point, MicroRun)
            assert (point.num_samples, point.data_fraction) == (3, 0.1)
            assert len(point.validation_accuracy) == 5
            assert point.step_seconds > 0


def test_the_models_at_hand_grow_by_one_a_window(points: list[Point]) -> None:
    """The last of them is the one in service, with its accuracies."""
    for point in points:
        if isinstance(point, WindowPoint):
            origins = ["pretrained", "window1"][: point.window]
            assert [model.origin for model in point.cached] == origins
            last = point.cached[-1]
            assert point.start_test_accuracy == last.test_accuracy
            assert point.start_validation_accuracy == last.validation_accuracy
            assert all(model.load_seconds > 0 for model in point.cached)


def test_the_same_seed_gives_the_same_accuracies(points: list[Point]) -> None:
    """A second profile in another folder agrees; another seed does not."""
    assert untimed(list(measure(settings()))) == untimed(points)
    assert untimed(list(measure(settings(seed=1)))) != untimed(points)


@pytest.mark.parametrize("done", [0, 1, 3, 5, 12, 19, 20])
@pytest.mark.parametrize("kept", [True, False])
def test_a_profile_goes_on_where_it_ended(
    points: list[Point], folder: Path, tmp_path: Path, done: int, kept: bool
) -> None:
    """Only what is missing is measured, with the same numbers, models kept or not."""
    models = tmp_path / "models"
    if kept:
        shutil.copytree(folder, models)
    rest = list(measure(settings(), folder=models, done=points[:done]))
    assert untimed(rest) == untimed(points[done:])


def test_the_next_window_starts_from_the_reference_recipe(folder: Path) -> None:
    """The model kept of a window is that of the widest recipe that trains all."""
    names = sorted(path.name for path in folder.iterdir())
    streams = [f"digits-{s}-window{w}-w8.pt" for s in (1, 2) for w in (1, 2)]
    assert names == [*streams, "pretrained-w8.pt"]


def test_a_teacher_labels_and_delays() -> None:
    """With golden labels retraining waits for the teacher, whose labels may be wrong.

    The recipe runs differ from those on true labels, as the teacher is poor here.
    """
    words = {"preset": preset(num_streams=1, num_windows=1)}
    taught = list(measure(settings(**words, golden=True)))
    plain = list(measure(settings(**words)))
    window = taught[0]
    assert isinstance(window, WindowPoint)
    assert window.delay_seconds > 0
    assert untimed(taught)[1:] != untimed(plain)[1:]


@pytest.mark.parametrize("replay", ["exemplars", "distilled"])
def test_replay_adds_exemplars_from_the_second_window(replay: str) -> None:
    """One window has nothing to remember; the second trains on 10 frames more."""
    words = {"preset": preset(num_streams=1), "num_exemplars": 10}
    found = list(measure(settings(**words, replay=replay, incremental=True)))
    runs = [point for point in found if isinstance(point, RecipeRun)]
    first, second = runs[:2], runs[2:]
    assert [run.num_samples for run in first] == [30, 30]
    # Each class keeps an equal share of ten, at least one frame.
    assert all(35 <= run.num_samples <= 40 for run in second)


def test_distillation_changes_what_is_learnt() -> None:
    """The two ways of replay part in the second window."""
    found = [
        untimed(
            list(
                measure(
                    settings(
                        preset=preset(num_streams=1), replay=replay, incremental=True
                    )
                )
            )
        )
        for replay in ("exemplars", "distilled")
    ]
    half = len(found[0]) // 2
    assert found[0][:half] == found[1][:half]
    assert found[0][half:] != found[1][half:]


def test_fewer_frames_than_a_batch_are_refused() -> None:
    """The stream, the window, the batch and the recipe are named."""
    small = preset(recipes=(recipe(batch_size=31),))
    with pytest.raises(InvalidFrames) as caught:
        list(measure(settings(preset=small)))
    assert str(caught.value) == (
        "stream digits-1, window 1: holds 30 training frames, expected at least the "
        "batch of 31 of recipe all"
    )


def test_a_damaged_model_is_named(tmp_path: Path, points: list[Point]) -> None:
    """A file that holds no weights, or half of them, is one error."""
    list(measure(settings(preset=preset(num_windows=1)), folder=tmp_path))
    path = tmp_path / "digits-1-window1-w8.pt"
    for content in (b"", b"no weights", (tmp_path / "pretrained-w8.pt").read_bytes()):
        path.write_bytes(content[:500])
        with pytest.raises(EkyaOptError, match=r"digits-1-window1-w8\.pt: holds no"):
            list(measure(settings(), folder=tmp_path, done=points[:10]))


def test_a_missing_device_is_named() -> None:
    """Asking for CUDA without one says so."""
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    with pytest.raises(ProfilerUnavailable, match="not available to PyTorch here"):
        list(measure(settings(device="cuda")))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_gives_the_same_accuracies_twice() -> None:
    """The same code runs on a GPU, deterministically."""
    first, second = (list(measure(settings(device="cuda"))) for _ in range(2))
    assert untimed(first) == untimed(second)


def test_measuring_leaves_the_settings_of_torch_alone() -> None:
    """Threads and strictness are as before, also when measuring stops early."""
    before = (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    measuring = measure(settings())
    next(measuring)
    assert torch.get_num_threads() == 1
    measuring.close()
    after = (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    assert after == before


def test_the_full_preset_spreads_costs_fiftyfold() -> None:
    """By operations and steps alone, from head on a tenth to all on everything."""
    from instances.profiler.costs import cost_spread, nominal_epoch_seconds
    from instances.profiler.network import training_flops

    costs = []
    for each in FULL.recipes:
        num = round(each.data_fraction * 600)
        flops = num * training_flops(each.layers, each.width, (1, 16, 16), 10)
        epoch = nominal_epoch_seconds(flops, -(-num // each.batch_size))
        costs += [epochs * epoch for epochs in each.epochs]
    assert len(costs) == 18
    assert cost_spread(costs) >= 50
