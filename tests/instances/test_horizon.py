"""Horizons: what is checked, what models score, and the windows that they state."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instances import (
    Estimate,
    InferenceConfig,
    InvalidInstance,
    Reallocation,
    instance_from_dict,
    instance_to_dict,
)
from instances.estimates import horizon_as_estimated
from instances.generators.paper import paper_horizon, paper_windows
from instances.horizon import Held, Horizon
from instances.horizon_stream import (
    Decay,
    HorizonConfig,
    StreamWindow,
    accuracy_in,
    model_name,
)
from tests.horizon_strategies import horizons
from tests.horizons import camera, config, horizon
from tests.small import serving

KEPT = Held(model="1/train", kept=("initial",))


def test_models_are_named_by_window_and_config() -> None:
    """Windows are counted from 1 in names, whatever characters the config has."""
    assert model_name(0, "Cfg1A") == "1/Cfg1A"
    stream = camera((config(1, 0.9, "a/b"),), (), accuracy=0.4)
    assert stream.scores(model_name(0, "a/b")) == (0.9, 0.9)
    assert stream.scores("initial") == (0.4, 0.4)


def test_decay_keeps_a_part_and_takes_a_loss() -> None:
    """0.9 becomes 0.5 · 0.9 - 0.05 = 0.4; it stops at the least accuracy."""
    assert Decay(factor=0.5, loss=0.05).next(0.9) == pytest.approx(0.4)
    assert Decay(loss=0.3, least=0.7).next(0.9) == 0.7
    assert Decay(loss=0.3, least=0.7).next(0.6) == 0.6
    assert Decay(factor=0, loss=1).next(0.9) == 0
    assert Decay().next(0.9) == 0.9


@given(horizons(feasible=False), st.data())
def test_scores_stay_accuracies(problem: Horizon, data: st.DataObject) -> None:
    """In every window from its own on, a model scores from 0 to 1."""
    stream = data.draw(st.sampled_from(problem.streams))
    models = ["initial"] + [
        model_name(w, each.name)
        for w, window in enumerate(stream.windows)
        for each in window.retraining
    ]
    model = data.draw(st.sampled_from(models))
    scores = stream.scores(model)
    first = problem.num_windows - len(scores)
    assert all(0 <= score <= 1 for score in scores)
    for w, score in enumerate(scores, start=first):
        assert accuracy_in(stream, model, w) == score


def test_a_window_is_an_instance() -> None:
    """It has the server of the horizon, the model held and the window's configs."""
    own = StreamWindow(
        retraining=(config(5, 0.7, "own"),), inference=(serving(0.1, 0.5, "half"),)
    )
    stream = camera((config(20, 0.9),), ())
    stream = replace(stream, windows=(stream.windows[0], own))
    problem = horizon(
        replace(stream, weight=3, min_accuracy=0.2, decay=Decay(loss=0.1)),
        reallocation="server",
        slot_seconds=20,
        min_accuracy=0.1,
        training_throughput=[[0.5, 0.7]],
    )
    window = problem.window(1, [Held(model="1/train")])
    (camera_a,) = window.streams
    assert (window.window_seconds, window.gpus, window.units_per_gpu) == (100, 1, 10)
    assert (window.reallocation, window.slot_seconds) == (Reallocation.SERVER, 20)
    assert window.training_throughput == ((0.5, 0.7),)
    assert (window.min_accuracy, camera_a.min_accuracy, camera_a.weight) == (
        *(0.1, 0.2),
        3,
    )
    assert camera_a.accuracy == pytest.approx(0.8)
    names = [(each.name, each.gpu_seconds) for each in camera_a.retraining]
    assert names == [("own", 5)]
    assert camera_a.inference == own.inference
    first = problem.window(0, [Held()])
    assert first.streams[0].accuracy == 0.5
    assert first.streams[0].inference == stream.inference


@pytest.mark.parametrize(
    ("warm_gb", "model_gb", "names"),
    [
        (0, 0, ["reuse initial"]),
        (1, 0, ["reuse initial", "warm initial"]),
        (1, 1, ["reuse initial", "warm initial"]),
        (1, 1.5, ["reuse initial"]),
    ],
)
def test_kept_models_are_configs_without_gpu_time(
    warm_gb: float, model_gb: float, names: list[str]
) -> None:
    """Cold ones take the load time; warm ones are there if the memory allows."""
    problem = horizon(
        camera(
            (config(20, 0.9),),
            (),
            later_accuracy=(0.8,),
            load_seconds=7,
            model_gb=model_gb,
        ),
        cached_models=1,
        warm_gb=warm_gb,
    )
    configs = problem.window(1, [KEPT]).streams[0].retraining
    assert [each.name for each in configs] == names
    for each in configs:
        assert (each.gpu_seconds, each.accuracy) == (0, 0.8)
        assert each.delay_seconds == (7 if each.name.startswith("reuse") else 0)


