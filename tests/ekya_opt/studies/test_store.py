"""The store: everything of a run in it, safe from whatever comes."""

import json
import re
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekya_opt import Store, Study, open_store
from ekya_opt.studies import store as store_module
from ekya_opt.studies.outcome import Failure, Outcome
from ekya_opt.studies.plan import make_plan
from ekya_opt.studies.run_columns import RUN_COLUMNS
from ekya_opt.studies.store_writer import StoreWriter, written
from formulations.problems import any_schedule_to_dict, evaluate_any
from tests.ekya_opt.studies.conftest import ENVIRONMENT, InProcess

numbers = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=8,
)
objects = st.dictionaries(texts, json_values, max_size=3)
outcomes = st.builds(
    Outcome,
    status=st.sampled_from(["optimal", "feasible", "error"]),
    stopped_by=st.none() | st.just("time_limit"),
    objective=st.none() | numbers,
    bound=st.none() | numbers,
    seconds=numbers,
    process_seconds=numbers,
    peak_bytes=st.none() | st.integers(0, 2**60),
    failure=st.none() | st.sampled_from(Failure),
    error=st.none() | texts,
    verdict=st.none() | texts,
    trace=st.lists(
        st.tuples(numbers, st.none() | numbers, st.none() | numbers), max_size=3
    ).map(tuple),
    schedule=st.none() | objects,
    metadata=objects,
    started=texts,
    environment=objects,
    attempts=st.integers(1, 9),
)


@pytest.fixture(scope="module")
def planned(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, str, StoreWriter]]:
    """Return a store that is open to write, a run planned in it, and the writer."""
    path = str(tmp_path_factory.mktemp("store") / "one.sqlite")
    study = Study(name="one", instances="shipped:paper/window1", solvers="dp")
    plan = make_plan(study)
    with written(path) as writer:
        writer.plan(study.name, study.definition(), plan, "now")
        yield path, plan.runs[0].key, writer


@settings(max_examples=50)
@given(outcomes)
def test_every_field_of_an_outcome_comes_back(
    planned: tuple[str, str, StoreWriter], outcome: Outcome
) -> None:
    """What is recorded is read at once, in the place of what was there."""
    path, key, writer = planned
    writer.record(key, outcome)
    store = open_store(path)
    assert store.outcome(key) == outcome
    runs = store.runs()
    assert list(runs["key"]) == [key]
    assert runs["trace"][0] == outcome.trace
    assert {name: str(kind) for name, kind in runs.dtypes.items()} == RUN_COLUMNS


def test_a_run_is_committed_whole_or_not_at_all(
    planned: tuple[str, str, StoreWriter],
) -> None:
    """When the last part of a run cannot be written, nothing of it is."""
    path, key, writer = planned
    good = Outcome(status="optimal", started="then", environment={"a": "good one"})
    nothing: Any = None
    bad = replace(good, started=nothing, environment={"a": "bad one"})
    writer.record(key, good)
    with pytest.raises(sqlite3.IntegrityError):
        writer.record(key, bad)
    store = open_store(path)
    assert store.outcome(key) == good
    assert {"a": "bad one"} not in store.environments().values()


def test_the_table_of_runs_tells_what_ran(done: Store, small_study: Study) -> None:
    """Every run comes once in the study's order, with its problem and its settings."""
    runs = done.runs("small")
    assert tuple(runs.columns) == tuple(RUN_COLUMNS)
    assert list(runs["key"]) == [task.key for task in small_study.tasks()]
    assert set(runs["label"]) == {"dp", "thief:passes=0", "uniform"}
    assert set(runs["instance"]) == {
        f"paper-window{window} gpus={gpus}" for window in (1, 2) for gpus in (2, 3)
    }
    assert json.loads(runs["settings"][1])["passes"] == 0
    assert set(runs["streams_per_gpu"]) == {1, 2 / 3}
    assert set(runs["total_units"]) == {40, 60}
    assert set(runs["processor"]) == {"a test"}
    assert set(runs["version"]) == {"0.0.test"}
    gaps = runs[runs["label"] == "dp"]["gap"]
    assert gaps.tolist() == pytest.approx([0] * 8, abs=1e-9)
    assert runs[runs["label"] == "uniform"]["gap"].isna().all()
    assert done.environments() == {runs["environment"][0]: ENVIRONMENT}


def test_a_store_holds_its_problems_and_schedules(
    done: Store, small_study: Study
) -> None:
    """The referee finds each schedule of the store worth what its row says."""
    assert done.definition("small") == small_study.definition()
    for problem in small_study.problems():
        rows = done.runs().query("instance == @problem.name")
        for row in rows.itertuples():
            stored = done.problem(row.instance_hash)
            assert stored == problem
            schedule = done.schedule(row.key)
            if pd.isna(row.objective):
                assert schedule is None
                continue
            verdict = evaluate_any(stored, schedule)
            assert verdict.feasible
            assert verdict.objective == pytest.approx(row.objective, abs=1e-12)


