"""Studies: what they ask for, and what they refuse."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ekya_opt
from ekya_opt import Study
from ekya_opt.comparison import default_solvers
from ekya_opt.studies.errors import InvalidStudy
from ekya_opt.studies.task import Task
from instances.problems import problem_hash, write_problem

PAPER = "shipped:paper/window1"

settings_values = st.one_of(
    st.booleans(), st.integers(-5, 5), st.floats(-5, 5), st.text(max_size=3)
)
tasks = st.builds(
    Task,
    instance_hash=st.text("0123456789abcdef", min_size=16, max_size=16),
    solver=st.sampled_from(["dp", "thief"]),
    settings=st.dictionaries(st.sampled_from("abc"), settings_values),
    seed=st.integers(0, 3),
    time_limit=st.none() | st.floats(1, 3),
    memory_limit=st.none() | st.integers(1, 3),
    workers=st.integers(1, 2),
    plan_on=st.sampled_from(["truth", "estimates"]),
)


@given(tasks)
def test_equal_numbers_make_equal_keys(task: Task) -> None:
    """1 and 1.0 are the same wherever they stand; 1 and true are not."""

    def as_float(value: Any) -> Any:
        whole = isinstance(value, int) and not isinstance(value, bool)
        return float(value) if whole else value

    fields = {name: as_float(getattr(task, name)) for name in Task.__slots__}
    fields["settings"] = {key: as_float(item) for key, item in task.settings.items()}
    assert Task(**fields).key == task.key
    one, true = (replace(task, settings={"a": value}) for value in (1, True))
    assert one.key != true.key


@given(tasks, st.data())
def test_changing_one_field_changes_the_key(task: Task, data: st.DataObject) -> None:
    """No field of a task is left out of its key."""
    name = data.draw(st.sampled_from(Task.__slots__))
    other = getattr(data.draw(tasks), name)
    if name == "settings":
        other = {**task.settings, "another": 1}
    changed = replace(task, **{name: other})
    assert (changed.key == task.key) == (other == getattr(task, name))


def test_a_default_given_and_one_left_out_are_the_same_run() -> None:
    """The keys are of the settings in effect, so labels do not make runs."""
    study = Study(name="one", instances=PAPER, solvers=["thief", "thief:passes=1"])
    (task,) = study.tasks()
    assert task.settings["passes"] == 1
    other = replace(study, solvers=[{"solver": "thief", "settings": {"passes": 1}}])
    assert [each.key for each in other.tasks()] == [task.key]
    assert replace(study, solvers="thief:passes=0").tasks()[0].key != task.key


def test_everything_is_crossed_and_seeds_come_last() -> None:
    """2 instances × 2 × 2 changes × 3 solvers × 2 seeds, every solver early."""
    study = Study(
        name="grid",
        instances=[PAPER, "shipped:paper/window2"],
        changes={"gpus": [2, 3], "reallocation": ["never", "stream"]},
        solvers=["dp", {"solver": "thief", "settings": {"passes": [0, 2]}}],
        seeds=[5, 7],
        time_limit=3,
        memory_gb=1.5,
    )
    problems, runs = study.problems(), study.tasks()
    windows: Any = problems
    assert [(each.gpus, str(each.reallocation)) for each in windows[:4]] == [
        (2, "never"),
        (2, "stream"),
        (3, "never"),
        (3, "stream"),
    ]
    assert problems[0].name == "paper-window1 gpus=2 reallocation=never"
    assert len(problems) == 8
    assert len({run.key for run in runs}) == len(runs) == 8 * 3 * 2
    assert [run.seed for run in runs] == [5] * 24 + [7] * 24
    assert [run.solver for run in runs[:3]] == ["dp", "thief", "thief"]
    assert {run.memory_limit for run in runs} == {1_500_000_000}
    assert {run.time_limit for run in runs} == {3}


def test_generated_problems_are_those_of_the_generator() -> None:
    """Sizes, seeds and options are crossed, each problem as ``generate`` makes it."""
    table = {
        "family": "recorded-like",
        "streams": [2, 3],
        "gpus": 1,
        "seeds": 2,
        "units_per_gpu": [5, 10],
    }
    problems = Study(name="made", generate=[table], solvers="dp").problems()
    expected = [
        ekya_opt.generate("recorded-like", streams, 1, seed, units_per_gpu=units)
        for streams in (2, 3)
        for units in (5, 10)
        for seed in (0, 1)
    ]
    assert list(problems) == expected


def test_equal_problems_are_run_once(tmp_path: Path) -> None:
    """The same problem from a file, as an object and shipped is one problem."""
    window = ekya_opt.load_shipped("paper/window1")
    write_problem(replace(window, name="again"), tmp_path / "again.json")
    study = Study(
        name="same", instances=[window, tmp_path, PAPER], changes=[{}, {"gpus": 3}]
    )
    assert [problem_hash(each) for each in study.problems()] == [problem_hash(window)]


def test_solvers_that_fit_are_the_default() -> None:
    """Without solvers each problem gets those that ``compare`` takes for it."""
    study = Study(name="fit", instances=[PAPER, "shipped:paper/horizon"])
    window, horizon = study.problems()
    expected = [*default_solvers(window), *default_solvers(horizon)]
    assert [task.solver for task in study.tasks()] == expected


def test_a_solver_for_other_problems_is_refused_before_any_run() -> None:
    """The message names the problem and the solver."""
    study = Study(name="wrong", instances=["shipped:paper"], solvers="dp,look-ahead")
    with pytest.raises(ekya_opt.SolverUnavailable, match=r"paper-.*: .*look-ahead"):
        study.tasks()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "study s names no instances and generates none"),
        ({"instances": [3]}, r"instances\[0\]: is 3, expected a file"),
        ({"instances": PAPER, "seeds": 0}, "seeds: is 0, expected a number from 1"),
        ({"instances": PAPER, "seeds": [1, 1]}, r"seeds\[1\]: is 1, expected another"),
        ({"instances": PAPER, "seeds": True}, "seeds: is True"),
        ({"instances": PAPER, "solvers": []}, "solvers: is empty"),
        ({"instances": PAPER, "solvers": ["dp", "x"]}, r"solvers\[1\]: there is no"),
        ({"instances": PAPER, "solvers": [len]}, r"solvers\[0\]: is <built-in"),
        ({"instances": PAPER, "solvers": [{"name": "dp"}]}, r"solvers\[0\]\.name: is"),
        ({"instances": PAPER, "solvers": [{}]}, r"solvers\[0\]\.solver: is missing"),
        (
            {"instances": PAPER, "solvers": {"solver": "dp", "settings": {"x": 1}}},
            r"solvers\[0\]: dp has no setting 'x'",
        ),
        ({"instances": PAPER, "time_limit": 0}, "time_limit: is 0, expected a number"),
        ({"instances": PAPER, "memory_gb": -1}, "memory_gb: is -1"),
        ({"instances": PAPER, "workers": 0}, "workers: is 0, expected an integer"),
        ({"instances": PAPER, "plan_on": "hope"}, "plan_on: is 'hope', expected one"),
        ({"instances": PAPER, "name": " "}, "name: is ' ', expected a non-empty"),
        ({"instances": PAPER, "changes": {"streams": 1}}, r"changes\[0\]\.streams: is"),
        (
            {"instances": PAPER, "changes": {"gpus": []}},
            r"changes\[0\]\.gpus: is empty",
        ),
        ({"instances": PAPER, "changes": {"gpus": {}}}, r"changes\[0\]\.gpus: is {}"),
        ({"generate": {"family": "trap"}}, r"generate\[0\]\.streams: is missing"),
        (
            {"generate": {"family": "tarp", "streams": 1, "gpus": 1}},
            r"generate\[0\]\.family: is 'tarp': there is no family",
        ),
        (
            {"generate": {"family": "trap", "streams": 1, "gpus": 1, "count": 2}},
            r"generate\[0\]\.count: is an unknown key, expected one of family",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    fields: dict[str, Any], message: str
) -> None:
    """A study is checked when it is made."""
    with pytest.raises(InvalidStudy, match=f"^{message}"):
        Study(**{"name": "s", **fields})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"instances": PAPER, "changes": {"gpus": 2.01}},
            r"changes\[0\]: paper-window1 with gpus=2.01: gpus: is 2.01",
        ),
        (
            {"instances": PAPER, "changes": [{}, {"warm_gb": 1}]},
            r"changes\[1\]\.warm_gb: paper-window1 is a window, where it cannot be",
        ),
        (
            {"generate": {"family": "trap", "streams": [3, 0], "gpus": 1}},
            r"generate\[0\]: with streams=0 gpus=1 seed=0: num_streams is 0",
        ),
        (
            {"instances": "shipped:memory-tight/n4-g2", "plan_on": "estimates"},
            "plan_on: is 'estimates', expected 'truth' for memory-tight-n4-g2",
        ),
    ],
)
def test_values_that_do_not_fit_are_told_with_their_problem(
    fields: dict[str, Any], message: str
) -> None:
    """What only the problem can judge is told before the first run."""
    with pytest.raises(InvalidStudy, match=f"^{message}"):
        Study(name="s", **fields).tasks()


@pytest.mark.parametrize("seeds", [range(1, 3), iter([1, 2]), np.array([1, 2])])
def test_seeds_are_any_numbers_given_one_after_the_other(seeds: Any) -> None:
    """They are kept as plain integers."""
    study = Study(name="s", instances=PAPER, seeds=seeds)
    assert study.definition()["seeds"] == [1, 2]
    assert all(type(seed) is int for seed in study.definition()["seeds"])


def test_equal_studies_have_equal_hashes(small_study: Study) -> None:
    """A study is known by its definition, which is JSON and complete."""
    again = Study(**small_study.definition())
    assert again == small_study
    assert hash(again) == hash(small_study)
    assert hash(replace(small_study, seeds=3)) != hash(small_study)


def test_a_study_is_a_table_in_a_notebook(small_study: Study) -> None:
    """The table names what is crossed, with a square for each value of it."""
    text = small_study._repr_html_()
    assert "study small" in text
    assert "<td>dp, thief:passes=0, uniform</td>" in text
    assert "<td>gpus = 2, 3</td>" in text
    drawn = dict(re.findall(r'aria-label="(\w+): ([\d,]+)"', text))
    assert drawn == {"instances": "2", "changes": "2", "solvers": "3", "seeds": "2"}
    assert text.count("<rect") == 2 + 2 + 3 + 2


def test_a_large_study_is_a_small_table(small_study: Study) -> None:
    """Combinations are counted, few are drawn; problems are told by their names."""
    one = ekya_opt.read("shipped:paper/window1")
    large = Study(
        name="<b>",
        instances=[one] * 50,
        generate=[
            {"family": "trap", "streams": [4, 6], "gpus": [1, 2], "seeds": 300},
            {"family": "ties", "streams": 4, "gpus": 1},
        ],
        solvers=["dp", {"solver": "thief", "settings": {"passes": [0, 1, 2]}}],
    )
    text = large._repr_html_()
    drawn = dict(re.findall(r'aria-label="(\w+): ([\d,]+)"', text))
    assert drawn == {
        "instances": "50",
        "generate": "1,201",
        "solvers": "4",
        "seeds": "1",
    }
    assert text.count("<rect") == 40 + 40 + 4 + 1
    assert f"{one.name}; … and 38 more" in text
    assert "instance_hash" not in text
    assert "<b>" not in text
    assert len(text) < 12_000
