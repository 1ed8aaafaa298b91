"""The command that chains windows into a horizon."""

from pathlib import Path
from typing import Any

import pytest

from instances import load_shipped, write_instance
from instances.horizon import Horizon
from instances.horizon_stream import Decay
from instances.problems import read_problem
from tests.small import retraining, stream, window


def test_recorded_windows_are_chained(run: Any, tmp_path: Path) -> None:
    """All windows of a family in natural order, its horizon left out, as shipped."""
    path = tmp_path / "horizon.json"
    words = ("--name", "digits-cpu-horizon", "--cached-models", 2, "-o", path)
    outcome = run("chain", "shipped:recorded", *words)
    assert outcome.status == 0, outcome
    assert outcome.out == f"{path}\n"
    assert read_problem(path) == load_shipped("recorded/digits-cpu-horizon")


def test_the_options_are_those_of_the_horizon(run: Any, tmp_path: Path) -> None:
    """Decay, starts, memory and load times are passed on."""
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path, accuracy in zip(paths, (0.5, 0.4), strict=True):
        configs = (retraining(20, 0.9),)
        write_instance(window(stream(accuracy=accuracy, retraining=configs)), path)
    output = tmp_path / "horizon.json.gz"
    words = ("--factor", 0.9, "--loss", 0.01, "--least", 0.2, "--same-start")
    memory = ("--load-seconds", 5, "--warm-gb", 3, "--model-gb", 2)
    outcome = run("chain", *paths, *words, *memory, "-o", output)
    assert outcome.status == 0, outcome
    horizon = read_problem(output)
    assert isinstance(horizon, Horizon)
    (camera,) = horizon.streams
    assert camera.decay == Decay(factor=0.9, loss=0.01, least=0.2)
    assert camera.scores("initial") == (0.5, 0.4)
    assert camera.scores("1/retrain") == pytest.approx((0.9, 0.8))
    assert (camera.load_seconds, camera.model_gb, horizon.warm_gb) == (5, 2, 3)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("shipped:drift",), "shipped:drift: holds no single window"),
        (
            ("shipped:recorded", "shipped:paper/horizon"),
            "shipped:paper/horizon: holds no single window",
        ),
        (("shipped:trap",), "window 3: gpus is 4.0, expected 2.0 as in window 1"),
        (("shipped:recorded", "--loss", 2), "loss: is 2.0"),
        (("shipped:recorded", "--cached-models", -1), "cached_models: is -1"),
    ],
)
def test_what_cannot_be_chained_is_refused(
    run: Any, tmp_path: Path, words: tuple[Any, ...], said: str
) -> None:
    """One line tells what does not fit; nothing is written."""
    path = tmp_path / "horizon.json"
    outcome = run("chain", *words, "-o", path)
    assert outcome.status == 2
    assert said in outcome.err
    assert not path.exists()
