"""Plans under wrong profiles: the report, the study, the commands and the figure."""

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ekya_opt
from ekya_opt import InvalidOption, robustness, stress, summarise_robustness
from ekya_opt.noise_study import COLUMNS as STUDY_COLUMNS
from ekya_opt.stress_report import COLUMNS as REPORT_COLUMNS
from formulations import replay
from formulations.evaluate import evaluate
from instances import Instance, RetrainingConfig
from instances.columns import columns_of
from instances.generators import generate
from instances.scenarios import ErrorModel, draw_scenarios
from solvers import Answer, Options, solve
from solvers.hindsight import hindsight_optima
from tests.ekya_opt.conftest import Run
from tests.small import stream, window

SMALL = generate("recorded-like", 4, 2, 0)
LATE = window(
    stream(retraining=(RetrainingConfig(name="g", gpu_seconds=60, accuracy=0.9),)),
    name="late",
)
"""On paper: 60 GPU-seconds on the half GPU that serving leaves end after the window."""


def interrupted(*_: object, **__: object) -> None:
    """Act as a solver that Ctrl-C hits."""
    raise KeyboardInterrupt


def test_the_report_is_what_the_referee_finds_in_every_scenario() -> None:
    """Mean, deviation, misses and regret of a plan, each by a second way."""
    model: dict[str, Any] = {"accuracy_error": 0.1, "cost_error": 2}
    frame = stress([SMALL], "dp,uniform", scenarios=25, seed=3, **model)
    assert tuple(frame.columns) == REPORT_COLUMNS
    columns, rng = columns_of(SMALL), np.random.default_rng([3, 1])
    drawn = draw_scenarios(columns, ErrorModel(**model), 25, rng)
    for row in frame.itertuples():
        result = solve(SMALL, str(row.solver))
        assert result.schedule is not None
        planned = [plan.retraining for plan in result.schedule.streams]
        values, best, late = [], [], 0
        for s in range(25):
            perturbed = drawn.columns(columns, s).instance()
            done = replay(perturbed, result.schedule)
            values.append(evaluate(perturbed, done).objective)
            best.append(solve(perturbed, "dp").objective or 0)
            late += sum(
                a != b.retraining for a, b in zip(planned, done.streams, strict=True)
            )
        count = 25 * sum(name is not None for name in planned)
        assert row.objective == pytest.approx(result.objective)
        assert row.mean == pytest.approx(np.mean(values))
        assert row.std == pytest.approx(np.std(values))
        assert row.q50 == pytest.approx(np.median(values))
        assert row.cvar == pytest.approx(
            (sum(sorted(values)[:2]) + sorted(values)[2] / 2) / 2.5
        )
        assert row.misses == pytest.approx(late / count)
        assert row.regret_mean == pytest.approx(np.mean(np.subtract(best, values)))
        assert row.regret_q95 == pytest.approx(
            np.quantile(np.subtract(best, values), 0.95)
        )
    assert (frame["misses"] > 0).any()


def test_hindsight_knows_when_nothing_is_feasible() -> None:
    """A scenario in which no model keeps the floor has no optimum.

    On paper: the floor of 0.6 is above the model held, so the cached model must be
    there at once, and its 0.9 is 0.9 or 0.5 in truth.
    """
    cached = RetrainingConfig(name="cached", gpu_seconds=0, accuracy=0.9)
    columns = columns_of(window(stream(retraining=(cached,), min_accuracy=0.6)))
    model = ErrorModel(accuracy_error=0.3)
    drawn = draw_scenarios(columns, model, 40, np.random.default_rng(0))
    expected = np.where(drawn.accuracy[:, 0] >= 0.6, drawn.accuracy[:, 0], np.nan)
    assert 0 < np.isnan(expected).sum() < 40
    np.testing.assert_allclose(hindsight_optima(columns, drawn), expected)
    frame = stress([columns.instance()], "dp", scenarios=40, accuracy_error=0.3)
    assert 0 < frame["below_floor"].item() < 1
    assert frame["regret_mean"].item() == pytest.approx(0, abs=1e-12)


def test_without_errors_nothing_is_lost() -> None:
    """The optimum stays the optimum, in the report and in the study."""
    report = stress([SMALL], "dp,expected", accuracy_error=0, cost_error=0, scenarios=3)
    for name in ("mean", "q05", "q95", "cvar"):
        assert report[name].tolist() == pytest.approx(report["objective"].tolist())
    assert report["regret_q95"].tolist() == pytest.approx([0, 0], abs=1e-12)
    study = robustness([SMALL], "dp,expected", errors=[0], draws=9)
    assert study["draw"].tolist() == [0, 0]
    assert study["regret"].tolist() == pytest.approx([0, 0], abs=1e-12)
    assert study["planned"].tolist() == pytest.approx(study["objective"].tolist())


