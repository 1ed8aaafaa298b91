"""Comparing solvers: rows, references, settings and failures."""

import csv
import itertools
import math
from pathlib import Path
from typing import Any

import pytest

from ekya_opt import Answer, InvalidOption, SolverUnavailable, compare, read, summarise
from ekya_opt.comparison import COLUMNS, DEFAULT_SOLVERS
from ekya_opt.solver_specs import SERVER_SETTINGS, solver_specs

PAPER = ("shipped:paper/window1", "shipped:paper/window2")
OPTIMUM = (0.65 + (50 * 0.5 + 70 * 0.85) / 120) / 2
SERVED_ONLY = (0.65 + 0.5) / 2
JSON_KEYS = {
    "instance",
    "solver",
    "settings",
    "status",
    "stopped_by",
    "objective",
    "bound",
    "gap",
    "reference",
    "gap_to_reference",
    "runtime_seconds",
    "error",
}


def test_there_is_one_row_for_each_instance_and_solver(worked_file: Path) -> None:
    """Rows come instance by instance, in the order of the solvers."""
    instance = read(worked_file)
    frame = compare([instance, worked_file], "dp,inference-only")
    assert tuple(frame.columns) == COLUMNS
    assert list(frame["solver"]) == ["dp", "inference-only"] * 2
    assert list(frame["status"]) == ["optimal", "feasible"] * 2
    assert not frame.attrs["interrupted"]
    assert frame["objective"].tolist() == pytest.approx([OPTIMUM, SERVED_ONLY] * 2)
    assert frame["bound"].isna().tolist() == [False, True] * 2
    assert (frame["seconds"] >= 0).all()


def test_the_best_row_is_the_reference(worked_file: Path) -> None:
    """The gap to the best row is 0 for it and (best - own) / best for the others."""
    frame = compare([worked_file], "inference-only,dp")
    gaps = frame["gap_to_reference"].tolist()
    assert gaps == pytest.approx([(OPTIMUM - SERVED_ONLY) / OPTIMUM, 0], abs=1e-12)
    alone = compare([worked_file], "inference-only")
    assert alone["reference"].tolist() == pytest.approx([SERVED_ONLY])


def test_a_solver_can_be_the_reference(worked_file: Path) -> None:
    """With a solver as reference a better one has a negative gap."""
    frame = compare([worked_file], "dp,inference-only", reference="inference-only")
    gaps = frame["gap_to_reference"].tolist()
    expected = [(SERVED_ONLY - OPTIMUM) / SERVED_ONLY, 0]
    assert gaps == pytest.approx(expected, abs=1e-12)


def test_the_best_known_objective_can_be_the_reference() -> None:
    """Shipped instances have a recorded objective, which the exact solvers reach."""
    frame = compare(PAPER, "dp", reference="best-known")
    assert frame["reference"].notna().all()
    assert frame["gap_to_reference"].abs().max() < 1e-6


def test_without_a_record_there_is_no_reference(worked_file: Path) -> None:
    """An instance without a record has no gap to the best known."""
    changed = compare([worked_file], "dp", reference="best-known", seed=1)
    other = read(worked_file)
    from dataclasses import replace

    frame = compare([replace(other, gpus=7)], "dp", reference="best-known")
    assert len(changed) == 1
    assert frame["reference"].isna().all()
    assert frame["gap_to_reference"].isna().all()


def test_specs_carry_settings() -> None:
    """A spec may give settings, and is refused if the solver has them not."""
    (spec,) = solver_specs("thief:passes=0:order=by-stream")
    assert spec.settings == {"passes": 0, "order": "by-stream"}
    assert spec.label == "thief:passes=0:order=by-stream"
    with pytest.raises(InvalidOption, match="has no setting 'pace'"):
        solver_specs("thief:pace=1")
    with pytest.raises(InvalidOption, match="given twice"):
        solver_specs("thief:passes=1:passes=2")
    with pytest.raises(SolverUnavailable, match="there is no solver 'magic'"):
        solver_specs(["dp", "magic:*"])


