"""Figures of small schedules, whose areas and lines a reader draws by hand."""

from collections.abc import Iterator
from typing import Any

import pytest

from ekya_opt.plots.accuracy import plot_accuracy
from ekya_opt.plots.allocation import plot_allocation
from ekya_opt.plots.gpus import plot_gpus
from ekya_opt.plots.labels import Area
from ekya_opt.plots.looks import IDLE, look_of
from ekya_opt.plots.timeline import plot_timeline
from ekya_opt.timelines import Change, Origin, Timeline, timeline_of
from formulations.horizon_schedule import HorizonPlan, HorizonSchedule, WindowPlans
from formulations.schedule import Schedule, StreamPlan
from instances import (
    InferenceConfig,
    Instance,
    InvalidData,
    InvalidSchedule,
    RetrainingConfig,
)
from instances.horizon import Horizon
from instances.horizon_stream import HorizonConfig, HorizonStream, StreamWindow
from tests.placed import gpus, placed, placement, plan
from tests.small import retraining, schedule, segment, serving, stream, window

pytest.importorskip("matplotlib")

FULL = (serving(0.5, 1.0, "full"),)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test has drawn."""
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def two_streams(**values: Any) -> tuple[Instance, Schedule]:
    """Return A, which trains on 3 of 10 units for 50 s of 100 s, and B on 2 units.

    A serves on 5 units at 0.5, then at 0.9; B with weight 3 at 0.8.
    """
    problem = window(
        stream("A", 0.5, retraining=(retraining(15, 0.9, name="cfg"),)),
        stream("B", 0.8, weight=3, inference=(serving(0.2, 1.0, "full"),)),
        **values,
    )
    plans = schedule(
        A=("cfg", [segment(0, "full", 5, 3)]), B=(None, [segment(0, "full", 2)])
    )
    return problem, plans


def areas(axes: Any) -> list[tuple[str, list[float], Any, Any]]:
    """Return colour, edges, lower and upper limits of all areas."""
    from matplotlib.colors import to_hex
    from matplotlib.patches import StepPatch

    found = []
    for patch in axes.patches:
        if isinstance(patch, StepPatch):
            data: Any = patch.get_data()
            limits = (
                pytest.approx(list(data.baseline)),
                pytest.approx(list(data.values)),
            )
            colour = to_hex(patch.get_facecolor()).upper()
            found.append((colour, list(data.edges), *limits))
    return found


def steps(axes: Any) -> dict[str, list[tuple[float, float]]]:
    """Return the corners of each line that has a name."""
    return {
        line.get_label(): list(zip(*line.get_data(), strict=True))
        for line in axes.get_lines()
        if not str(line.get_label()).startswith("_")
    }


def texts(axes: Any) -> list[str]:
    """Return the texts written into or above axes."""
    return [text.get_text() for text in axes.texts]


def test_areas_stack_inference_then_training() -> None:
    """One area a stream that serves, one a retraining, one for units that idle."""
    axes = plot_allocation(timeline_of(*two_streams()))
    blue, orange = look_of(0), look_of(1)
    assert areas(axes) == [
        (blue.pale, [0, 50, 100], [0, 0], [0.5, 0.5]),
        (orange.pale, [0, 50, 100], [0.5, 0.5], [0.7, 0.7]),
        (blue.colour, [0, 50], [0.7], [1.0]),
        (IDLE, [50, 100], [0.7], [1.0]),
    ]
    hatches = [patch.get_hatch() for patch in axes.patches]
    assert hatches == [None, None, "////", None]
    assert texts(axes) == ["A full", "B full", "A cfg"]
    assert axes.get_xlabel() == "time, s"
    assert axes.get_ylabel() == "GPUs in use"


def test_lines_are_what_the_referee_finds() -> None:
    """A line for each stream, one for their weighted mean and one for the floor."""
    axes = plot_accuracy(timeline_of(*two_streams(min_accuracy=0.4)))
    found = steps(axes)
    assert found.pop("floor") == [(0, 0.4), (1, 0.4)]
    assert found == {
        "A": [(0, 0.5), (50, 0.9), (100, 0.9)],
        "B": [(0, 0.8), (50, 0.8), (100, 0.8)],
        "mean": [
            (0, pytest.approx(0.725)),
            (50, pytest.approx(0.825)),
            (100, pytest.approx(0.825)),
        ],
    }
    assert texts(axes) == ["cfg"]
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["A", "B", "mean", "floor", "retrained"]
    assert axes.get_xlabel() == "time, s"
    assert axes.get_ylabel() == "inference accuracy"


def test_no_floor_is_drawn_without_one() -> None:
    """And a single stream needs no mean."""
    problem = window(stream("A", 0.5))
    axes = plot_accuracy(
        timeline_of(problem, schedule(A=(None, [segment(0, "full", 5)])))
    )
    assert list(steps(axes)) == ["A"]


def test_a_server_moves_units_at_slots() -> None:
    """A trains from 20 s to 56 s; its model serves, and its units move, from 60 s."""
    problem = window(
        stream("A", 0.5, retraining=(retraining(18, 0.9, name="cfg"),)),
        reallocation="server",
        slot_seconds=20,
    )
    parts = [segment(0, "full", 5), segment(20, "full", 5, 5), segment(60, "full", 10)]
    timeline = timeline_of(problem, schedule(A=("cfg", parts)))
    assert timeline.edges == (0, 20, 56, 60, 100)
    (own,) = timeline.streams
    assert own.retraining == ("cfg", "cfg", None, None)
    assert own.training_units == (0, 5, 5, 0)
    assert own.accuracies == (0.5, 0.5, 0.5, 0.9)
    assert own.changes == (Change(seconds=60, model="cfg", origin=Origin.RETRAINED),)
    found = areas(plot_allocation(timeline))
    assert [each[1] for each in found] == [[0, 20, 56, 60, 100], [20, 56], [56, 60]]


def test_a_model_ready_at_the_end_never_serves() -> None:
    """The units are busy to the end, and no change is marked."""
    problem = window(stream("A", 0.5, retraining=(retraining(50, 0.9),)))
    timeline = timeline_of(problem, schedule(A=("retrain", [segment(0, "full", 5, 5)])))
    assert timeline.edges == (0, 100)
    assert timeline.streams[0].retraining == ("retrain",)
    assert timeline.streams[0].changes == ()


def three_windows() -> tuple[Horizon, HorizonSchedule]:
    """Return A: retrained in window 1, its first model loaded in 2, then back at once.

    All windows have 100 s. The model that ``cfg`` trains in 50 s scores 0.9 at first
    and 0.3 in window 2; the first one scores 0.5 always.
    """
    trained = HorizonConfig(
        name="cfg", gpu_seconds=25, accuracy=0.9, later_accuracy=(0.3, 0.8)
    )
    camera = HorizonStream(
        name="A",
        accuracy=0.5,
        inference=FULL,
        windows=(StreamWindow(retraining=(trained,)), StreamWindow(), StreamWindow()),
        load_seconds=10,
        model_gb=1,
    )
    horizon = Horizon(
        name="three",
        window_seconds=100,
        gpus=1,
        units_per_gpu=10,
        streams=(camera,),
        cached_models=1,
        warm_gb=1,
    )
    serves = (segment(0, "full", 5),)
    plans = (
        HorizonPlan(
            stream="A",
            retraining="cfg",
            kept=("initial",),
            segments=(segment(0, "full", 5, 5),),
        ),
        HorizonPlan(stream="A", reuse="initial", kept=("1/cfg",), segments=serves),
        HorizonPlan(stream="A", reuse="1/cfg", warm=True, segments=serves),
    )
    windows = tuple(WindowPlans(streams=(plan,)) for plan in plans)
    return horizon, HorizonSchedule(windows=windows)


def test_windows_lie_side_by_side() -> None:
    """Models change where they begin to serve, each with its own marker."""
    timeline = timeline_of(*three_windows())
    assert timeline.violations == ()
    assert timeline.edges == (0, 50, 100, 110, 200, 300)
    (own,) = timeline.streams
    assert own.accuracies == (0.5, 0.9, 0.3, 0.5, 0.8)
    assert own.changes == (
        Change(seconds=50, model="1/cfg", origin=Origin.RETRAINED),
        Change(seconds=110, model="initial", origin=Origin.REUSED),
        Change(seconds=200, model="1/cfg", origin=Origin.WARM),
    )
    upper, lower = plot_timeline(*three_windows())
    # Three windows of serving, a retraining, and what idles after it.
    assert [each[1] for each in areas(upper)] == [
        [0, 50, 100],
        [100, 110, 200],
        [200, 300],
        [0, 50],
        [50, 100],
    ]
    markers = [
        (line.get_marker(), *line.get_xydata()[0])
        for line in lower.get_lines()
        if line.get_marker() != "None"
    ]
    assert markers == [("o", 50, 0.9), ("s", 110, 0.5), ("*", 200, 0.8)]
    means = ["window 1: mean 0.700", "window 2: mean 0.480", "window 3: mean 0.800"]
    assert texts(lower) == [*means, "1/cfg", "initial", "1/cfg"]
    for axes in (upper, lower):
        ends = [
            line.get_xdata()[0]
            for line in axes.get_lines()
            if list(line.get_ydata()) == [0, 1]
        ]
        assert ends == [100, 200]


def test_a_model_ready_at_a_windows_end_serves_in_the_next() -> None:
    """It was retrained, though the plan of the window where it serves does nothing."""
    trained = HorizonConfig(name="cfg", gpu_seconds=50, accuracy=0.9)
    camera = HorizonStream(
        name="A",
        accuracy=0.5,
        inference=FULL,
        windows=(StreamWindow(retraining=(trained,)), StreamWindow()),
    )
    horizon = Horizon(
        name="two", window_seconds=100, gpus=1, units_per_gpu=10, streams=(camera,)
    )
    plans = (
        HorizonPlan(stream="A", retraining="cfg", segments=(segment(0, "full", 5, 5),)),
        HorizonPlan(stream="A", segments=(segment(0, "full", 5),)),
    )
    windows = tuple(WindowPlans(streams=(plan,)) for plan in plans)
    timeline = timeline_of(horizon, HorizonSchedule(windows=windows))
    assert timeline.streams[0].changes == (
        Change(seconds=100, model="1/cfg", origin=Origin.RETRAINED),
    )


def test_what_breaks_rules_is_drawn() -> None:
    """A stream without a plan is served at 0; too many units reach above the GPUs."""
    problem, _ = two_streams()
    plans = schedule(A=(None, [segment(0, "full", 12)]))
    upper, lower = plot_timeline(problem, plans)
    assert upper.get_title(loc="left").endswith("infeasible")
    assert areas(upper) == [(look_of(0).pale, [0, 100], [0], [1.2])]
    assert upper.get_ylim()[1] > 1.2
    assert steps(lower)["B"] == [(0, 0), (100, 0)]


def test_a_timeline_needs_a_schedule_of_its_kind() -> None:
    """A window's schedule is none of a horizon, nor of a placement."""
    both, plans = two_streams()
    with pytest.raises(InvalidSchedule, match="expected one of a horizon"):
        plot_timeline(three_windows()[0], plans)
    problem: Any = placement(stream("A", 0.5))
    with pytest.raises(InvalidSchedule, match="expected one of a placement"):
        plot_gpus(problem, plans)  # type: ignore[arg-type]
    with pytest.raises(InvalidData, match="is a window, expected a placement"):
        plot_gpus(both, plans)  # type: ignore[arg-type]