def test_a_plan_on_noise_is_scored_on_the_truth() -> None:
    """Where the noise makes the late config look early, it is planned and misses."""
    study = robustness([LATE], "dp", errors=[0, 0.4], draws=30, noise_on="cost")
    assert tuple(study.columns) == STUDY_COLUMNS
    assert len(study) == 31
    assert study["objective"].tolist() == pytest.approx([0.5] * 31)
    assert study["optimum"].tolist() == pytest.approx([0.5] * 31)
    missed = study["misses"] == 1
    assert 0 < missed.sum() < 30
    assert (study["planned"][missed] > 0.5).all()
    assert (study["planned"][~missed] == 0.5).all()


def test_every_size_of_noise_has_the_same_shape(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twice the noise moves every number twice as far, and robust solvers know it."""
    seen: list[tuple[Instance, dict[str, float]]] = []

    def look(instance: Instance, _: Any, **errors: float) -> None:
        seen.append((instance, errors))

    def solver(
        instance: Instance,
        search: Any,
        *,
        accuracy_error: float = 9,
        cost_error: float = 9,
    ) -> None:
        look(instance, search, accuracy=accuracy_error, cost=cost_error)

    monkeypatch.setattr("solvers.random_search.solve_random", solver)
    robustness([SMALL], "random", errors=[0.02, 0.01], draws=2, noise_on="both")
    truth = columns_of(SMALL)
    far, near = columns_of(seen[0][0]), columns_of(seen[2][0])
    inside = (truth.retrained_accuracy > 0.2) & (truth.retrained_accuracy < 0.9)
    moved, halfway = (
        (each.retrained_accuracy - truth.retrained_accuracy)[inside]
        for each in (far, near)
    )
    np.testing.assert_allclose(moved, 2 * halfway)
    ratios = [np.log(each.gpu_seconds / truth.gpu_seconds) for each in (far, near)]
    np.testing.assert_allclose(ratios[0], 2 * ratios[1])
    assert [errors for _, errors in seen[1:3]] == [
        {"accuracy": 0.02, "cost": 0.02},
        {"accuracy": 0.01, "cost": 0.01},
    ]
    seen.clear()
    robustness([SMALL], "random:cost_error=5", errors=[0.02], draws=1)
    assert seen[0][1] == {"accuracy": 0.02, "cost": 5}


def test_the_summary_is_over_instances_and_draws() -> None:
    """Means, losses and bands of a table that one can work out."""
    rows = [
        # Instances of means 0.8 and 0.6 without noise, (0.7 + 0.5) / 2 and 0.5 with.
        ("a", 0.0, 0, 0.8),
        ("b", 0.0, 0, 0.6),
        ("a", 0.1, 0, 0.7),
        ("a", 0.1, 1, 0.5),
        ("b", 0.1, 0, 0.6),
        ("b", 0.1, 1, 0.4),
    ]
    frame = robustness([SMALL], "dp", errors=[0])
    frame = frame.loc[[0] * len(rows)].reset_index(drop=True)
    for idx, name in enumerate(("instance", "noise", "draw", "objective")):
        frame[name] = [row[idx] for row in rows]
    summary = summarise_robustness(frame)
    assert summary["objective"].tolist() == pytest.approx([0.7, 0.55])
    assert summary["loss"].tolist() == pytest.approx([0, 1 - 0.55 / 0.7])
    assert summary["low"].tolist() == pytest.approx([0.7, 0.45 + 0.05 * 0.2])
    assert summary["high"].tolist() == pytest.approx([0.7, 0.65 - 0.05 * 0.2])
    assert summary["plans"].tolist() == [2, 4]


def test_the_seed_decides() -> None:
    """The same seed gives the same tables, another one others."""
    one, two, other = (
        robustness([SMALL], "dp", errors=[0.2], draws=4, seed=seed)
        for seed in (1, 1, 2)
    )
    assert one["objective"].tolist() == two["objective"].tolist()
    assert one["planned"].tolist() != other["planned"].tolist()


def test_failures_are_rows_and_ctrl_c_keeps_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A solver that fails leaves its message; an interrupt ends with what is done."""

    def broken(*_: object, **__: object) -> Answer:
        raise ValueError("two\nlines")

    monkeypatch.setattr("solvers.dp.solve_dp", broken)
    monkeypatch.setattr("solvers.thief.solve_thief", interrupted)
    report = stress([SMALL], "dp,greedy,thief,uniform", scenarios=5)
    assert report["status"].tolist() == ["error", "feasible", "no_solution"]
    assert report["error"].iloc[0] == "ValueError: two lines"
    assert report["mean"].notna().tolist() == [False, True, False]
    assert report.attrs["interrupted"]
    monkeypatch.setattr("ekya_opt.noise_study._optimum", lambda _: 0.9)
    study = robustness([SMALL], "dp,greedy,thief", errors=[0.1], draws=3)
    assert study["status"].tolist() == ["error", "feasible", "no_solution"]
    assert study.attrs["interrupted"]
    assert summarise_robustness(study)["errors"].tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "words",
    [
        {"draws": 0},
        {"errors": []},
        {"errors": [-0.1]},
        {"noise_on": "names"},
        {"seed": -1},
        {"time_limit": 0},
    ],
)
def test_options_of_the_study_are_checked(words: dict[str, Any]) -> None:
    """An option outside its domain is told before anything runs."""
    with pytest.raises(InvalidOption, match=next(iter(words))):
        robustness([SMALL], "dp", **words)


