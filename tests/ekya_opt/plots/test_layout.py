"""Figures as a whole: nothing is clipped or hidden, at both sizes, the same each time.

Each picture has 20 solvers or streams with long names, or a single point.
"""

import inspect
from collections.abc import Callable
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import ekya_opt
from ekya_opt import EkyaOptError, robustness
from ekya_opt.plots import save_figure
from ekya_opt.plots.sizes import SIZES
from tests.ekya_opt.conftest import Run
from tests.ekya_opt.runs import runs_by_hand
from tests.ekya_opt.test_plots import crowd, three_windows, two_gpus
from tests.small import retraining, serving, stream, window

Picture = Callable[..., Any]

LONG = "thief-released:hand_on=false:rounds=3:order=by-stream:"
LABELS = ["dp", *(f"{LONG}passes={idx}" for idx in range(8)), *"abcdefghijk"]


@cache
def many() -> pd.DataFrame:
    """Return the runs of 20 solvers on four instances, with all that is drawn."""
    rows = [
        {
            "label": label,
            "instance": f"recorded-like-n{2**n}-g1",
            "streams": 2**n,
            "streams_per_gpu": 2.0**n,
            "objective": 0.9 - 0.1 * n - 0.003 * idx * (1 + (idx * n) % 3),
            "bound": 0.9 - 0.1 * n if label == "dp" else None,
            "seconds": 0.001 * 1.5**idx,
            "status": "optimal" if label == "dp" else "feasible",
        }
        for idx, label in enumerate(LABELS)
        for n in range(4)
    ]
    table = runs_by_hand(*rows)
    paid = table["objective"] - 0.1 * table["seconds"]
    return table.assign(paid_accuracy=paid, decision_seconds=table["seconds"])


@cache
def one() -> pd.DataFrame:
    """Return a single run, which proves its optimum."""
    table = runs_by_hand({"objective": 0.8, "bound": 0.8, "status": "optimal"})
    return table.assign(paid_accuracy=0.7, decision_seconds=1.0)


def configs() -> Any:
    """Return a stream with 18 retraining configs on a front, all of long names."""
    own = tuple(
        retraining(2**n, 0.5 + 0.02 * n, name=f"epochs-30-layers-{n}-fraction-1.0")
        for n in range(18)
    )
    levels = tuple(serving(0.1 * n, 0.1 * n) for n in range(1, 11))
    return stream("A stream of a long name", 0.5, retraining=own, inference=levels)


@cache
def noise() -> pd.DataFrame:
    """Return a small study of noise."""
    return robustness([window(configs())], "dp,uniform", errors=[0, 0.1], draws=1)


@cache
def prices() -> pd.DataFrame:
    """Return the price list of one small window."""
    return ekya_opt.price_list([("a group of one window", [window(configs())])])


PICTURES: dict[str, Picture] = {
    "plot_gaps": lambda **v: ekya_opt.plot_gaps(many(), **v),
    "plot_gaps ecdf": lambda **v: ekya_opt.plot_gaps(many(), kind="ecdf", **v),
    "plot_gaps one": lambda **v: ekya_opt.plot_gaps(one(), **v),
    "plot_gaps_by": lambda **v: ekya_opt.plot_gaps_by(many(), **v),
    "plot_gaps_by words": lambda **v: ekya_opt.plot_gaps_by(
        many(), by="instance", log=True, **v
    ),
    "plot_gaps_by one": lambda **v: ekya_opt.plot_gaps_by(one(), **v),
    "plot_performance_profile": lambda **v: ekya_opt.plot_performance_profile(
        many(), measure="gap_to_bound", **v
    ),
    "plot_performance_profile one": lambda **v: ekya_opt.plot_performance_profile(
        one(), **v
    ),
    "plot_anytime": lambda **v: ekya_opt.plot_anytime(many(), **v),
    "plot_anytime one": lambda **v: ekya_opt.plot_anytime(one(), **v),
    "plot_accuracy_by_streams": lambda **v: ekya_opt.plot_accuracy_by_streams(
        many(), **v
    ),
    "plot_accuracy_curve": lambda **v: ekya_opt.plot_accuracy_curve(
        window(configs()), runs=many(), **v
    ),
    "plot_paid": lambda **v: ekya_opt.plot_paid(many(), **v),
    "plot_paid one": lambda **v: ekya_opt.plot_paid(one(), **v),
    "plot_pareto": lambda **v: ekya_opt.plot_pareto(configs(), **v),
    "plot_value_curve": lambda **v: ekya_opt.plot_value_curve(
        window(configs()), 0, **v
    ),
    "plot_shares": lambda **v: ekya_opt.plot_shares(*three_windows(), **v),
    "plot_shares crowd": lambda **v: ekya_opt.plot_shares(*crowd(20), **v),
    "plot_timeline": lambda **v: ekya_opt.plot_timeline(*three_windows(), **v),
    "plot_timeline crowd": lambda **v: ekya_opt.plot_timeline(*crowd(20), **v),
    "plot_timeline dozen": lambda **v: ekya_opt.plot_timeline(*crowd(12), **v),
    "plot_gpus": lambda **v: ekya_opt.plot_gpus(*two_gpus(), **v),
    "plot_robustness": lambda **v: ekya_opt.plot_robustness(noise(), **v),
    "plot_prices": lambda **v: ekya_opt.plot_prices(prices(), **v),
}