def test_studies_share_the_runs_of_their_store(done: Store, small_study: Study) -> None:
    """A second study runs only what the first did not; all runs count once."""
    executor = InProcess()
    more = Study(
        **{**small_study.definition(), "name": "more", "solvers": ["dp", "greedy"]}
    )
    more.run(done.path, executor=executor)
    assert len(executor.keys) == 8
    assert done.studies() == ["small", "more"]
    assert len(done.runs("small")) == 24
    assert len(done.runs("more")) == 16
    assert len(done.runs()) == 32
    assert len(done.planned()) == 40
    assert list(done.summary("more")["planned"]) == [8, 8]


def test_runs_no_longer_asked_for_do_not_count_but_stay(
    done: Store, small_study: Study
) -> None:
    """A study that shrinks and grows again runs nothing twice."""
    smaller = Study(**{**small_study.definition(), "solvers": ["dp"]})
    smaller.run(done.path, executor=InProcess())
    assert set(done.runs()["label"]) == {"dp"}
    executor = InProcess()
    small_study.run(done.path, executor=executor)
    assert executor.keys == []
    assert len(done.runs()) == 24


def test_a_store_is_a_table_in_a_notebook(done: Store) -> None:
    """The table has a row a solver, with a bar as long as its mean gap."""
    text = done._repr_html_()
    worst = done.summary()["mean_gap"].max()
    assert worst > 0
    assert text.count('width="100.0"') == 1
    assert text.count("<svg") == 3
    assert text.count("<tr>") == 4
    assert "<td>thief:passes=0</td><td>8</td><td>8</td><td>0</td><td>0</td>" in text


def test_a_study_without_runs_can_be_looked_at(tmp_path: Path) -> None:
    """A store without runs has empty tables with all their columns."""
    path = str(tmp_path / "empty.sqlite")
    study = Study(name="s", instances="shipped:paper/window1", solvers="dp")
    with written(path) as writer:
        writer.plan("s", study.definition(), make_plan(study), "now")
    store = open_store(path)
    assert list(store.runs().columns) == list(RUN_COLUMNS)
    assert store.planned()["status"].isna().all()
    assert list(store.summary()["missing"]) == [1]
    assert "dp" in store._repr_html_()


def test_the_documentation_names_what_is_in_a_store(done: Store) -> None:
    """The tables and columns in the docstring are exactly those that exist."""
    documented: dict[str, list[str]] = {}
    for line in (store_module.__doc__ or "").splitlines():
        if found := re.match(r"Table ``(\w+)``", line):
            columns = documented.setdefault(found[1], [])
        elif found := re.match(r"- ``(\w+)``: \S", line):
            columns.append(found[1])
    connection = sqlite3.connect(done.path)
    words = "SELECT name FROM sqlite_master WHERE type = 'table'"
    existing = {
        name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        for (name,) in connection.execute(words)
    }
    assert documented == existing
    results = [row[1] for row in connection.execute("PRAGMA table_info(results)")]
    assert results == list(RUN_COLUMNS)
    for pragma in ("application_id", "user_version"):
        (value,) = connection.execute(f"PRAGMA {pragma}").fetchone()
        assert re.search(rf"``PRAGMA {pragma}`` is\D*\b{value}\b", _plain_doc())
    connection.close()


def _plain_doc() -> str:
    text = " ".join((store_module.__doc__ or "").split())
    return text.replace("(``ekya`` in ASCII)", "").replace("the schema's version,", "")


def test_other_tools_read_a_store_as_documented(done: Store) -> None:
    """The documented view and the compressed JSON need nothing of ours."""
    connection = sqlite3.connect(done.path)
    frame = pd.read_sql("SELECT * FROM results", connection)
    assert list(frame["key"]) == list(done.runs()["key"])
    words = "SELECT content FROM problems JOIN tasks USING (instance_hash)"
    (content,) = connection.execute(words).fetchone()
    assert json.loads(zlib.decompress(content))["name"].startswith("paper-window")
    words = "SELECT schedule FROM runs WHERE key = ?"
    key = frame["key"][0]
    (content,) = connection.execute(words, (key,)).fetchone()
    stored = json.loads(zlib.decompress(content))
    mine = any_schedule_to_dict(done.schedule(key))
    assert stored["streams"] == json.loads(json.dumps(mine))["streams"]
    connection.close()
