"""What a notebook shows of schedules and results."""

import pytest

import solvers
from formulations.pictures import HEIGHT, PAD, WIDTH, schedule_table
from instances.generators import generate
from instances.library import load_shipped
from solvers import Options
from tests.instances.test_pictures import EVIL, parsed, pictures
from tests.small import retraining, schedule, segment, stream, window

TRAINED = schedule(A=("retrain", [segment(0, "full", 5, 5)]))


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    """20 GPU-seconds on half a GPU take 40 of 100 s; then the units idle."""
    problem = window(stream(retraining=(retraining(20, 0.9),)), min_accuracy=0.4)
    html = schedule_table(problem, TRAINED)
    shares, accuracy = pictures(html)
    serving, training, idle = shares.findall("rect")
    whole, high = WIDTH - 2 * PAD, HEIGHT - 2 * PAD
    assert float(serving.attrib["width"]) == pytest.approx(whole, abs=0.1)
    assert float(training.attrib["width"]) == pytest.approx(0.4 * whole, abs=0.1)
    assert float(idle.attrib["width"]) == pytest.approx(0.6 * whole, abs=0.1)
    for bar in (serving, training, idle):
        assert float(bar.attrib["height"]) == pytest.approx(high / 2, abs=0.1)
    assert "complete at 40.0 s" in shares.attrib["aria-label"]
    floor, served = accuracy.findall("polyline")
    assert "stroke-dasharray" in floor.attrib
    levels = [
        1 - (float(point.split(",")[1]) - PAD) / high
        for point in served.attrib["points"].split()
    ]
    assert levels == pytest.approx([0.5, 0.5, 0.9, 0.9], abs=0.01)
    # 40 s at 0.5 and 60 s at 0.9.
    assert "<td>0.7400</td>" in html
    assert "10 of 10 units" in html


@pytest.mark.parametrize(
    ("name", "solver"),
    [
        ("paper/window1", "dp"),
        ("recorded-like/n10-g8-stream", "thief"),
        ("drift/n4-g2-w4", "dp"),
        ("memory-tight/n4-g2", "round-and-pack"),
    ],
)
def test_results_show_their_schedule_drawn(name: str, solver: str) -> None:
    """Every stream has its shares and its accuracy, whatever the problem."""
    problem = load_shipped(name)
    result = solvers.solve(problem, solver)
    html = result._repr_html_()
    labels = [each.attrib["aria-label"] for each in pictures(html)]
    for each in problem.streams:
        assert f"{each.name}: shares over time" in " ".join(labels)
    assert sum(label.startswith("accuracy from") for label in labels) == len(
        problem.streams
    )
    assert f"{result.objective:.6f}" in html
    if name.startswith("memory"):
        assert "Placement of" in html
    assert len(parsed(result.schedule._repr_html_()).findall(".//tr")) > 2


def test_without_a_schedule_or_a_problem_there_is_a_table() -> None:
    """An infeasible result, and a schedule alone, are shown as well."""
    nothing = solvers.solve(window(stream(), min_accuracy=0.6), "dp")
    assert pictures(nothing._repr_html_()) == []
    alone = solvers.Result(
        instance="x", solver="y", status=solvers.Status.FEASIBLE, schedule=TRAINED
    )
    (picture,) = pictures(alone._repr_html_())
    assert picture.attrib["aria-label"] == "5 inference units, 5 training units"


def test_of_many_streams_the_first_are_drawn() -> None:
    """Thirty of 200, and the rest counted."""
    problem = generate("recorded-like", 200, 60, 1)
    result = solvers.solve(problem, "inference-only")
    html = result._repr_html_()
    assert len(pictures(html)) == 60
    assert "… and 170 more streams" in html
    assert "… and 170 more streams" in result.schedule._repr_html_()


def test_names_and_violations_do_no_harm() -> None:
    """A schedule that breaks rules is drawn as well, its names as text."""
    problem = window(stream(EVIL))
    plan = schedule(**{EVIL: ("missing", [segment(0, "full", 50)])})
    html = schedule_table(problem, plan)
    assert "<script" not in html
    assert len(pictures(html)) == 2
    other = schedule(B=(None, [segment(0, "full", 5)]))
    assert "no plan" in schedule_table(window(stream("A")), other)


def test_what_was_solved_is_no_part_of_a_results_text() -> None:
    """The problem is for pictures alone: not printed, not compared."""
    result = solvers.solve(window(stream()), "dp", Options())
    assert result.problem is not None
    assert "problem=" not in repr(result)