def test_the_papers_horizon_states_table_1() -> None:
    """Both windows' configs, a model that lasts, 3 GPUs in tenths, a floor of 0.4."""
    problem = paper_horizon()
    assert (problem.num_windows, problem.total_units) == (2, 30)
    assert (problem.reallocation, problem.slot_seconds) == (Reallocation.SERVER, 5)
    assert problem.min_accuracy == 0.4
    for number, window in enumerate(paper_windows()):
        for stream, single in zip(problem.streams, window.streams, strict=True):
            rows = [
                (each.name, each.gpu_seconds, each.accuracy)
                for each in stream.windows[number].retraining
            ]
            expected = [
                (each.name, each.gpu_seconds, each.accuracy)
                for each in single.retraining
            ]
            assert rows == expected
    for stream in problem.streams:
        shares = [(each.gpus, each.relative_accuracy) for each in stream.inference]
        assert shares == [(tenth / 10, tenth / 10) for tenth in range(1, 11)]
    assert accuracy_in(problem.streams[1], "1/Cfg2B", 1) == 0.85
    assert paper_horizon(None).reallocation is Reallocation.NEVER


def test_estimates_take_the_place_of_the_truth() -> None:
    """Costs and accuracies are the estimates'; records shift by the same error.

    0.9 is estimated as 0.7: recorded 0.8, 0.1 become 0.6, 0. Without records the
    estimate itself decays, and without an estimate nothing changes.
    """
    guess = Estimate(gpu_seconds=30, accuracy=0.7)
    stream = camera(
        (
            config(20, 0.9, "recorded", estimate=guess, later_accuracy=(0.8, 0.1)),
            config(20, 0.9, "decays", estimate=guess),
            config(20, 0.9, "known", later_accuracy=(0.8, 0.1)),
        ),
        (),
        (config(20, 0.9, "last", estimate=guess, later_accuracy=()),),
        decay=Decay(loss=0.1),
    )
    (planned,) = horizon_as_estimated(horizon(stream)).streams
    recorded, decays, known = planned.windows[0].retraining
    assert (recorded.gpu_seconds, recorded.estimate) == (30, None)
    assert planned.scores("1/recorded") == pytest.approx((0.7, 0.6, 0))
    assert planned.scores("1/decays") == pytest.approx((0.7, 0.6, 0.5))
    assert decays.gpu_seconds == 30
    assert known == stream.windows[0].retraining[2]
    assert planned.scores("3/last") == (0.7,)
    assert planned.accuracy == stream.accuracy


def test_lists_become_tuples_and_numbers_floats() -> None:
    """What is built from lists and integers is the same as from tuples and floats."""
    loose: Any = [config(20, 0.9, later_accuracy=[1, 0])]
    stream = camera(loose, [], [], later_accuracy=[0, 1])  # type: ignore[arg-type]
    tight = camera(
        (config(20.0, 0.9, later_accuracy=(1.0, 0.0)),), (), (), later_accuracy=(0, 1)
    )
    assert stream == tight
    assert hash(stream) == hash(tight)


