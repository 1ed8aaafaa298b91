"""What a user imports: read, solve, check, generate and shipped instances."""

from pathlib import Path

import pytest

import ekya_opt

OPTIMUM = (0.65 + (50 * 0.5 + 70 * 0.85) / 120) / 2


def test_solve_takes_an_instance_a_path_or_a_shipped_name(worked_file: Path) -> None:
    """The same instance in any form has the same result."""
    instance = ekya_opt.read(worked_file)
    for form in (instance, worked_file, str(worked_file)):
        assert ekya_opt.solve(form).objective == pytest.approx(OPTIMUM)
    shipped = ekya_opt.solve("shipped:paper/window1")
    assert shipped.status == "optimal"
    assert shipped.instance == ekya_opt.load_shipped("paper/window1").name


def test_options_and_settings_are_passed_on(worked_file: Path) -> None:
    """Common options and the solver's settings reach the solver."""
    result = ekya_opt.solve(worked_file, "thief", seed=3, passes=2)
    assert result.metadata["settings"]["passes"] == 2
    with pytest.raises(ekya_opt.InvalidOption, match="has no setting 'pace'"):
        ekya_opt.solve(worked_file, "thief", pace=2)
    with pytest.raises(ekya_opt.InvalidOption, match="time_limit"):
        ekya_opt.solve(worked_file, time_limit=-1)
    with pytest.raises(ekya_opt.InvalidOption, match="plan_on"):
        ekya_opt.solve(worked_file, plan_on="hope")  # type: ignore[arg-type]


def test_read_refuses_what_is_not_one_instance() -> None:
    """A shipped family of several instances and an unknown name are errors."""
    with pytest.raises(ekya_opt.InvalidOption, match="stands for 5 instances"):
        ekya_opt.read("shipped:paper")
    with pytest.raises(ekya_opt.EkyaOptError, match="nothing is shipped"):
        ekya_opt.read("shipped:paper/window9")


def test_check_takes_a_schedule_a_file_or_its_content(
    worked_file: Path, tmp_path: Path
) -> None:
    """A schedule passes in any form, and a false claim does not."""
    instance = ekya_opt.read(worked_file)
    result = ekya_opt.solve(instance)
    assert result.schedule is not None
    assert ekya_opt.check(instance, result.schedule).passed
    from formulations.schedule_files import schedule_to_dict

    path = tmp_path / "schedule.json"
    content = schedule_to_dict(result.schedule, objective=0.9)
    ekya_opt.write_schedule(path, content)
    for form in (path, str(path), ekya_opt.read_schedule(path)):
        verdict = ekya_opt.check(instance, form)
        assert not verdict.passed
        assert verdict.evaluation.feasible
        assert verdict.claimed == 0.9
        assert len(verdict.false_claims) == 1


def test_generated_instances_solve() -> None:
    """An instance from a generator goes straight into a solver."""
    instance = ekya_opt.generate("recorded-like", 3, 2, 1)
    assert ekya_opt.solve(instance, "greedy").objective is not None


def test_every_shipped_instance_is_feasible() -> None:
    """The windows' and placements' optima are proven; horizons are planned through."""
    for name in ekya_opt.shipped_names():
        problem = ekya_opt.load_shipped(name)
        placed = isinstance(problem, ekya_opt.Placement)
        result = ekya_opt.solve(problem, "cp-sat" if placed else "dp")
        horizon = isinstance(problem, ekya_opt.Horizon)
        assert result.status == ("feasible" if horizon else "optimal"), name
