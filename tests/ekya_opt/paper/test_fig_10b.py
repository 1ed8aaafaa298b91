"""Window length: models that age, the rule, and a tiny run."""

import pandas as pd
import pytest

from ekya_opt.paper import ageing, fig_10b
from ekya_opt.paper.ageing import stretch, without_retraining
from ekya_opt.paper.finding import Scale, Verdict
from ekya_opt.paper.parts import overall
from instances import InvalidOption
from instances.generators import generate

YES, SHAPE, NO = Verdict


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every 200 s take 0.08 from all models."""
    monkeypatch.setattr(ageing, "LOWEST_LOSS", 0.08)
    monkeypatch.setattr(ageing, "HIGHEST_LOSS", 0.08)


@pytest.mark.parametrize("seconds", [10.0, 50.0, 200.0, 400.0])
@pytest.mark.usefixtures("steady")
def test_models_age_on_paper(seconds: float) -> None:
    """A model loses 0.04 in 100 s: half a window's loss in its own, 3/2 in the next."""
    horizon = stretch(1, 1, 3, window_seconds=seconds, seconds=800)
    (fresh,) = generate("recorded-like", 1, 1, 3).streams
    a_window = 0.0004 * seconds
    (stream,) = horizon.streams
    assert horizon.num_windows == 800 / seconds
    assert stream.accuracy == pytest.approx(fresh.accuracy - a_window / 2)
    for window in stream.windows:
        for config, expected in zip(window.retraining, fresh.retraining, strict=True):
            assert config.gpu_seconds == expected.gpu_seconds
            assert config.delay_seconds == 4.4
            if expected.accuracy > 0.7:
                assert config.accuracy == pytest.approx(
                    expected.accuracy - a_window / 2, abs=1e-6
                )
            if expected.accuracy > 0.7 and config.later_accuracy:
                assert config.later_accuracy[0] == pytest.approx(
                    expected.accuracy - 1.5 * a_window, abs=1e-6
                )


def test_all_cuts_are_of_one_stretch() -> None:
    """The first model's mean over the stretch is the same, however it is cut."""
    means = []
    for seconds in (10.0, 40.0, 200.0, 800.0):
        for stream in stretch(2, 1, 1, window_seconds=seconds).streams:
            scores = (stream.accuracy, *(stream.later_accuracy or ()))
            means.append(sum(scores) / len(scores))
    assert means[0::2] == pytest.approx([means[0]] * 4, abs=1e-6)
    assert means[1::2] == pytest.approx([means[1]] * 4, abs=1e-6)


@pytest.mark.usefixtures("steady")
def test_no_model_falls_below_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 4 points lost in 100 s, 800 s take all models to 0.6 but no further."""
    monkeypatch.setattr(ageing, "LEAST", 0.6)
    for stream in stretch(3, 1, 0, window_seconds=100).streams:
        assert min(stream.later_accuracy or ()) == pytest.approx(0.6)


@pytest.mark.parametrize("seconds", [5.0, 15.0, 300.0, 0.0])
def test_windows_divide_the_stretch(seconds: float) -> None:
    """Windows that do not are told."""
    with pytest.raises(InvalidOption, match="that divides 800"):
        stretch(1, 1, 0, window_seconds=seconds)


def test_nothing_is_retrained_without_retraining() -> None:
    """The stretch is the same, but for its configs."""
    horizon = stretch(2, 1, 0, window_seconds=100)
    bare = without_retraining(horizon)
    assert [each.accuracy for each in bare.streams] == [
        each.accuracy for each in horizon.streams
    ]
    assert not any(
        window.retraining for each in bare.streams for window in each.windows
    )


def lengths(**thief: float) -> pd.DataFrame:
    """Return a table of the Thief's accuracy by window, 0.5 without retraining."""
    rows = [
        {"window_seconds": float(name[1:]), "thief": value, "none": 0.5}
        for name, value in thief.items()
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("thief", "expected"),
    [
        # The best gain is 0.2: ±0.02 at 10 s, 0.1 at 50 s, a loss of 0.1 at most.
        ({"s10": 0.51, "s50": 0.61, "s100": 0.7, "s400": 0.65}, (YES, YES, YES)),
        ({"s10": 0.49, "s50": 0.61, "s100": 0.7, "s400": 0.59}, (YES, YES, SHAPE)),
        ({"s10": 0.45, "s50": 0.61, "s100": 0.7, "s400": 0.65}, (SHAPE, YES, YES)),
        ({"s10": 0.39, "s50": 0.61, "s100": 0.7, "s400": 0.65}, (NO, YES, YES)),
        ({"s10": 0.58, "s50": 0.59, "s100": 0.65, "s400": 0.7}, (SHAPE, SHAPE, NO)),
        ({"s10": 0.61, "s50": 0.62, "s100": 0.65, "s400": 0.7}, (NO, YES, NO)),
        ({"s10": 0.51, "s50": 0.52, "s100": 0.7, "s400": 0.696}, (YES, NO, NO)),
        ({"s10": 0.5, "s50": 0.5, "s100": 0.5, "s400": 0.5}, (NO, NO, NO)),
        ({"s10": 0.4, "s50": 0.4, "s100": 0.45, "s400": 0.4}, (NO, NO, NO)),
    ],
)
def test_parts_are_judged(
    thief: dict[str, float], expected: tuple[Verdict, ...]
) -> None:
    """Each part has its own numbers."""
    found = fig_10b.judge(lengths(**thief))
    assert tuple(part.verdict for part in found) == expected


def test_a_tiny_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is above every plan of the same windows."""
    monkeypatch.setattr(fig_10b, "QUICK_SERVER", (2, 0.3))
    monkeypatch.setattr(fig_10b, "LENGTHS", (20.0, 50.0, 200.0))
    monkeypatch.setattr(fig_10b, "SECONDS", 200.0)
    monkeypatch.setattr(fig_10b, "SHORTEST", 20.0)
    monkeypatch.setattr(fig_10b, "LONG", 200.0)
    finding = fig_10b.experiment(Scale(quick=True, seeds=(0,)))
    table = finding.tables[0][1]
    for plan in ("thief", "myopic", "joint", "none"):
        assert (table[plan] <= table["bound"] + 1e-9).all()
    assert (table["joint"] >= table["none"] - 1e-9).all()
    assert finding.verdict is overall(fig_10b.judge(table))
    finding.figures[0].draw()