def test_axes_may_be_given() -> None:
    """Two for a timeline; the same ones are returned."""
    import matplotlib.pyplot as plt

    pair = plt.subplots(1, 2)[1]
    assert tuple(plot_timeline(*two_streams(), tuple(pair))) == tuple(pair)
    assert len(areas(pair[0])) == 4
    own = plt.subplots()[1]
    assert plot_accuracy(timeline_of(*two_streams()), own) is own
    assert plot_gpus(*two_gpus(), own) is own


def two_gpus() -> tuple[Any, Any]:
    """Return A, which serves on g0 and trains on g1, of 8 GB each, and B on g0."""
    full = (InferenceConfig(name="full", gpus=0.5, relative_accuracy=1, memory_gb=2),)
    config = RetrainingConfig(name="cfg", gpu_seconds=20, accuracy=0.9, memory_gb=6)
    problem = placement(
        stream("A", 0.5, inference=full, retraining=(config,)),
        stream("B", 0.8, inference=full),
        gpus=gpus(1, 2, memory_gb=8),
    )
    return problem, placed(
        plan("A", "full", (5, ("g0",)), "cfg", (10, ("g1",))),
        plan("B", "full", (5, ("g0",))),
    )


def bars(axes: Any) -> list[tuple[float, float, bool]]:
    """Return left end, width and whether it is filled of each bar."""
    return [
        (patch.get_x(), patch.get_width(), bool(patch.get_fill()))
        for patch in axes.patches
    ]