def _horizon(**values: Any) -> Horizon:
    return horizon(camera((config(20, 0.9),), ()), **values)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: _horizon(name=""), "name: is ''"),
        (lambda: _horizon(name="two\nlines"), r"name: is 'two\\nlines'"),
        (lambda: _horizon(gpus=0), "gpus: is 0, expected a number above 0"),
        (lambda: _horizon(gpus=0.25), "gpus: is 0.25, expected gpus"),
        (lambda: _horizon(window_seconds=-1), "window_seconds: is -1"),
        (lambda: _horizon(reallocation="server"), "slot_seconds: is missing"),
        (lambda: _horizon(reallocation="later"), "reallocation: is 'later'"),
        (lambda: _horizon(slot_seconds=30), "slot_seconds: is 30, expected a divisor"),
        (lambda: _horizon(min_accuracy=2), "min_accuracy: is 2"),
        (lambda: _horizon(cached_models=-1), "cached_models: is -1"),
        (lambda: _horizon(cached_models=1.5), "cached_models: is 1.5"),
        (lambda: _horizon(cached_models=101), "cached_models: is 101"),
        (lambda: _horizon(warm_gb=-1), "warm_gb: is -1"),
        (lambda: _horizon(metadata=[]), r"metadata: is \[\], expected an object"),
        (lambda: horizon(), "streams: has 0 items"),
        (
            lambda: horizon(camera((), ()), camera(())),
            r"streams\[1\].name: is 'A', which streams\[0\] already has",
        ),
        (
            lambda: horizon(camera((), ()), camera((), name="B")),
            r"streams\[1\].windows: has 1 items, expected as many .* \(2\)",
        ),
        (lambda: camera(), "windows: has 0 items, expected at least 1"),
        (lambda: camera((), accuracy=1.5), "accuracy: is 1.5"),
        (lambda: camera((), load_seconds=-1), "load_seconds: is -1"),
        (lambda: camera((), model_gb=-1), "model_gb: is -1"),
        (lambda: camera((), weight=0), "weight: is 0"),
        (lambda: camera((), min_accuracy=2), "min_accuracy: is 2"),
        (lambda: camera((), decay=0.9), "decay: is 0.9, expected a Decay"),
        (lambda: camera((), inference=()), "inference: has 0 items"),
        (
            lambda: camera((), later_accuracy=(0.5,)),
            r"later_accuracy: has 1 numbers, expected one for each later window \(0\)",
        ),
        (
            lambda: camera((config(1, 0.5, later_accuracy=()),), ()),
            r"windows\[0\].retraining\[0\].later_accuracy: has 0 numbers",
        ),
        (lambda: config(1, 0.5, later_accuracy=(2,)), r"later_accuracy\[0\]: is 2"),
        (
            lambda: config(1, 0.5, later_accuracy=(0, True)),
            r"later_accuracy\[1\]: is True, expected a number of at least 0",
        ),
        (
            lambda: config(1, 0.5, later_accuracy=("x",)),
            r"later_accuracy\[0\]: is 'x', expected a number of at least 0",
        ),
        (
            lambda: config(1, 0.5, later_accuracy=(float("nan"),)),
            r"later_accuracy\[0\]: is nan",
        ),
        (lambda: config(1, 0.5, later_accuracy=0.5), "later_accuracy: is 0.5, exp"),
        (lambda: config(1, 1.5), "accuracy: is 1.5"),
        (lambda: config(-1, 0.5), "gpu_seconds: is -1"),
        (lambda: config(1, 0.5, "reuse x"), "name: is 'reuse x', expected a name that"),
        (lambda: config(1, 0.5, "warm x"), "name: is 'warm x', expected a name that"),
        (
            lambda: StreamWindow(retraining=(config(1, 0.5), config(2, 0.5))),
            r"retraining\[1\].name: is 'train', which retraining\[0\] already has",
        ),
        (
            lambda: StreamWindow(inference=(serving(1, 1, "a"), serving(1, 1, "a"))),
            r"inference\[1\].name: is 'a'",
        ),
        (lambda: Decay(factor=1.1), "factor: is 1.1"),
        (lambda: Decay(loss=-0.1), "loss: is -0.1"),
        (lambda: Decay(least=2), "least: is 2"),
    ],
)
def test_values_outside_their_domain_are_refused(make: Any, said: str) -> None:
    """The error names the place, the value and what was expected."""
    with pytest.raises(InvalidInstance, match=f"^{said}"):
        make()


def test_configs_of_single_windows_are_not_taken() -> None:
    """A window of a horizon holds configs that may have later scores."""
    wrong: Any = (serving(1, 1),)
    with pytest.raises(InvalidInstance, match=r"^retraining\[0\]: is Inf"):
        StreamWindow(retraining=wrong)
    assert isinstance(wrong[0], InferenceConfig)
    assert isinstance(config(1, 0.5), HorizonConfig)


def test_a_notebook_shows_a_horizon() -> None:
    """The table has a row for each stream and tells the size."""
    shown = paper_horizon()._repr_html_()
    assert shown.count("<tr>") == 3
    assert "2 windows of 120 s, 2 streams, 3 GPUs in units of 1/10" in shown


def test_a_window_of_a_horizon_is_a_file_of_its_own() -> None:
    """What a model scores later is no part of a single window's problem."""
    scored = replace(config(3, 0.9), later_accuracy=(0.8, 0.7))
    problem = horizon(camera((scored,), (), ()))
    window = problem.window(0, [Held()])
    assert instance_from_dict(instance_to_dict(window)) == window