def all_axes(drawn: Any) -> list[Any]:
    """Return the axes that a picture has."""
    return list(drawn) if isinstance(drawn, tuple) else [drawn]


def test_every_public_figure_is_looked_at_here() -> None:
    """And takes axes and a size."""
    public = {name for name in ekya_opt.__all__ if name.startswith("plot_")}
    assert {name.split()[0] for name in PICTURES} == public
    for name in public:
        parameters = inspect.signature(getattr(ekya_opt, name)).parameters
        assert parameters["ax"].default is None
        assert parameters["size"].default == "notebook"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PICTURES)
def test_nothing_is_clipped_or_hidden(name: str, size: str) -> None:
    """All that is written lies inside the figure, and the legend not on the data."""
    axes = all_axes(PICTURES[name](size=size))
    figure = axes[0].get_figure()
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    box = figure.get_tightbbox()
    assert box.x0 >= -0.001
    assert box.y0 >= -0.001
    assert box.x1 <= width + 0.001
    assert box.y1 <= height + 0.001
    if size == "paper":
        assert width == pytest.approx(3.3)
    for own in axes:
        inside = own.get_window_extent()
        assert inside.width > 0.25 * figure.bbox.width
        legend = own.get_legend()
        if legend is not None:
            assert not legend.get_window_extent().padded(-1).overlaps(inside)
            assert _apart(legend.get_texts())
        for axis in (own.xaxis, own.yaxis):
            seen = [each for each in axis.get_ticklabels() if each.get_text()]
            turned = [each for each in seen if each.get_rotation()]
            assert turned or _apart(seen)
            if legend is not None:
                around = legend.get_window_extent().padded(-1)
                boxes = [each.get_window_extent() for each in _written(axis)]
                assert not any(around.overlaps(box) for box in boxes)


def _written(axis: Any) -> list[Any]:
    """Return the label of an axis, and those of its ticks within the limits."""
    low, high = sorted(axis.get_view_interval())
    ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
    texts = [axis.label, *(tick.label1 for tick in ticks)]
    return [text for text in texts if text.get_text() and text.get_visible()]


def _apart(texts: list[Any]) -> bool:
    """Return whether texts do not lie over each other."""
    boxes = [text.get_window_extent().padded(-0.5) for text in texts]
    return not any(a.overlaps(b) for a, b in combinations(boxes, 2))


@pytest.mark.parametrize("name", PICTURES)
def test_axes_and_sizes_may_be_given(name: str) -> None:
    """The same axes are returned, and a paper's text has 7 or 8 points on them."""
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(1, 2)
    pair = name.split()[0] == "plot_timeline"
    given = tuple(grid) if pair else grid[0]
    before = figure.get_size_inches().tolist()
    drawn = PICTURES[name](ax=given, size="paper")
    assert all_axes(drawn) == all_axes(given)
    assert figure.get_size_inches().tolist() == before
    for axes in all_axes(drawn):
        assert axes.xaxis.label.get_fontsize() == 8
        ticks = axes.get_xticklabels() + axes.get_yticklabels()
        assert {text.get_fontsize() for text in ticks} <= {7}


def test_an_unknown_size_is_told() -> None:
    """With those that there are."""
    with pytest.raises(EkyaOptError, match="expected one of notebook, paper"):
        ekya_opt.plot_gaps(one(), size="poster")  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", ["pdf", "svg"])
def test_files_are_the_same_each_time(ending: str, tmp_path: Path) -> None:
    """Byte for byte, with text that can be found and no font of type 3."""
    files = []
    for idx in range(2):
        path = tmp_path / f"{idx}.{ending}"
        save_figure(ekya_opt.plot_gaps(one(), size="paper"), str(path))
        files.append(path.read_bytes())
    assert files[0] == files[1]
    assert b"Type3" not in files[0]
    if ending == "svg":
        assert b"gap to bound, %" in files[0]
    else:
        assert b"CreationDate" not in files[0]


def test_draw_makes_a_figure_for_a_paper(run: Run, tmp_path: Path) -> None:
    """A column is 3.3 inches, which are 237.6 points, wide."""
    plan, figure = tmp_path / "plan.json", tmp_path / "plan.svg"
    run("solve", "shipped:paper/window1", "--output", plan)
    words = ("shipped:paper/window1", plan, "-o", figure, "--size", "paper")
    assert run("draw", *words).status == 0
    assert 'width="237.6pt"' in figure.read_text(encoding="utf-8")