def test_each_gpu_has_bars_of_shares_and_memory() -> None:
    """Jobs fill them from the left, in frames of what the GPU has.

    A is served 10 s at 0.5 and 90 s at 0.9, B at 0.8: (0.86 + 0.8) / 2 = 0.83.
    """
    axes = plot_gpus(*two_gpus())
    shares = [(0, 0.5), (0.5, 0.5), (0, 1.0)]
    memory = [(0, 0.25), (0.25, 0.25), (0, 0.75)]
    found = bars(axes)
    assert len(found) == len(shares) + len(memory) + 4
    assert sorted(found[:6]) == sorted((*bar, True) for bar in shares + memory)
    assert [each[:2] for each in found[6:]] == [(0, 1)] * 4
    assert sorted(texts(axes)) == sorted(
        ["A full", "B full", "A cfg", "2 GB", "2 GB", "6 GB"]
    )
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["g0\n8 GB", "g1\nspeed 2\n8 GB"]
    assert axes.get_xlabel().startswith("share of the GPU")
    assert "GB" in axes.get_xlabel()
    assert "0.8300" in axes.get_title(loc="left")


def test_gpus_without_a_limit_have_no_bar_for_memory() -> None:
    """A job on two whole GPUs fills both; one too many reaches beyond a GPU."""
    problem = placement(
        stream("A", 0.5, retraining=(retraining(20, 0.9, name="cfg"),)), stream("B")
    )
    both = ("g0", "g1")
    axes = plot_gpus(
        problem,
        placed(
            plan("A", "full", (5, ("g0",)), "cfg", (20, both)),
            plan("B", "full", (5, ("g1",))),
        ),
    )
    assert bars(axes)[:4] == [
        (0, 0.5, True),
        (0.5, 1.0, True),
        (0, 0.5, True),
        (0.5, 1.0, True),
    ]
    assert len(bars(axes)) == 6
    assert axes.get_xlim()[1] > 1.5
    assert axes.get_title(loc="left").endswith("infeasible")
    assert "GB" not in axes.get_xlabel()


