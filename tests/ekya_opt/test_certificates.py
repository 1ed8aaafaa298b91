"""Certificates in schedule files: written by solve, proven again by check."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ekya_opt
from formulations import Schedule, Segment, StreamPlan
from formulations.certificate import Certificate
from formulations.schedule_columns import ScheduleColumns
from formulations.schedule_files import schedule_from_dict, schedule_to_dict
from formulations.schedule_npz import ScheduleColumnsFile, write_schedule_columns
from instances import Instance, InvalidSchedule, write_instance
from instances.columns import columns_of
from instances.generators import generate

NAMES = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=9)
PLAN = StreamPlan(
    stream="A",
    segments=(Segment(start_seconds=0, inference_units=1, training_units=0),),
)
SCHEDULE = Schedule(streams=(PLAN,))


@pytest.fixture
def solved(run: Any, worked_file: Path, tmp_path: Path) -> Path:
    """Return the schedule file that ``solve --solver core`` writes."""
    path = tmp_path / "core.json"
    run("solve", worked_file, "--solver", "core", "--output", path)
    return path


def rewrite(path: Path, **changes: Any) -> None:
    """Change some keys of a schedule file, or of its certificate with ``price``."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for key in ("price", "break_stream"):
        if key in changes:
            content["certificate"][key] = changes.pop(key)
    path.write_text(json.dumps(content | changes), encoding="utf-8")


@given(
    price=st.floats(0, 1e12), break_stream=st.none() | NAMES | st.integers(0, 10**12)
)
def test_certificates_round_trip(price: float, break_stream: str | int | None) -> None:
    """A certificate comes back from a file's JSON value as it was."""
    certificate = Certificate(price=price, break_stream=break_stream)
    content = schedule_to_dict(SCHEDULE, certificate=certificate.as_dict())
    assert schedule_from_dict(json.loads(json.dumps(content))).certificate == (
        certificate
    )


def test_no_certificate_is_no_key() -> None:
    """Without a certificate the file is what it has always been."""
    content = schedule_to_dict(SCHEDULE)
    assert "certificate" not in content
    assert schedule_from_dict(content).certificate is None
    assert schedule_from_dict(content | {"certificate": None}).certificate is None


@pytest.mark.parametrize(
    ("certificate", "place"),
    [
        ({}, "certificate.price: is None, expected one price, or prices"),
        ({"price": 1, "prices": [[1]]}, "certificate.price: is given beside prices"),
        ({"prices": []}, r"certificate.prices: is \[\], expected at least one list"),
        ({"prices": [[1], []]}, r"certificate.prices\[1\]: is \[\], expected a price"),
        ({"prices": [[0, -1]]}, r"certificate.prices\[0\]\[1\]: is -1, expected a num"),
        ({"prices": [[True]]}, r"certificate.prices\[0\]\[0\]: is True, expected"),
        ({"price": -1e-9}, "certificate.price: is -1e-09"),
        ({"price": "0.1"}, "certificate.price: is '0.1'"),
        ({"price": True}, "certificate.price: is True"),
        ({"price": None}, "certificate.price: is None"),
        ({"price": float("nan")}, "certificate.price: is nan"),
        ({"price": float("inf")}, "certificate.price: is inf"),
        ({"price": 1, "break_stream": ""}, "certificate.break_stream: is ''"),
        ({"price": 1, "break_stream": -1}, "certificate.break_stream: is -1"),
        ({"price": 1, "break_stream": 0.5}, "certificate.break_stream: is 0.5"),
        ({"price": 1, "break_stream": True}, "certificate.break_stream: is True"),
        ({"price": 1, "step": 1}, "certificate.step: is an unknown key"),
        ([], r"certificate: is \[\], expected an object"),
    ],
)
def test_what_is_no_certificate_is_refused(certificate: Any, place: str) -> None:
    """The error names the place in the file."""
    content = schedule_to_dict(SCHEDULE) | {"certificate": certificate}
    with pytest.raises(InvalidSchedule, match=place):
        schedule_from_dict(content)