@pytest.mark.parametrize(
    "words", [{"scenarios": 0}, {"confidence": 1}, {"accuracy_error": -1}]
)
def test_options_of_the_report_are_checked(words: dict[str, Any]) -> None:
    """An option outside its domain is told before anything runs."""
    with pytest.raises(InvalidOption, match=next(iter(words))):
        stress([SMALL], "dp", **words)


def test_the_stress_command(run: Run, tmp_path: Path) -> None:
    """It prints the report, as a table or as JSON, and writes all of it."""
    words = ("stress", "shipped:recorded-like/n3-g1", "--solvers", "dp,uniform")
    file = tmp_path / "report.csv"
    shown = run(*words, "--scenarios", 20, "--csv", file)
    assert shown.status == 0
    assert "regret q95" in shown.out
    given = run(*words, "--scenarios", 20, "--json")
    assert [row["solver"] for row in given.data] == ["dp", "uniform"]
    assert set(given.data[0]) == set(REPORT_COLUMNS)
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert float(rows[0]["mean"]) == pytest.approx(given.data[0]["mean"])
    assert run(*words, "--from-estimates").status == 0
    assert run("stress", "shipped:paper", "--from-estimates").status == 2


def test_the_robust_command(run: Run, tmp_path: Path) -> None:
    """It prints the means, writes every plan and draws the same figure again."""
    words: tuple[object, ...] = ("robust", "shipped:recorded-like/n3-g1", "--draws", 3)
    words += ("--solvers", "dp,expected", "--errors", "0,0.1")
    file, figure, again = (tmp_path / name for name in ("all.csv", "a.svg", "b.svg"))
    given = run(*words, "--json", "--csv", file, "--figure", figure)
    assert given.status == 0
    assert [row["noise"] for row in given.data] == [0, 0.1] * 2
    assert given.data[0]["loss"] == 0
    assert len(file.read_text(encoding="utf-8").splitlines()) == 1 + 2 * (1 + 3)
    text = figure.read_text(encoding="utf-8")
    assert "expected" in text
    assert "optimum (dp)" in text
    shown = run(*words, "--figure", again)
    assert "below floor" in shown.out
    assert again.read_bytes() == figure.read_bytes()


def test_the_robust_command_fails_clearly(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad numbers and endings, no matplotlib, an error and an interrupt."""
    words: tuple[object, ...] = ("robust", "shipped:recorded-like/n3-g1", "--draws", 1)
    words += ("--solvers", "dp", "--errors")
    outcome = run(*words, "a,b")
    assert outcome.status == 2
    assert "expected numbers separated by commas" in outcome.err
    outcome = run(*words, 0, "--figure", tmp_path / "figure.magic")
    assert outcome.status == 2
    assert "expected a .svg, .pdf or .png file" in outcome.err
    monkeypatch.setattr("solvers.thief.solve_thief", interrupted)
    assert run(*words, 0, "--solvers", "dp,thief,dp").status == 130
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    outcome = run(*words, 0, "--figure", tmp_path / "figure.svg")
    assert outcome.status == 2
    assert "pip install 'ekya-opt[plots]'" in outcome.err


def test_the_figure_has_a_line_and_a_band_for_each_solver() -> None:
    """Lines go through the summary's means; the axes may be given."""
    frame = robustness([SMALL], "dp,uniform", errors=[0, 0.1], draws=2)
    axes = ekya_opt.plot_robustness(frame)
    summary = summarise_robustness(frame)
    drawn = [line.get_ydata().tolist() for line in axes.get_lines()]
    assert drawn == [
        summary["objective"][:2].tolist(),
        summary["objective"][2:].tolist(),
    ]
    assert len(axes.collections) == 2
    assert "percentage points" in axes.get_xlabel()
    assert ekya_opt.plot_robustness(frame, axes) is axes
    import matplotlib.pyplot as plt

    plt.close(axes.get_figure())


def test_options_reach_every_solve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time limit, seed and workers are those of each solver's run."""
    seen: list[Options] = []

    def solver(_: Instance, search: Any) -> None:
        seen.append(search.options)

    monkeypatch.setattr("solvers.random_search.solve_random", solver)
    own: dict[str, Any] = {"time_limit": 7, "seed": 5, "workers": 2}
    stress([SMALL], "random", scenarios=2, **own)
    robustness([SMALL], "random", errors=[0], **own)
    assert [{name: getattr(each, name) for name in own} for each in seen] == [own] * 2
