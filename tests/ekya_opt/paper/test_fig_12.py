"""Models of earlier windows: how they are chosen, the rule, and a tiny run."""

from math import dist

import pandas as pd
import pytest

from ekya_opt.paper import fig_12
from ekya_opt.paper.finding import Scale, Verdict
from ekya_opt.reading import read
from instances import Instance
from instances.horizon import Horizon
from instances.horizon_stream import HorizonConfig, HorizonStream, StreamWindow
from instances.library import load_shipped
from tests.small import serving


@pytest.fixture(scope="module")
def measured() -> Horizon:
    """Return the shipped horizon."""
    horizon = read(fig_12.RECORDED)
    assert isinstance(horizon, Horizon)
    return horizon


def window_of(number: int) -> Instance:
    """Return a window that the shipped horizon was made of."""
    instance = load_shipped(f"recorded/digits-cpu-window{number}")
    assert isinstance(instance, Instance)
    return instance


@pytest.mark.parametrize("number", [3, 4])
def test_the_nearest_class_mix_serves(measured: Horizon, number: int) -> None:
    """Its accuracy is what was measured of the cached model of that window."""
    mixes = {each: window_of(each).metadata["class_mix"] for each in (1, 2, number)}
    found = fig_12.nearest(measured, number - 1)
    assert found is not None
    for served, seen in zip(found.streams, window_of(number).streams, strict=True):
        mix = {each: mixes[each][seen.name]["training"] for each in mixes}
        first, second = (dist(mix[each], mix[number]) for each in (1, 2))
        cached = f"cached-window{1 if first < second else 2}"
        scores = {config.name: config.accuracy for config in seen.retraining}
        assert served.accuracy == pytest.approx(scores[cached])
        assert not served.retraining


def test_ways_offer_what_they_say(measured: Horizon) -> None:
    """In window 4 the history is windows 1 and 2 and the first model."""
    problems = fig_12.ways(measured, 3)
    own = [config.name for config in measured.streams[0].windows[3].retraining]
    offered = {
        way: [config.name for config in problem.streams[0].retraining]
        for way, problem in problems.items()
    }
    kept = "all-w16-d100-b32-e30"
    history = ["reuse initial", f"reuse 1/{kept}"]
    assert offered["retraining"] == own
    assert offered["reuse"] == history
    assert offered["both"] == [*own, *history, f"reuse 2/{kept}"]
    cached = {each.name: each.accuracy for each in window_of(4).streams[0].retraining}
    held = {way: problem.streams[0].accuracy for way, problem in problems.items()}
    assert held["retraining"] == held["both"] == cached["cached-window3"]
    assert held["reuse"] == cached["cached-window2"]


def test_reuse_on_paper() -> None:
    """Half a GPU serves: the new model is worth 0.8 for 80 of 100 s, the old one 0.6.

    Window 2 begins with the model of window 1, 0.6 there. Retraining takes 10
    GPU-seconds at half a GPU, so that 20 s of 0.6 and 80 s of 0.8 make 0.76; the cached
    first model has 0.5, and nobody loads it.
    """
    configs = [
        HorizonConfig(name="new", gpu_seconds=10, accuracy=0.8, later_accuracy=later)
        for later in ((0.6,), ())
    ]
    horizon = Horizon(
        name="paper",
        window_seconds=100,
        gpus=1,
        units_per_gpu=10,
        streams=(
            HorizonStream(
                name="A",
                accuracy=0.7,
                later_accuracy=(0.5,),
                inference=(serving(0.5, 1.0),),
                windows=tuple(StreamWindow(retraining=(each,)) for each in configs),
            ),
        ),
    )
    (row,) = fig_12.reuse_table({"paper": [horizon]}).itertuples()
    assert row.optimum_retraining == row.optimum_both == pytest.approx(0.76)
    assert row.optimum_reuse == pytest.approx(0.6)
    assert pd.isna(row.optimum_nearest)
    assert row.stream_loss == pytest.approx(1 - 0.6 / 0.8)


def lost(*shares: float, nearest: bool = False) -> pd.DataFrame:
    """Return a table in which reuse loses these shares, one a window."""
    reused = [0.8 * (1 - share) for share in shares]
    return pd.DataFrame(
        {
            "thief_retraining": [0.8] * len(shares),
            "thief_nearest": reused if nearest else [float("nan")] * len(shares),
            "thief_reuse": [0.9] * len(shares) if nearest else reused,
        }
    )


@pytest.mark.parametrize("nearest", [False, True])
@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((0.26, 0.1), Verdict.REPRODUCED),
        ((0.14, 0.0), Verdict.REPRODUCED),
        ((0.12, 0.0), Verdict.SHAPE_ONLY),
        ((0.53, 0.53), Verdict.SHAPE_ONLY),
        ((0.26, -0.3), Verdict.NOT_REPRODUCIBLE),
        ((-0.1, -0.2), Verdict.NOT_REPRODUCIBLE),
    ],
)
def test_losses_are_judged(
    shares: tuple[float, ...], expected: Verdict, nearest: bool
) -> None:
    """What the class mix chooses counts where there is one, else the best choice."""
    verdict, largest, mean = fig_12.judge(lost(*shares, nearest=nearest))
    assert verdict is expected
    assert largest == pytest.approx(100 * max(shares))
    assert mean == pytest.approx(100 * sum(shares) / len(shares))


def test_a_tiny_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """To have both is never worse than retraining alone, in one window or in all."""
    monkeypatch.setattr(fig_12, "STREAMS", 2)
    monkeypatch.setattr(fig_12, "GPUS", 1)
    monkeypatch.setattr(fig_12, "WINDOWS", 4)
    finding = fig_12.experiment(Scale(quick=True, seeds=(0,)))
    _, table, joint = (table for _, table in finding.tables)
    assert len(table) == 3 * 2
    assert (table["optimum_both"] >= table["optimum_retraining"] - 1e-9).all()
    for way in ("retraining", "reuse", "both"):
        assert (table[f"thief_{way}"] <= table[f"optimum_{way}"] + 1e-9).all()
    assert (joint["both_bound"] >= joint["retraining"] - 1e-9).all()
    measured = table[table["group"] == fig_12.MEASURED]
    assert finding.verdict is fig_12.judge(measured)[0]
    finding.figures[0].draw()