def test_a_star_is_every_combination_of_choices() -> None:
    """``name:*`` lists each combination once; settings given stay fixed."""
    from solvers import get_solver

    choices = {
        setting.name: setting.choices
        for setting in get_solver("thief").settings
        if setting.choices and setting.name not in SERVER_SETTINGS
    }
    assert choices
    expected = {
        tuple(zip(choices, values, strict=True))
        for values in itertools.product(*choices.values())
    }
    specs = solver_specs("thief:*")
    assert {tuple(spec.settings.items()) for spec in specs} == expected
    assert len(specs) == len(expected)
    fixed = solver_specs("thief:passes=0:order=by-stream:*")
    assert len(fixed) == len(expected) // len(choices["order"])
    assert all(spec.settings["order"] == "by-stream" for spec in fixed)
    assert solver_specs("dp:*") == solver_specs("dp")


def test_the_same_spec_twice_is_run_once() -> None:
    """Repeated specs are one."""
    assert len(solver_specs("dp,dp, dp ,")) == 1


def test_each_choice_is_reported_when_asked(worked_file: Path) -> None:
    """The settings column tells the rows of one solver apart, in full if asked."""
    frame = compare([worked_file], "thief:*,dp")
    thief = frame[frame["solver"] == "thief"]
    assert thief["settings"].is_unique
    assert frame["settings"].iloc[-1] == ""
    full = compare([worked_file], "thief:passes=2", settings=True)
    words = full["settings"].iloc[0].split(":")
    assert "passes=2" in words
    assert any(word.startswith("order=") for word in words)


def test_a_failing_solver_is_a_row(
    worked_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disagreement and a bug are rows with the reason, and the run goes on."""

    def boastful(*_: object) -> Answer:
        return Answer(infeasible=True)

    def broken(*_: object, **__: object) -> None:
        raise ValueError("two\nlines")

    monkeypatch.setattr("solvers.dp.solve_dp", boastful)
    monkeypatch.setattr("solvers.thief.solve_thief", broken)
    frame = compare([worked_file], "dp,thief,inference-only")
    assert frame["status"].tolist() == ["error", "error", "feasible"]
    assert "SolverDisagreement" in frame["error"][0]
    assert frame["error"][1] == "ValueError: two lines"
    assert frame["objective"].isna().tolist() == [True, True, False]
    table = summarise(frame)
    assert table["errors"].tolist() == [1, 1, 0]
    assert table["solved"].tolist() == [0, 0, 1]


def test_an_interrupt_ends_the_comparison(
    worked_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C marks the row it hits; rows done stay, later ones are not run."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("solvers.thief.solve_thief", interrupted)
    frame = compare([worked_file, worked_file], "dp,thief,greedy")
    assert frame["solver"].tolist() == ["dp", "thief"]
    assert frame["stopped_by"].tolist()[1] == "interrupt"
    assert frame.attrs["interrupted"]
    assert frame["gap_to_reference"].iloc[0] == 0


def test_an_interrupt_outside_the_solver_is_a_row_too(
    worked_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C before or after the solver itself ends the comparison in the same way."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ekya_opt.comparison.solve", interrupted)
    frame = compare([worked_file], "dp,greedy")
    assert frame["stopped_by"].tolist() == ["interrupt"]
    assert frame["status"].tolist() == ["no_solution"]


def test_infeasible_instances_have_no_gap(worked_file: Path) -> None:
    """Without any schedule there is neither a reference nor a gap."""
    from dataclasses import replace

    frame = compare([replace(read(worked_file), gpus=1)], "dp,inference-only")
    assert set(frame["status"]) == {"infeasible"}
    assert frame["reference"].isna().all()
    assert summarise(frame)["solved"].tolist() == [0, 0]
    assert math.isnan(summarise(frame)["mean_gap"][0])


def test_summary_is_by_solver_and_settings(worked_file: Path) -> None:
    """Mean, median and worst gap are those of the solver's rows."""
    from dataclasses import replace

    instance = read(worked_file)
    pair = [instance, replace(instance, gpus=4)]
    frame = compare(pair, "dp,inference-only")
    gaps = frame["gap_to_reference"][frame["solver"] == "inference-only"]
    table = summarise(frame).set_index("solver")
    assert table.loc["dp", "optimal"] == 2
    assert table.loc["dp", "max_gap"] == pytest.approx(0)
    row = table.loc["inference-only"]
    assert row["mean_gap"] == pytest.approx(gaps.mean())
    assert row["median_gap"] == pytest.approx(gaps.median())
    assert row["max_gap"] == pytest.approx(gaps.max())


def test_nothing_to_compare_is_refused(worked_file: Path) -> None:
    """No instance, no solver and an unknown reference are bad usage."""
    with pytest.raises(InvalidOption, match="no instance"):
        compare([], "dp")
    with pytest.raises(InvalidOption, match="no solver"):
        compare([worked_file], [])
    with pytest.raises(InvalidOption, match="reference is 'magic'"):
        compare([worked_file], "dp", reference="magic")


def test_json_has_the_documented_keys(run: Any, worked_file: Path) -> None:
    """The JSON of compare is a list, one object for each instance and solver."""
    outcome = run("compare", worked_file, "--solvers", "dp,inference-only", "--json")
    assert outcome.status == 0
    assert outcome.err == ""
    exact, served = outcome.data
    assert set(exact) == set(served) == JSON_KEYS
    assert exact["objective"] == pytest.approx(OPTIMUM, abs=1e-9)
    assert served["bound"] is None
    assert served["gap"] is None
    assert served["error"] is None
    assert exact["stopped_by"] is None


def test_csv_holds_the_rows(run: Any, worked_file: Path, tmp_path: Path) -> None:
    """--csv writes the columns and the rows of the table."""
    path = tmp_path / "rows.csv"
    words = ("compare", worked_file, "--solvers", "dp,inference-only")
    outcome = run(*words, "--csv", path)
    assert outcome.status == 0
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["solver"] for row in rows] == ["dp", "inference-only"]
    assert float(rows[0]["objective"]) == pytest.approx(OPTIMUM)
    assert rows[1]["bound"] == ""


