"""Sliders over GPUs and window length, moved by their values."""

import importlib.util
from dataclasses import replace
from typing import Any

import pytest

import ekya_opt
from ekya_opt.exploring import gpus_of, lengths_of
from tests.ekya_opt.test_own_solvers import serve
from tests.small import retraining, stream, window

ONE = window(stream(retraining=(retraining(20, 0.9),)), gpus=1, units_per_gpu=10)


def test_moving_a_slider_solves_again() -> None:
    """On half a GPU nothing trains, in twice the time the new model serves longer.

    On one GPU the best plan trains 20 GPU-seconds on half of it: 40 s at 0.5, then 0.9.
    """
    panel = ekya_opt.explore(ONE, ("dp", "inference-only"))
    assert objective(panel) == pytest.approx((40 * 0.5 + 60 * 0.9) / 100)
    assert "0.7400" in panel.table.value
    assert "32.43%" in panel.table.value
    panel.gpus.value = 0.5
    assert objective(panel) == pytest.approx(0.5)
    assert panel.problem == replace(ONE, gpus=0.5)
    panel.gpus.value = 1
    panel.window_seconds.value = 200.0
    assert objective(panel) == pytest.approx((40 * 0.5 + 160 * 0.9) / 200)
    assert "1 GPUs, 200 s" in panel.table.value


def objective(panel: Any) -> float:
    """Return what the exact solver reaches on what the sliders say."""
    value = panel.results["dp"].objective
    assert isinstance(value, float)
    return value


def test_the_schedule_of_the_solver_chosen_is_drawn() -> None:
    """The optimum retrains, the baseline does not."""
    panel = ekya_opt.explore(ONE, ("dp", "inference-only"))
    assert "complete at 40.0 s" in panel.picture.value
    panel.drawn.value = "inference-only"
    assert "complete at" not in panel.picture.value
    assert "svg" in panel.picture.value


def test_what_cannot_be_solved_is_told() -> None:
    """An infeasible choice and a solver that fails leave the panel as it is."""

    def broken(instance: Any, search: Any) -> None:
        raise ValueError("no idea")

    floored = replace(ONE, min_accuracy=0.4)
    panel = ekya_opt.explore(floored, ["dp", broken])
    assert "ValueError: no idea" in panel.table.value
    panel.gpus.value = 0.2
    assert "infeasible" in panel.table.value
    assert "no schedule" in panel.picture.value


def test_functions_and_files_are_explored() -> None:
    """As in compare; the panel shows itself in a notebook."""
    panel = ekya_opt.explore("shipped:paper/window1", "thief:passes=0")
    assert list(panel.results) == ["thief:passes=0"]
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    two = window(stream(), stream("B"))
    served = ekya_opt.explore(two, serve).results["serve"]
    assert isinstance(served, ekya_opt.Result)
    assert served.objective == 0.5


@pytest.mark.parametrize("source", ["shipped:paper/horizon", None, 3, []])
def test_only_windows_are_explored(source: Any) -> None:
    """A horizon, in a file or read, and what is no problem at all are told."""
    with pytest.raises(ekya_opt.EkyaOptError):
        ekya_opt.explore(source)
    if isinstance(source, str):
        with pytest.raises(
            ekya_opt.InvalidData, match=r"is Horizon.*expected a window"
        ):
            ekya_opt.explore(ekya_opt.read(source))


def test_choices_are_instances() -> None:
    """Every choice is valid, the instance's own among them, and they are few."""
    mode = ekya_opt.Reallocation.SERVER
    server = ekya_opt.replace(ONE, reallocation=mode, slot_seconds=25.0)
    assert lengths_of(server) == [25, 50, 75, 100, 150, 200, 300, 400]
    coarse = ekya_opt.replace(ONE, reallocation=mode, slot_seconds=50.0)
    assert lengths_of(coarse) == [50, 100, 150, 200, 300, 400]
    fine = ekya_opt.replace(ONE, gpus=7, units_per_gpu=100)
    for instance in (ONE, fine):
        choices = gpus_of(instance)
        assert instance.gpus in choices
        assert choices == sorted(choices)
        assert choices[-1] == pytest.approx(2 * instance.gpus)
        assert len(choices) <= 41
        for gpus in choices:
            replace(instance, gpus=gpus)


def test_without_ipywidgets_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The optional dependency is named."""
    found = importlib.util.find_spec

    def missing(name: str, *rest: Any) -> Any:
        return None if name == "ipywidgets" else found(name, *rest)

    monkeypatch.setattr("ekya_opt.exploring.find_spec", missing)
    with pytest.raises(ekya_opt.EkyaOptError) as error:
        ekya_opt.explore(ONE)
    assert str(error.value).count("\n") == 0
    assert "pip install 'ekya-opt[notebook]'" in str(error.value)