@pytest.mark.parametrize("solver", ["core", "bound"])
def test_what_solve_writes_check_proves(
    run: Any, worked_file: Path, tmp_path: Path, solver: str
) -> None:
    """In the worked example the relaxation needs no part of a step: 0.677083.

    Two of three GPUs serve, as the floors demand; the third trains Cfg2B, which gains
    70 · 0.35 / 120 of B's half. The next step, a second GPU for it, would gain
    25 · 0.35 / 120 of B's half, which is the price.
    """
    path = tmp_path / "schedule.json"
    outcome = run("solve", worked_file, "--solver", solver, "--output", path, "--json")
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["certificate"] == outcome.data["schedule"]["certificate"]
    assert written["certificate"]["break_stream"] is None
    shown = run("check", worked_file, path)
    assert shown.status == 0
    assert "certificate holds  yes" in shown.out
    assert "exact rational" in shown.out
    found = run("check", worked_file, path, "--json").data["certificate"]
    assert found["holds"]
    assert found["price"] == pytest.approx(25 * 0.35 / 120 / 2)
    optimum = (0.65 + (50 * 0.5 + 70 * 0.85) / 120) / 2
    assert found["lagrangian_bound"] == pytest.approx(optimum)
    assert found["proven_bound"] == pytest.approx(optimum)


def test_a_bound_below_the_optimum_is_a_false_claim(
    run: Any, worked_file: Path, solved: Path
) -> None:
    """Tampered with, the file fails though a worse schedule than the optimum is in it.

    A without retraining and B with Cfg1B on one GPU for 80 s are worth
    (0.65 + (80 · 0.5 + 40 · 0.9) / 120) / 2 = 0.641667; a bound of 0.66 is above that
    and below the optimum, which only the certificate tells.
    """
    content = json.loads(solved.read_text(encoding="utf-8"))
    (b,) = [plan for plan in content["streams"] if plan["stream"] == "B"]
    b["retraining"] = "Cfg1B"
    rewrite(solved, streams=content["streams"], objective=None, bound=0.66)
    outcome = run("check", worked_file, solved, "--json")
    assert outcome.status == 1
    assert outcome.data["feasible"]
    assert outcome.data["objective"] == pytest.approx(0.6416667)
    assert outcome.data["certificate"]["proven_bound"] == pytest.approx(0.6770833)
    (claim,) = outcome.data["false_claims"]
    assert claim.startswith("The certificate does not prove the claimed bound 0.66")
    shown = run("check", worked_file, solved)
    assert shown.status == 1
    assert claim in shown.out
    assert "certificate holds  no" in shown.out


def test_another_price_proves_what_it_proves(
    run: Any, worked_file: Path, solved: Path
) -> None:
    """0.5 a GPU is far too high: 3 · 0.5 + (0.325 - 0.5) + (0.25 - 0.5) = 1.075.

    That is no false claim; what lies between is enumerated, and the optimum proven.
    """
    rewrite(solved, price=0.5)
    found = run("check", worked_file, solved, "--json")
    assert found.status == 0
    certificate = found.data["certificate"]
    assert certificate["lagrangian_bound"] == pytest.approx(1.075)
    assert certificate["proven_bound"] == pytest.approx(0.6770833)


def test_an_unknown_break_is_a_false_claim(
    run: Any, worked_file: Path, solved: Path
) -> None:
    """The break's stream has to be one of the instance's."""
    rewrite(solved, break_stream="C")
    outcome = run("check", worked_file, solved, "--json")
    assert outcome.status == 1
    assert "there is no stream 'C'" in outcome.data["false_claims"][0]
    assert outcome.data["certificate"]["lagrangian_bound"] is None


def test_a_certificate_without_a_bound_claims_nothing(
    run: Any, worked_file: Path, solved: Path
) -> None:
    """The Lagrangian bound is told all the same."""
    rewrite(solved, bound=None)
    outcome = run("check", worked_file, solved, "--json")
    assert outcome.status == 0
    assert outcome.data["certificate"]["lagrangian_bound"] == pytest.approx(0.6770833)