def test_the_table_is_for_people(run: Any, worked_file: Path) -> None:
    """Columns that have nothing to tell are left out, and nothing is NaN."""
    outcome = run("compare", worked_file, "--solvers", "dp,inference-only")
    assert "gap to reference" in outcome.out
    assert "error" not in outcome.out
    assert "nan" not in outcome.out.lower()


def test_several_instances_have_a_summary(run: Any) -> None:
    """With more than one instance a row for each solver sums up."""
    outcome = run("compare", *PAPER, "--solvers", "dp,inference-only")
    assert outcome.status == 0
    assert "mean gap" in outcome.out


def test_a_row_of_an_error_is_a_negative_answer(
    run: Any, worked_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed solver gives status 1 and its reason in the table and in JSON."""

    def broken(*_: object, **__: object) -> None:
        raise ValueError("out of luck")

    monkeypatch.setattr("solvers.dp.solve_dp", broken)
    words = ("compare", worked_file, "--solvers", "dp,inference-only")
    outcome = run(*words)
    assert outcome.status == 1
    assert "out of luck" in outcome.out
    assert run(*words, "--json").data[0]["error"] == "ValueError: out of luck"


def test_the_default_solvers_exist(run: Any, worked_file: Path) -> None:
    """The command and the function compare the same solvers, and there are."""
    assert len(solver_specs(DEFAULT_SOLVERS)) == len(DEFAULT_SOLVERS)
    rows = run("compare", worked_file, "--json").data
    assert tuple(row["solver"] for row in rows) == DEFAULT_SOLVERS


def test_gpus_and_mode_may_be_changed(run: Any, worked_file: Path) -> None:
    """The overrides of solve hold for every instance of a comparison."""
    changes = ("--gpus", 5, "--reallocation", "stream")
    [row] = run("compare", worked_file, "--solvers", "dp", *changes, "--json").data
    alone = run("solve", worked_file, *changes, "--json").data
    assert row["objective"] == alone["objective"]
    assert row["objective"] > OPTIMUM + 0.01
    assert run("compare", worked_file, "--gpus", "0.33").status == 2


def test_progress_is_told(worked_file: Path) -> None:
    """The callback gets the rows done, the rows in all and what comes next."""
    calls: list[tuple[int, int, str]] = []
    compare(
        [worked_file],
        "dp,inference-only",
        progress=lambda done, total, what: calls.append((done, total, what)),
    )
    expected = [(0, 2, "dp on worked"), (1, 2, "inference-only on worked")]
    assert calls == expected
