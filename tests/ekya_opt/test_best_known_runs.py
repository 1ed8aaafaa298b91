"""The record of best known objectives raised by the runs of a store."""

import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import ekya_opt
from ekya_opt.best_known_runs import Change, changes_of
from formulations import Schedule
from instances import Instance
from instances.best_known import BestKnown, read_best_known, write_best_known
from instances.problems import problem_hash
from tests.ekya_opt.runs import runs_by_hand
from tests.small import schedule, segment

SERVED = (0.65 + 0.5) / 2
TRAINED = (0.65 + (50 * 0.5 + 70 * 0.85) / 120) / 2
"""What the two schedules below are worth on the paper's window 1, on paper."""


class Held:
    """A store of runs on one problem, in memory."""

    def __init__(
        self, problem: Instance, runs: pd.DataFrame, schedules: dict[str, Schedule]
    ) -> None:
        self.held = problem
        self.table = runs.assign(
            instance_hash=problem_hash(problem), instance="worked", environment="here"
        )
        self.schedule = schedules.get

    def runs(self) -> pd.DataFrame:
        """Return the runs."""
        return self.table

    def problem(self, _: str) -> Instance:
        """Return the problem."""
        return self.held

    def environments(self) -> dict[str, Any]:
        """Return where it ran."""
        return {"here": {"versions": {"numpy": "2.0"}, "machine": {}}}


@pytest.fixture
def problem(worked_file: Path) -> Instance:
    """Return window 1 of the paper's example."""
    found: Instance = ekya_opt.read(worked_file)
    return found


def plan_of(retraining: str | None) -> Schedule:
    """Return a schedule that serves both streams and perhaps retrains B."""
    served = [segment(0, "every-frame", 1)]
    trained = [segment(0, "every-frame", 1, 1)]
    return schedule(A=(None, served), B=(retraining, trained))


PLANS = {"served": plan_of(None), "trained": plan_of("Cfg2B")}
GOOD = {"key": "trained", "label": "thief", "objective": TRAINED}
PROOF = {"key": "p", "label": "milp", "bound": 0.7}


def change_of(
    problem: Instance, *rows: dict[str, Any], record: BestKnown | None = None
) -> Change:
    """Return what runs make of the record."""
    entries = {} if record is None else {problem_hash(problem): record}
    store: Any = Held(problem, runs_by_hand(*rows), PLANS)
    (change,) = changes_of(store, entries)
    assert change.old is record
    return change


def entry(problem: Instance, objective: float, bound: float | None) -> BestKnown:
    """Return a recorded entry."""
    return BestKnown(
        instance="paper/worked",
        hash=problem_hash(problem),
        objective=objective,
        bound=bound,
        engines=("dp",),
        versions="numpy 1",
        date="2020-01-01",
    )


def test_an_entry_is_added(problem: Instance) -> None:
    """The best schedule kept, by all that reach it, and an exact solver's bound."""
    change = change_of(
        problem,
        {"key": "served", "label": "uniform", "objective": SERVED},
        GOOD,
        {"key": "lost", "label": "greedy", "objective": 0.69},
        PROOF,
        {"key": "r", "label": "bound", "bound": 0.695},
        {"key": "e", "label": "dp", "bound": 0.68, "plan_on": "estimates"},
    )
    new = change.new
    assert new is not None
    assert change.problems == ()
    assert new.instance == "worked"
    assert new.objective == pytest.approx(TRAINED, abs=1e-12)
    assert new.engines == ("thief",)
    assert new.bound == 0.7
    assert new.versions == "numpy 2.0 highspy ? ortools ? networkx ?"


def test_an_entry_is_improved(problem: Instance) -> None:
    """A better schedule or a lower bound; the name stays, and so does what is best."""
    change = change_of(problem, GOOD, PROOF, record=entry(problem, SERVED, 0.72))
    assert change.new is not None
    assert change.new.objective == pytest.approx(TRAINED, abs=1e-12)
    assert change.new.bound == 0.7
    assert change.new.instance == "paper/worked"
    better = entry(problem, 0.69, None)
    tighter = change_of(problem, GOOD, PROOF, record=better).new
    assert tighter is not None
    assert tighter == replace(better, bound=0.7, date=tighter.date)
    higher = change_of(problem, GOOD, PROOF, record=entry(problem, 0.5, 0.69)).new
    assert higher is not None
    assert higher.bound == 0.69
    exact = {**PROOF, "bound": TRAINED}
    proven = change_of(problem, GOOD, exact, record=entry(problem, SERVED, None)).new
    assert proven is not None
    assert proven.bound == proven.objective