def test_plans_on_estimates_have_no_certificate(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """What was proven on estimates is no claim about the truth."""
    path = tmp_path / "planned.json"
    words = ("--solver", "core", "--plan-on", "estimates", "--output", path)
    assert run("solve", worked_file, *words).status == 0
    assert "certificate" not in json.loads(path.read_text(encoding="utf-8"))
    assert run("check", worked_file, path).status == 0


def columnar(instance: Instance, **claims: Any) -> ScheduleColumnsFile:
    """Return core's schedule of an instance as columns, with core's claims."""
    result = ekya_opt.solve(instance, "core")
    assert result.schedule is not None
    plans = {plan.stream: plan for plan in result.schedule.streams}
    first = [plans[stream.name].segments[0] for stream in instance.streams]
    names = [
        [config.name for config in stream.retraining] for stream in instance.streams
    ]
    chosen = [plans[stream.name].retraining for stream in instance.streams]
    values = {
        "objective": result.objective,
        "bound": result.bound,
        "price": result.metadata["price"],
        "schedule": ScheduleColumns(
            retraining=[
                -1 if config is None else known.index(config)
                for known, config in zip(names, chosen, strict=True)
            ],  # type: ignore[arg-type]
            inference_units=[part.inference_units for part in first],  # type: ignore[arg-type]
            training_units=[part.training_units for part in first],  # type: ignore[arg-type]
        ),
    }
    return ScheduleColumnsFile(**(values | claims))


@pytest.mark.parametrize("mode", ["never", "stream"])
def test_columnar_files_are_checked(run: Any, tmp_path: Path, mode: str) -> None:
    """An .npz instance and an .npz schedule with a price pass, and tampered fail."""
    instance = generate("recorded-like", 12, 3, 2, reallocation=mode)
    file, plan = tmp_path / "window.npz", tmp_path / "plan.npz"
    write_instance(instance, file)
    good = columnar(instance)
    assert good.bound is not None
    write_schedule_columns(plan, good)
    outcome = run("check", file, plan, "--json")
    assert outcome.status == 0
    assert outcome.data["certificate"]["holds"]
    shown = run("check", file, plan).out
    assert "referee            plain Python" in shown
    write_schedule_columns(plan, columnar(instance, bound=good.bound - 1e-5))
    assert run("check", file, plan).status == 1
    write_schedule_columns(plan, columnar(instance, bound=None, price=None))
    outcome = run("check", file, plan, "--json")
    assert outcome.status == 0
    assert outcome.data["certificate"] is None


def test_fleets_are_judged_by_the_compiled_referee(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beyond the limit the other referee finds the same, and the check says so."""
    instance = generate("recorded-like", 12, 3, 2, reallocation="stream")
    file = columnar(instance)
    plain = ekya_opt.check(instance, file)
    monkeypatch.setattr("ekya_opt.checking.MOST_PLAIN_STREAMS", 11)
    for problem in (instance, columns_of(instance)):
        compiled = ekya_opt.check(problem, file)
        assert compiled.passed
        assert compiled.referee != plain.referee
        assert compiled.evaluation.objective == pytest.approx(
            plain.evaluation.objective, abs=1e-12
        )
    bare = ekya_opt.check(columns_of(instance), file.schedule)
    assert bare.passed
    assert (bare.claimed, bare.bound, bare.reproof) == (None, None, None)


def test_a_schedule_of_another_fleet_is_refused(run: Any, tmp_path: Path) -> None:
    """One line names the file and the numbers of streams."""
    file, plan = tmp_path / "window.npz", tmp_path / "plan.npz"
    write_instance(generate("recorded-like", 5, 3, 2), file)
    write_schedule_columns(plan, columnar(generate("recorded-like", 4, 3, 2)))
    outcome = run("check", file, plan)
    assert outcome.status == 2
    (line,) = outcome.err.splitlines()
    assert str(plan) in line
    assert "has 4 streams" in line


def test_servers_windows_are_proven_from_rows_of_prices(
    run: Any, tmp_path: Path
) -> None:
    """Solve writes them, check proves the bound and finds a lower claim false."""
    instance = generate(
        "recorded-like", 10, 4, 0, reallocation="server", slot_seconds=5
    )
    window, plan = tmp_path / "window.json", tmp_path / "plan.json"
    write_instance(instance, window)
    run("solve", window, "--solver", "decomposition", "--output", plan)
    found = json.loads(run("check", window, plan, "--json").out)
    assert found["certificate"]["holds"]
    assert found["certificate"]["proven_bound"] <= found["claimed_bound"] + 1e-9
    assert "rows of prices" in run("check", window, plan).out
    low = found["objective"] + 1e-5
    content = json.loads(plan.read_text(encoding="utf-8"))
    plan.write_text(json.dumps(content | {"bound": low}), encoding="utf-8")
    told = run("check", window, plan)
    assert told.status == 1
    assert "does not prove the claimed bound" in told.out
