"""Recorded windows chained into a horizon."""

from dataclasses import replace
from typing import Any

import pytest

from instances import Instance, InvalidOption, load_shipped, read_instance
from instances.chaining import chain, reference_config
from instances.horizon_stream import Decay, accuracy_in, model_name
from tests.conftest import RECORDED
from tests.small import retraining, serving, stream, window

DIGITS = [f"recorded/digits-cpu-window{number}" for number in (1, 2, 3, 4)]


@pytest.fixture(scope="module")
def digits() -> list[Instance]:
    """Return the four windows that the profiler measured."""
    return [load_shipped(name) for name in DIGITS]


def small(*accuracies: float, **records: float) -> Instance:
    """Return a window of stream A: its start, two configs and earlier models."""
    start, reference, other = accuracies
    cached = [
        retraining(0, accuracy, 5, f"cached-{origin}")
        for origin, accuracy in records.items()
    ]
    return window(
        stream(
            accuracy=start,
            retraining=(
                retraining(20, reference, name="kept"),
                retraining(10, other, name="other"),
                *cached,
            ),
        )
    )


def test_models_score_what_was_recorded() -> None:
    """The kept model of window 1 goes 0.8, 0.6, 0.9; the other one goes along.

    The other starts at 0.95 and changes by as much: 0.75, then 1.05, which is 1.
    """
    problem = chain(
        [
            small(0.5, 0.8, 0.95, pretrained=0.5),
            small(0.6, 0.7, 0.7, pretrained=0.4, window1=0.6),
            small(0.3, 0.7, 0.7, pretrained=0.2, window1=0.9, window2=0.3),
        ],
        reference="kept",
    )
    (camera,) = problem.streams
    assert camera.scores("initial") == (0.5, 0.4, 0.2)
    assert camera.scores("1/kept") == pytest.approx((0.8, 0.6, 0.9))
    assert camera.scores("1/other") == pytest.approx((0.95, 0.75, 1))
    assert camera.scores("2/kept") == pytest.approx((0.7, 0.3))
    for w in range(3):
        names = [config.name for config in camera.windows[w].retraining]
        assert names == ["kept", "other"]
    assert camera.load_seconds == 5


def test_without_records_the_decay_tells() -> None:
    """A window without a record of a model leaves that model to its decay."""
    decay = Decay(loss=0.1)
    windows = [
        small(0.5, 0.8, 0.9, pretrained=0.5),
        small(0.6, 0.7, 0.7, pretrained=0.4, window1=0.6),
        small(0.3, 0.7, 0.7, window1=0.9),
    ]
    (camera,) = chain(windows, decay=decay, reference="kept").streams
    assert camera.scores("initial") == pytest.approx((0.5, 0.4, 0.3))
    assert camera.scores("1/kept") == pytest.approx((0.8, 0.6, 0.9))
    assert camera.scores("2/kept") == pytest.approx((0.7, 0.6))
    (camera,) = chain(windows, decay=decay).streams
    assert camera.scores("1/kept") == pytest.approx((0.8, 0.7, 0.6))
    (camera,) = chain(windows[2:], decay=decay).streams
    assert camera.load_seconds == 5
    assert camera.accuracy == 0.3


def test_configs_keep_what_they_are() -> None:
    """Memory, which no horizon uses, stays in the file as it was."""
    heavy = replace(retraining(20, 0.9), memory_gb=3)
    problem = chain([window(stream(retraining=(heavy,)))] * 2)
    (config,) = problem.streams[0].windows[1].retraining
    assert config.memory_gb == 3
    assert (config.gpu_seconds, config.accuracy) == (20, 0.9)


def test_starts_of_one_model_are_its_records() -> None:
    """Where all windows were measured from one model, its accuracies are known."""
    windows = [small(0.5, 0.8, 0.9), small(0.6, 0.7, 0.7)]
    (camera,) = chain(windows, same_start=True, load_seconds=3, model_gb=2).streams
    assert camera.scores("initial") == (0.5, 0.6)
    assert (camera.load_seconds, camera.model_gb) == (3, 2)
    (camera,) = chain(windows).streams
    assert camera.scores("initial") == (0.5, 0.5)
    assert camera.load_seconds == 0


