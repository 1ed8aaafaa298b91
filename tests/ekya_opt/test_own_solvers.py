"""Functions that are solvers without being registered."""

from functools import partial
from typing import Any

import pytest

import ekya_opt
from ekya_opt import Instance, Schedule, Search
from ekya_opt.solver_specs import solver_specs
from tests.small import schedule, segment, stream, window

TWO = window(stream(), stream("B"))
SERVED = schedule(A=(None, [segment(0, "full", 5)]), B=(None, [segment(0, "full", 5)]))


def serve(instance: Instance, search: Search, *, streams: int = 2) -> Schedule:
    """Serve some of the two streams, which are worth 0.5 each when served."""
    plans = [
        plan
        if idx < streams
        else ekya_opt.replace(plan, segments=(segment(0, None, 0),))
        for idx, plan in enumerate(SERVED.streams)
    ]
    return Schedule(streams=tuple(plans))


def test_a_function_solves_like_a_solver_of_that_name() -> None:
    """Its schedule is certified, and its keyword-only parameters are settings."""
    result = ekya_opt.solve(TWO, serve)
    assert (result.solver, result.status) == ("serve", "feasible")
    assert result.objective == pytest.approx(0.5)
    assert result.metadata["settings"] == {"streams": 2}
    assert ekya_opt.solve(TWO, serve, streams=1).objective == pytest.approx(0.25)
    with pytest.raises(ekya_opt.InvalidOption, match="streams is 'all', expected int"):
        ekya_opt.solve(TWO, serve, streams="all")
    with pytest.raises(ekya_opt.InvalidOption, match="serve has no setting 'pace'"):
        ekya_opt.solve(TWO, serve, pace=1)


def test_settings_without_annotations_have_the_type_of_their_default() -> None:
    """What one types into a notebook is checked, too."""

    def plain(instance: Any, search: Any, *, streams=2):  # type: ignore[no-untyped-def]
        return serve(instance, search, streams=streams)

    assert ekya_opt.solve(TWO, plain, streams=1).objective == pytest.approx(0.25)
    with pytest.raises(ekya_opt.InvalidOption, match="expected int"):
        ekya_opt.solve(TWO, plain, streams=1.5)


def test_functions_are_compared_with_solvers() -> None:
    """A function has a row of its own, and may be the reference."""
    half = partial(serve, streams=1)
    frame = ekya_opt.compare([TWO], ["dp", serve])
    assert list(frame["solver"]) == ["dp", "serve"]
    assert list(frame["gap_to_reference"]) == pytest.approx([0, 0])
    frame = ekya_opt.compare([TWO], [half, serve, "dp"], reference="serve:streams=1")
    assert list(frame["gap_to_reference"]) == pytest.approx([0, -1, -1])
    assert list(frame["settings"]) == ["streams=1", "", ""]
    with pytest.raises(ekya_opt.InvalidOption, match="streams is 'all', expected int"):
        ekya_opt.compare([TWO], [partial(serve, streams="all")])  # type: ignore[arg-type]
    alone = ekya_opt.compare([TWO], serve)
    assert alone["objective"][0] == pytest.approx(0.5)


def test_a_function_that_fails_is_a_row() -> None:
    """An exception and a broken rule are told, the other solvers go on."""

    def wrong(instance: Any, search: Any) -> Schedule:
        return schedule(A=(None, [segment(0, "full", 4)]))

    def broken(instance: Any, search: Any) -> Any:
        return {"A": 1}

    frame = ekya_opt.compare([TWO], [wrong, broken, lambda i, s: 1 / 0, "dp"])
    assert list(frame["status"]) == ["error", "error", "error", "optimal"]
    assert "needs 5 units, has 4" in frame["error"][0]
    assert "expected one of a window" in frame["error"][1]
    assert "ZeroDivisionError" in frame["error"][2]
    assert frame["solver"][2] == "<lambda>"


def test_two_solvers_of_one_name_are_refused() -> None:
    """No row can be taken for another one's; the same function twice is one."""
    assert len(solver_specs([serve, serve])) == 1
    for others in (["dp", _named("dp")], [_named("serve"), serve]):
        with pytest.raises(ekya_opt.InvalidOption, match="two solvers are named"):
            ekya_opt.compare([TWO], others)


def test_a_function_tells_what_it_solves_and_is_called_with() -> None:
    """Its first parameter's name is the kind of problem; two are needed."""

    def plan(horizon: Any, search: Any) -> None:
        return None

    horizon = ekya_opt.read("shipped:paper/horizon")
    assert ekya_opt.solve(horizon, plan).status == "no_solution"
    with pytest.raises(ekya_opt.SolverUnavailable, match="for a horizon, not a window"):
        ekya_opt.solve(TWO, plan)
    with pytest.raises(ekya_opt.SolverUnavailable, match="named horizon"):
        ekya_opt.solve(horizon, serve)
    with pytest.raises(ekya_opt.SolverUnavailable, match="cannot be called"):
        ekya_opt.solve(TWO, lambda instance: None)
    with pytest.raises(ekya_opt.SolverUnavailable, match="cannot be called"):
        ekya_opt.compare([TWO], [lambda instance, search, *, needed: None])


def _named(name: str) -> Any:
    def function(instance: Any, search: Any) -> None:
        return None

    function.__name__ = name
    return function
