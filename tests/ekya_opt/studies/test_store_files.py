"""Files of stores: what is none, damaged or newer is told and left alone."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ekya_opt import Store, Study, open_store
from ekya_opt.studies.errors import StoreUnavailable
from ekya_opt.studies.store_writer import written
from tests.ekya_opt.studies.conftest import InProcess


def refused(path: Path) -> str:
    """Return why neither reading nor writing takes a file, which stays as it is."""
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StoreUnavailable) as reading:
        open_store(path)
    with pytest.raises(StoreUnavailable), written(str(path)):
        pass
    assert not path.is_file() or path.read_bytes() == before
    assert "\n" not in str(reading.value)
    return str(reading.value)


def test_what_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Text, a database of something else and a directory are told from a store."""
    text = tmp_path / "text.sqlite"
    text.write_text("hello, I am no database at all, " * 100)
    assert "is damaged or no store of studies" in refused(text)
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE mine (x)")
    connection.commit()
    connection.close()
    assert "is no store of studies" in refused(other)
    assert "is a directory" in refused(tmp_path)
    with pytest.raises(StoreUnavailable, match="there is no such file"):
        open_store(tmp_path / "missing.sqlite")
    with pytest.raises(StoreUnavailable, match="cannot be written: No such file"):
        Study(name="s", instances="shipped:paper/window1").run(
            tmp_path / "no" / "s.sqlite", executor=InProcess()
        )


def test_a_newer_schema_is_refused(done: Store) -> None:
    """A later version's store is not guessed at."""
    connection = sqlite3.connect(done.path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    expected = "has schema version 2, expected 1; a newer ekya-opt wrote it"
    assert expected in refused(Path(done.path))


def test_a_damaged_store_is_one_line(done: Store) -> None:
    """Half a file, and a file with a hole, are told in one line."""
    path = Path(done.path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreUnavailable, match="is damaged or no store"):
        done.runs()
    hole = bytearray(content)
    hole[4096:] = b"\xff" * (len(hole) - 4096)
    path.write_bytes(hole)
    with pytest.raises(StoreUnavailable, match="is damaged or no store"):
        done.runs()


CALLS: dict[str, tuple[str, Callable[[Store, str, str], Any]]] = {
    "runs": ("UPDATE runs SET trace = '[1'", lambda store, *_: store.runs()),
    "problem": (
        "UPDATE problems SET content = x'0011'",
        lambda store, digits, _: store.problem(digits),
    ),
    "schedule": (
        "UPDATE runs SET schedule = x'0011'",
        lambda store, _, key: store.schedule(key),
    ),
    "outcome": (
        "UPDATE runs SET metadata = '{'",
        lambda store, _, key: store.outcome(key),
    ),
    "environments": (
        "UPDATE environments SET content = '{'",
        lambda store, *_: store.environments(),
    ),
    "definition": (
        "UPDATE studies SET definition = '{'",
        lambda store, *_: store.definition("small"),
    ),
}
"""What damages a store, and what then reads it, with a problem and a run."""


@pytest.mark.parametrize(("damage", "call"), CALLS.values(), ids=CALLS.keys())
def test_damage_within_a_value_is_told(
    done: Store, damage: str, call: Callable[[Store, str, str], Any]
) -> None:
    """SQLite does not see it; the message names the store."""
    run = done.runs().iloc[0]
    connection = sqlite3.connect(done.path)
    connection.execute(damage)
    connection.commit()
    connection.close()
    with pytest.raises(StoreUnavailable, match=r"done\.sqlite: is damaged: "):
        call(done, run["instance_hash"], run["key"])


def test_names_that_a_store_does_not_have_are_told(done: Store) -> None:
    """An unknown study, problem or run is an error that says what there is."""
    calls: list[Any] = [done.runs, done.planned, done.definition, done.summary]
    for call in calls:
        with pytest.raises(StoreUnavailable, match="no study 'x'; it has small"):
            call("x")
    with pytest.raises(StoreUnavailable, match="no problem 'x'"):
        done.problem("x")
    for call in (done.schedule, done.outcome):
        with pytest.raises(StoreUnavailable, match="no run 'x'"):
            call("x")
