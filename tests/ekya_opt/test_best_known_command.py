"""The record of best known objectives: verified, updated and never worsened."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ekya_opt import Answer
from ekya_opt.best_known import Verification, updated, verify
from instances import instance_hash, read_instance
from instances.best_known import BestKnown, read_best_known

PAPER = ("shipped:paper/window1", "shipped:paper/window2")
OPTIMUM = (0.65 + (50 * 0.5 + 70 * 0.85) / 120) / 2


def entry(**changes: Any) -> BestKnown:
    """Return an entry of a record."""
    base = BestKnown(
        instance="family/name",
        hash="0123456789abcdef",
        objective=0.5,
        bound=0.5,
        engines=("dp", "core"),
        versions="numpy 2",
        date="2026-01-01",
    )
    return replace(base, **changes)


def found(**changes: Any) -> Verification:
    """Return a verification without problems."""
    base = Verification(
        instance="family/name", recorded=None, proven=entry(), problems=()
    )
    return replace(base, **changes)


def test_exact_solvers_prove_the_worked_example(worked_file: Path) -> None:
    """All exact solvers agree on the optimum computed on paper."""
    (verification,) = verify([worked_file], {}, engines=("dp", "core", "milp"))
    assert verification.problems == ()
    assert verification.proven is not None
    assert verification.proven.objective == pytest.approx(OPTIMUM, abs=1e-9)
    assert verification.proven.engines == ("dp", "core", "milp")


def test_a_false_record_is_found(worked_file: Path) -> None:
    """A recorded objective that differs from the proven one is a problem."""
    key = instance_hash(read_instance(worked_file))
    record = {key: entry(hash=key, objective=0.6, bound=0.6)}
    (verification,) = verify([worked_file], record, engines=("dp", "core"))
    assert len(verification.problems) == 2
    assert updated(record, [verification]) == record


def test_solvers_that_disagree_are_found(
    worked_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bound below another solver's objective is a problem, and proves nothing."""
    from ekya_opt import solve

    schedule = solve(worked_file, "inference-only").schedule

    def modest(*_: object) -> Answer:
        return Answer(schedule=schedule, bound=0.6)

    monkeypatch.setattr("solvers.core.solve_core", modest)
    (verification,) = verify([worked_file], {}, engines=("dp", "core"))
    assert verification.proven is None
    assert any("core proves at most 0.6" in text for text in verification.problems)


def test_a_failing_solver_is_a_problem(
    worked_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash of one solver is told and does not end the verification."""

    def broken(*_: object, **__: object) -> None:
        raise ValueError("out of luck")

    monkeypatch.setattr("solvers.core.solve_core", broken)
    (verification,) = verify([worked_file], {}, engines=("dp", "core"))
    assert verification.problems == ("core failed: ValueError: out of luck.",)


def test_new_entries_are_added_and_outdated_ones_go() -> None:
    """An entry of the instance's earlier content is replaced."""
    old = entry(hash="ffffffffffffffff", objective=0.9)
    other = entry(instance="family/other", hash="eeeeeeeeeeeeeeee")
    record = {item.hash: item for item in (old, other)}
    after = updated(record, [found()])
    assert set(after) == {entry().hash, other.hash}
    assert record[old.hash] is old


def test_no_entry_gets_worse() -> None:
    """A proof by the same solvers changes nothing; more solvers keep the best."""
    old = entry(objective=0.5000004, engines=("dp", "core", "milp"))
    record = {old.hash: old}
    assert updated(record, [found(recorded=old)]) == record
    wider = entry(engines=("dp", "network"), bound=0.5000006)
    after = updated(record, [found(recorded=old, proven=wider)])[old.hash]
    assert after.engines == ("dp", "network")
    assert after.objective == old.objective
    failed = found(recorded=old, proven=wider, problems=("A problem.",))
    assert updated(record, [failed]) == record


def test_the_command_verifies_shipped_instances(run: Any) -> None:
    """The record of the paper's windows is proven again by several solvers."""
    outcome = run("best-known", *PAPER, "--solvers", "dp,core,cp-sat")
    assert outcome.status == 0, outcome
    assert len(outcome.out.splitlines()) == 2
    assert "by dp, core, cp-sat" in outcome.out


@pytest.mark.parametrize(
    ("name", "engines"),
    [
        ("paper/horizon-never", "decomposition, milp"),
        ("memory-tight/n4-g2", "milp, cp-sat"),
    ],
)
def test_the_engines_are_those_of_the_problem(
    run: Any, name: str, engines: str
) -> None:
    """Horizons and placements are proven by what is exact for them; nothing fails."""
    outcome = run("best-known", f"shipped:{name}")
    assert f" by {engines}" in outcome.out
    assert "failed" not in outcome.out


def test_the_command_tells_what_has_no_record(run: Any, worked_file: Path) -> None:
    """An instance without a record is a negative answer."""
    outcome = run("best-known", worked_file, "--gpus", 1)
    assert outcome.status == 2
    from dataclasses import replace as changed

    from instances import write_instance

    path = worked_file.with_name("other.json")
    write_instance(changed(read_instance(worked_file), gpus=7), path)
    outcome = run("best-known", path, "--solvers", "dp,core")
    assert outcome.status == 1
    assert "no record" in outcome.out


def test_the_command_updates_the_record(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """--update writes what is proven to the record named, and only that."""
    record = tmp_path / "record.csv"
    words = ("best-known", worked_file, "--solvers", "dp,core", "--registry", record)
    assert run(*words).status == 1
    assert not record.exists()
    assert run(*words, "--update").status == 0
    (new,) = read_best_known(record).values()
    assert new.objective == pytest.approx(OPTIMUM, abs=1e-9)
    os.utime(record, (0, 0))
    assert run(*words, "--update").status == 0
    assert run(*words).status == 0
    assert record.stat().st_mtime == 0


def test_heuristics_prove_nothing(run: Any, worked_file: Path) -> None:
    """Only exact solvers may be asked."""
    outcome = run("best-known", worked_file, "--solvers", "dp,thief")
    assert outcome.status == 2
    assert "'thief' is not exact" in outcome.err