def test_streams_are_matched_by_name() -> None:
    """Whatever their order; one that is not in every window is left out and named."""
    a, b, c = stream("A", 0.8), stream("B", 0.4, weight=2), stream("C")
    own = replace(b, inference=(serving(0.2, 0.7),), weight=5)
    problem = chain([window(a, b), window(c, own, a)], name="both", warm_gb=1)
    assert [each.name for each in problem.streams] == ["A", "B"]
    assert problem.metadata["left_out"] == ["C"]
    first, second = problem.streams
    assert first.windows[1].inference == ()
    assert second.serving(0) == b.inference
    assert second.serving(1) == own.inference
    assert second.weight == 2
    assert (problem.name, problem.warm_gb, problem.total_units) == ("both", 1, 10)


def test_windows_that_do_not_fit_are_refused() -> None:
    """There is a window, all are of one server, and a stream is in all of them."""
    with pytest.raises(InvalidOption, match="there is no window to chain"):
        chain([])
    with pytest.raises(InvalidOption, match=r"window 2: gpus is 2.0, expected 1.0"):
        chain([window(stream()), window(stream(), gpus=2)])
    with pytest.raises(InvalidOption, match="no stream is in all windows"):
        chain([window(stream("A")), window(stream("B"))])


def test_the_measured_windows_chain_as_they_were_measured(
    digits: list[Instance],
) -> None:
    """Every earlier model scores in the horizon what its window's record says.

    The profile's kept models are those of the widest network's whole training, and
    the model held in window w + 1 is the one kept in window w.
    """
    problem = chain(digits)
    reference = "all-w16-d100-b32-e30"
    assert reference_config(digits[0].metadata) == reference
    assert problem.metadata["reference"] == reference
    for w, instance in enumerate(digits):
        for single, camera in zip(instance.streams, problem.streams, strict=True):
            for config in single.retraining:
                origin = config.name.removeprefix("cached-")
                if origin == "pretrained":
                    assert accuracy_in(camera, "initial", w) == config.accuracy
                elif origin.startswith("window"):
                    number = int(origin.removeprefix("window"))
                    model = model_name(number - 1, reference)
                    scored = accuracy_in(camera, model, w)
                    assert scored == pytest.approx(config.accuracy, abs=1e-9)
                    if number == w:
                        assert scored == pytest.approx(single.accuracy, abs=1e-9)
            own = [c.name for c in single.retraining if "cached" not in c.name]
            assert [c.name for c in camera.windows[w].retraining] == own


def test_later_windows_alone_start_from_the_model_of_the_one_before(
    digits: list[Instance],
) -> None:
    """Windows 3 and 4 start from what window 2 kept, by the numbers in the metadata."""
    problem = chain(digits[2:])
    for single, last, camera in zip(
        digits[2].streams, digits[3].streams, problem.streams, strict=True
    ):
        (kept,) = [c for c in last.retraining if c.name == "cached-window2"]
        assert camera.scores("initial") == (single.accuracy, kept.accuracy)
        (newest,) = [c for c in last.retraining if c.name == "cached-window3"]
        scored = camera.scores("1/all-w16-d100-b32-e30")[1]
        assert scored == pytest.approx(newest.accuracy, abs=1e-9)


def test_the_authors_windows_chain() -> None:
    """17 of the 18 cities are in all three windows, each measured from one model."""
    paths = [RECORDED / f"cityscapes-window{number}.json" for number in (1, 2, 3)]
    if not all(path.exists() for path in paths):
        pytest.skip("the recorded instances are not on this machine")
    windows = [read_instance(path) for path in paths]
    problem = chain(windows, same_start=True, decay=Decay(loss=0.05))
    assert (len(problem.streams), problem.num_windows) == (17, 3)
    assert problem.metadata["left_out"] == ["krefeld"]
    camera = problem.streams[0]
    assert camera.scores("initial") == tuple(
        each.streams[0].accuracy for each in windows
    )


@pytest.mark.parametrize(
    "metadata",
    [{}, {"profiler": {}}, {"profiler": 3}, {"profiler": {"preset": {"recipes": []}}}],
)
def test_other_metadata_name_no_reference(metadata: dict[str, Any]) -> None:
    """Only a profile says which models it kept."""
    assert reference_config(metadata) is None