def crowd(num_streams: int) -> tuple[Instance, Schedule]:
    """Return streams on one unit each that train on another one for half the time."""
    units = 2 * num_streams
    serves = (serving(1 / units, 1.0, "full"),)
    config = (retraining(50 / units, 0.9, name="cfg"),)
    names = [f"camera-{v}" for v in range(num_streams)]
    problem = window(
        *(
            stream(
                name, 0.5 + 0.3 * v / num_streams, inference=serves, retraining=config
            )
            for v, name in enumerate(names)
        ),
        units_per_gpu=units,
    )
    plans = [
        StreamPlan(stream=name, retraining="cfg", segments=(segment(0, "full", 1, 1),))
        for name in names
    ]
    return problem, Schedule(streams=tuple(plans))


@pytest.mark.parametrize(
    "drawn", ["two", "three windows", "gpus", "crowd of 20", "crowd of 60"]
)
def test_no_text_is_clipped(drawn: str) -> None:
    """Everything written lies inside the figure."""
    if drawn == "gpus":
        axes = plot_gpus(*two_gpus())
    elif drawn == "two":
        axes = plot_timeline(*two_streams())[0]
    elif drawn == "three windows":
        axes = plot_timeline(*three_windows())[0]
    else:
        axes = plot_timeline(*crowd(int(drawn.split()[-1])))[0]
    figure = axes.get_figure()
    figure.draw_without_rendering()
    inches = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert inches.x0 >= 0
    assert inches.y0 >= 0
    assert inches.x1 <= width
    assert inches.y1 <= height
    assert inches.width > 0.95 * width


