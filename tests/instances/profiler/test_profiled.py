from typing import Any

import pytest

from instances import Estimate
from instances.errors import InvalidOption
from instances.profiler.costs import CostSource
from instances.profiler.points import Point
from instances.profiler.profiled import Server, profiled_instances
from tests.instances.profiler.records import micro, run, window

SERVER = Server(gpus=2, scale=10.0)
ESTIMATES = {("A", 1, "r-e3"): Estimate(gpu_seconds=0.8, accuracy=0.6)}


def test_a_window_becomes_an_instance() -> None:
    """Costs, delays, accuracies, estimates, cached models and serving, by hand."""
    points: list[Point] = [window(), micro(), run()]
    (instance,) = profiled_instances("mine", points, ESTIMATES, SERVER)
    assert instance.name == "mine-window1"
    assert instance.metadata["window"] == 1
    (stream,) = instance.streams
    assert stream.accuracy == 0.5
    one, three, cached = stream.retraining
    assert (one.name, one.gpu_seconds, one.accuracy) == ("r-e1", 15.0, 0.4)
    assert one.delay_seconds == pytest.approx(0.2)
    assert one.estimate is None
    assert (three.name, three.gpu_seconds, three.accuracy) == ("r-e3", 75.0, 0.65)
    assert three.estimate == Estimate(gpu_seconds=8.0, accuracy=0.6)
    assert (cached.name, cached.gpu_seconds) == ("cached-pretrained", 0.0)
    assert (cached.accuracy, cached.delay_seconds) == (0.35, 0.1)
    assert cached.estimate == Estimate(gpu_seconds=0.0, accuracy=0.45)
    serving = [(c.name, c.gpus, c.relative_accuracy) for c in stream.inference]
    assert serving == [("every-frame", 0.2, 1.0), ("every-2", 0.01, 1.0)]


def test_both_costs_are_kept() -> None:
    """The metadata hold the measured and the nominal device seconds of each config."""
    nominal = Server(cost_source=CostSource.NOMINAL, scale=10.0)
    (instance,) = profiled_instances("mine", [window(), run()], {}, nominal)
    costs = instance.metadata["device_seconds"]
    assert costs["measured"]["A"] == {"r-e1": 1.5, "r-e3": 7.5}
    assert costs["nominal"]["A"] == pytest.approx({"r-e1": 0.0795, "r-e3": 0.2385})
    assert instance.streams[0].retraining[0].gpu_seconds == pytest.approx(0.795)


def test_the_source_of_costs_may_be_its_name() -> None:
    """A plain string means what it says; a word that is no source is an error."""
    named: Any = "nominal"
    (instance,) = profiled_instances(
        "mine", [window(), run()], {}, Server(cost_source=named, scale=10.0)
    )
    assert instance.metadata["cost_source"] == "nominal"
    assert instance.streams[0].retraining[0].gpu_seconds == pytest.approx(0.795)
    for wrong in ("guessed", None, 3, ["nominal"]):
        with pytest.raises(InvalidOption, match=r"cost_source is .* measured, nominal"):
            Server(cost_source=wrong)  # type: ignore[arg-type]


def test_inference_never_demands_more_than_a_gpu() -> None:
    """A demand of 0.02 GPU on a server 100 times slower would be 2 GPUs."""
    (instance,) = profiled_instances("m", [window(), run()], {}, Server(scale=100))
    assert instance.streams[0].inference[0].gpus == 1.0


def test_windows_that_are_not_whole_are_left_out() -> None:
    """Window 2 lacks stream B's run, so only window 1 becomes an instance."""
    points: list[Point] = []
    for stream in ("B", "A"):
        points += [window(stream=stream), run(stream=stream)]
        points += [window(stream=stream, window=2)]
    points += [run(window=2)]
    (instance,) = profiled_instances("mine", points, {}, SERVER)
    assert instance.name == "mine-window1"
    assert [stream.name for stream in instance.streams] == ["A", "B"]


def test_nothing_measured_is_an_error() -> None:
    """A profile that ended before its first run says so."""
    with pytest.raises(InvalidOption, match="no window of the profile"):
        profiled_instances("mine", [window()], {}, SERVER)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_is_above_0(scale: float) -> None:
    """A server whose seconds are worth nothing cannot be."""
    with pytest.raises(InvalidOption, match="scale is"):
        Server(scale=scale)