@pytest.mark.parametrize(
    ("objective", "bound"),
    [(0.69, 0.7), (TRAINED, 0.69), (TRAINED - 5e-7, 0.7), (TRAINED, 0.7 + 5e-7)],
)
def test_an_entry_never_gets_worse(
    problem: Instance, objective: float, bound: float
) -> None:
    """What is no better, beyond rounding, leaves it as it is."""
    change = change_of(problem, GOOD, PROOF, record=entry(problem, objective, bound))
    assert change.new is None
    assert change.problems == ()


@pytest.mark.parametrize(
    ("rows", "record", "said"),
    [
        ([GOOD], (0.6, 0.65), "Thief reaches 0.677083.*, but the record has the"),
        ([GOOD, {**PROOF, "bound": 0.65}], None, "but milp proves at most 0.65"),
        ([{**PROOF, "bound": 0.65}], (0.67, None), "The record has 0.67, but milp"),
        ([GOOD, {"key": "i", "label": "dp", "status": "infeasible"}], None, "no sched"),
        ([{**GOOD, "objective": 0.7}], None, "claims 0.7, the referee finds 0.677083"),
        ([{"key": "bad", "objective": 0.5}], None, "breaks a rule: Stream 'B' has no"),
    ],
)
def test_what_cannot_be_true_changes_nothing(
    problem: Instance,
    rows: list[dict[str, Any]],
    record: tuple[float, float | None] | None,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An objective above a bound and a false claim are told in a sentence."""
    alone = schedule(A=(None, [segment(0, "every-frame", 1)]))
    monkeypatch.setitem(PLANS, "bad", alone)
    old = None if record is None else entry(problem, *record)
    change = change_of(problem, *rows, record=old)
    assert change.new is None
    (sentence,) = change.problems
    assert re.search(said, sentence), sentence


def test_a_problem_under_another_s_hash_is_found(problem: Instance) -> None:
    """A store whose problem is not what its hash names proves nothing."""
    store: Any = Held(problem, runs_by_hand(GOOD), PLANS)
    store.held = replace(problem, min_accuracy=0.1)
    (change,) = changes_of(store, {})
    assert change.new is None
    assert "has another hash" in change.problems[0]


def test_the_command_takes_the_runs_of_a_store(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """A dry run, an update, nothing left to do; and a contradiction ends with 1."""
    study = ekya_opt.Study(
        name="small",
        instances=[str(worked_file), "shipped:paper"],
        solvers=["dp"],
    )
    file, record = tmp_path / "runs.sqlite", tmp_path / "record.csv"
    study.run(file, workers=1)
    words = ("best-known", "--from", file, "--registry", record)
    dry = run(*words)
    assert dry.status == 0, dry
    assert "worked: new, 0.677083333 by dp, bound 0.677083333" in dry.out
    assert "to change; --update writes them" in dry.out
    assert not record.exists()
    assert run(*words, "--update").status == 0
    entries = read_best_known(record)
    assert len(entries) == 6
    shipped = read_best_known()
    for key in entries.keys() & shipped.keys():
        assert entries[key].objective <= shipped[key].objective + 1e-6
    again = run(*words, "--update")
    assert again.status == 0
    assert again.out == f"0 entries of {record} to change\n"

    low = {
        key: replace(each, objective=0.1, bound=0.2) if key == first else each
        for first in [next(iter(entries))]
        for key, each in entries.items()
    }
    write_best_known(low, record)
    content = record.read_bytes()
    false = run(*words, "--update")
    assert false.status == 1
    assert "but the record has the bound 0.2" in false.out
    assert "Nothing is written" in false.out
    assert record.read_bytes() == content

    record.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE runs SET objective = objective - 0.01")
    tampered = run(*words, "--update")
    assert tampered.status == 1
    assert "the referee finds" in tampered.out
    assert not record.exists()


def test_what_the_command_refuses(run: Any, tmp_path: Path) -> None:
    """Instance files beside a store, solvers beside it, and no store."""
    both = run("best-known", "shipped:paper", "--from", tmp_path / "runs.sqlite")
    assert both.status == 2
    assert "--from does not go with instance files" in both.err
    engines = run("best-known", "--from", "runs.sqlite", "--solvers", "dp")
    assert engines.status == 2
    assert "--from does not go with --solvers" in engines.err
    missing = run("best-known", "--from", tmp_path / "none.sqlite")
    assert missing.status == 2
    assert "none.sqlite" in missing.err