def test_labels_lie_inside_their_areas() -> None:
    """Each text, with what surrounds it, is smaller than the area that it names."""
    upper, _ = plot_timeline(*two_streams())
    upper.get_figure().draw_without_rendering()
    filled = [patch.get_window_extent() for patch in upper.patches[:3]]
    for text, area in zip(upper.texts, filled, strict=True):
        box = text.get_window_extent()
        assert area.x0 <= box.x0
        assert box.x1 <= area.x1
        assert area.y0 <= box.y0
        assert box.y1 <= area.y1


def test_the_legend_lists_the_first_of_many_streams() -> None:
    """39 of 60 by name, then how many more there are."""
    _, lower = plot_timeline(*crowd(60))
    names = [text.get_text() for text in lower.get_legend().get_texts()]
    assert names[38:] == ["camera-38", "and 21 more", "mean", "retrained"]


def test_neighbours_and_the_first_24_streams_look_different() -> None:
    """In colour or, where the hue is the same, in their dashes too."""
    looks = [look_of(v) for v in range(24)]
    assert len({look.colour for look in looks}) == 24
    assert looks[0].dashes != looks[6].dashes
    assert look_of(24) == looks[0]


def test_names_are_no_formulas() -> None:
    """Names that matplotlib would read as mathematics or leave out are drawn."""
    problem = window(stream("$x_{^", 0.5), stream("_hidden", 0.6))
    plans = Schedule(
        streams=tuple(
            StreamPlan(stream=name, segments=(segment(0, "full", 5),))
            for name in ("$x_{^", "_hidden")
        )
    )
    upper, lower = plot_timeline(problem, plans)
    upper.get_figure().draw_without_rendering()
    names = [text.get_text() for text in lower.get_legend().get_texts()]
    assert names == [r"\$x_{^", " _hidden", "mean"]


def test_the_room_of_an_area_is_its_largest_rectangle_that_suffices() -> None:
    """Of a step of height 1 and one of height 3, each 10 wide, or both together."""
    area = Area(
        edges=(0, 10, 20),
        lows=(0.0, 0.0),
        highs=(1.0, 3.0),
        texts=("x",),
        colour="#000000",
    )
    assert area.room_for(5, 0.5) == (10, 20, 0, 3)
    assert area.room_for(15, 0.5) == (0, 20, 0, 1)
    assert area.room_for(15, 2) is None


def test_a_placement_has_a_timeline_too() -> None:
    """Its units of all GPUs together: A trains for 10 s on a GPU of speed 2."""
    timeline: Timeline = timeline_of(*two_gpus())
    assert timeline.edges == (0, 10, 100)
    assert timeline.gpus == 2
    assert timeline.streams[0].training_units == (10, 10)
