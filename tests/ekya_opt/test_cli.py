"""The contract of the commands: exit status, output and errors."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ekya_opt.cli import COMMANDS, make_parser

OPTIMUM = (0.65 + (50 * 0.5 + 70 * 0.85) / 120) / 2
RESULT_KEYS = [
    "instance",
    "solver",
    "status",
    "stopped_by",
    "objective",
    "bound",
    "gap",
    "runtime_seconds",
    "schedule",
]


def refused(outcome: Any) -> str:
    """Return the only line on standard error of a command that was refused."""
    assert outcome.status == 2
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    lines = outcome.err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("ekya-opt: ")
    return str(lines[0])


def test_solve_json_is_the_documented_object(run: Any, worked_file: Path) -> None:
    """The JSON of solve has exactly the documented keys and the paper's optimum."""
    outcome = run("solve", worked_file, "--json")
    assert outcome.status == 0
    assert list(outcome.data) == RESULT_KEYS
    assert outcome.data["status"] == "optimal"
    assert outcome.data["stopped_by"] is None
    assert outcome.data["objective"] == pytest.approx(OPTIMUM, abs=1e-9)
    assert outcome.data["gap"] == pytest.approx(0, abs=1e-6)
    plans = {plan["stream"]: plan for plan in outcome.data["schedule"]["streams"]}
    assert plans["A"]["retraining"] is None
    assert plans["B"]["retraining"] == "Cfg2B"


def test_solve_prints_tables_for_people(run: Any, worked_file: Path) -> None:
    """Without --json solve prints the result and one line for each stream."""
    outcome = run("solve", worked_file)
    assert outcome.status == 0
    assert "optimal" in outcome.out
    assert "0.677083" in outcome.out
    lines = outcome.out.splitlines()
    assert lines[-2].split() == [
        "A",
        "-",
        "-",
        "0",
        "1",
        "every-frame",
        "every-frame",
        "0.6500",
    ]
    assert lines[-1].split()[:4] == ["B", "Cfg2B", "50.0", "1"]
    assert outcome.err == ""


def test_schedule_of_solve_passes_check(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """The schedule field, saved, is what --output writes, and check accepts both."""
    written, saved = tmp_path / "written.json", tmp_path / "saved.json.gz"
    outcome = run("solve", worked_file, "--json", "--output", written)
    schedule = outcome.data["schedule"]
    assert json.loads(written.read_text(encoding="utf-8")) == schedule
    saved.write_bytes(gzip.compress(json.dumps(schedule).encode()))
    for path in (written, saved):
        checked = run("check", worked_file, path, "--json")
        assert checked.status == 0
        assert checked.data["passed"]
        assert checked.data["violations"] == []
        assert checked.data["objective"] == pytest.approx(OPTIMUM, abs=1e-9)


def test_infeasible_is_a_negative_answer(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """With one GPU the floors cannot be kept: status 1, no schedule, no file."""
    output = tmp_path / "none.json"
    outcome = run(
        "solve", worked_file, "--gpus", 1, "--json", "--output", output, "--seed", 3
    )
    assert outcome.status == 1
    assert outcome.err == ""
    assert outcome.data["status"] == "infeasible"
    assert outcome.data["schedule"] is None
    assert outcome.data["objective"] is None
    assert outcome.data["gap"] is None
    assert not output.exists()
    assert run("solve", worked_file, "--gpus", 1).status == 1


def test_gpus_and_reallocation_replace_those_of_the_file(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """The schedule for more GPUs passes check only with the same number of GPUs."""
    output = tmp_path / "schedule.json"
    changes = ("--gpus", 4, "--reallocation", "stream")
    outcome = run("solve", worked_file, *changes, "--output", output)
    assert outcome.status == 0
    assert run("check", worked_file, output, *changes).status == 0
    assert run("check", worked_file, output).status == 1


def test_a_fractional_number_of_units_is_refused(run: Any, worked_file: Path) -> None:
    """--gpus must make a whole number of units; the error names the option."""
    line = refused(run("solve", worked_file, "--gpus", 2.5))
    assert "--gpus 2.5" in line
    assert "whole number" in line


def test_reallocation_server_needs_a_slot(run: Any, worked_file: Path) -> None:
    """--reallocation server on a file without slots is bad input, not a crash."""
    line = refused(run("solve", worked_file, "--reallocation", "server"))
    assert "slot_seconds: is missing" in line


def test_plan_on_estimates_is_scored_on_the_truth(run: Any, worked_file: Path) -> None:
    """The estimates favour Cfg1A (10 s to 0.95), which truly takes 85 s to 0.75."""
    outcome = run("solve", worked_file, "--plan-on", "estimates", "--json")
    assert outcome.status == 0
    on_truth = ((85 * 0.65 + 35 * 0.75) / 120 + 0.5) / 2
    assert outcome.data["objective"] == pytest.approx(on_truth, abs=1e-9)
    assert outcome.data["bound"] is None
    assert outcome.data["status"] == "feasible"


def test_initial_schedule_is_never_lost(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """A solver that finds less than the initial schedule returns the schedule."""
    best = tmp_path / "best.json"
    run("solve", worked_file, "--output", best)
    outcome = run(
        *("solve", worked_file, "--solver", "inference-only", "--initial", best),
        "--json",
    )
    assert outcome.data["objective"] == pytest.approx(OPTIMUM, abs=1e-9)


def test_initial_schedule_of_another_instance_is_refused(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """An initial schedule that breaks a rule of the instance is bad input."""
    best = tmp_path / "best.json"
    run("solve", worked_file, "--gpus", 4, "--output", best)
    line = refused(run("solve", worked_file, "--initial", best))
    assert "initial schedule" in line


def test_initial_schedule_of_another_kind_is_refused(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """The error says that it is the initial schedule which does not fit."""
    known = tmp_path / "window.json"
    run("solve", worked_file, "--output", known)
    line = refused(run("solve", "shipped:paper/horizon-never", "--initial", known))
    assert "initial schedule: is one of a window, expected one of a horizon" in line


def test_unknown_solver_lists_those_there_are(run: Any, worked_file: Path) -> None:
    """The error of an unknown solver lists the solvers."""
    line = refused(run("solve", worked_file, "--solver", "magic"))
    assert "'magic'" in line
    assert "dp, " in line
    assert "thief" in line


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("pace=3", "has no setting 'pace'"),
        ("passes", "is not KEY=VALUE"),
        ("=3", "is not KEY=VALUE"),
        ("passes=many", "setting passes is 'many'"),
        ("order=sideways", "setting order is 'sideways'"),
    ],
)
def test_bad_settings_are_refused(
    run: Any, worked_file: Path, setting: str, expected: str
) -> None:
    """A setting that is unknown, malformed or outside its domain is bad usage."""
    outcome = run("solve", worked_file, "--solver", "thief", "--set", setting)
    assert expected in refused(outcome)


def test_a_setting_given_twice_is_refused(run: Any, worked_file: Path) -> None:
    """Two values for one setting are bad usage, not the last of them."""
    words = ("--set", "passes=1", "--set", "passes=2")
    line = refused(run("solve", worked_file, "--solver", "thief", *words))
    assert "given twice" in line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "COMMAND"),
        (("polish",), "invalid choice: 'polish'"),
        (("solve",), "FILE"),
        (("solve", "FILE", "--time-limit", "soon"), "--time-limit"),
        (("solve", "FILE", "--time-limit", "nan"), "time_limit: is nan"),
        (("solve", "FILE", "--time-limit", "0"), "time_limit: is 0.0"),
        (("solve", "FILE", "--seed", "-1"), "seed: is -1"),
        (("solve", "FILE", "--workers", "0"), "workers: is 0"),
        (("solve", "FILE", "--gpus", "nan"), "gpus: is nan"),
        (("solve", "FILE", "--reallocation", "often"), "'often'"),
        (("solve", "FILE", "--plan-on", "hope"), "'hope'"),
        (("solve", "FILE", "--sol", "dp"), "--sol"),
        (("solve", "FILE", "extra\nline"), "extra\\nline"),
        (("compare", "FILE", "--solvers", ","), "no solver"),
        (("compare", "FILE", "--solvers", "dp,magic"), "'magic'"),
        (("compare", "FILE", "--reference", "magic"), "'magic'"),
        (("check", "FILE"), "SCHEDULE.json"),
        (("generate", "recorded-like", "--streams", "3"), "--gpus"),
        (("export", "FILE", "--formulation", "x", "--format", "doc"), "'doc'"),
        (("bench", "--repeat", "0"), "--repeat is 0"),
        (("solve", "FILE", "--output", "nowhere/at/all.json"), "nowhere"),
        (("solve", "FILE", "--initial", "nowhere.json"), "nowhere.json"),
    ],
)
def test_bad_usage_is_one_line(
    run: Any, worked_file: Path, arguments: tuple[str, ...], expected: str
) -> None:
    """Bad usage ends with status 2 and one line that names what is wrong."""
    words = [str(worked_file) if word == "FILE" else word for word in arguments]
    assert expected in refused(run(*words))


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_has_help(run: Any, command: str) -> None:
    """--help prints the usage and ends with status 0."""
    words = [command.replace("_", "-")] if command else []
    outcome = run(*words, "--help")
    assert outcome.status == 0
    assert outcome.out.startswith("usage: ekya-opt")


def test_every_argument_is_documented() -> None:
    """Every argument of every command has a help text."""
    commands = make_parser()._subparsers
    assert commands is not None
    parsers = commands._group_actions[0].choices
    assert isinstance(parsers, dict)
    assert len(parsers) == len(COMMANDS)
    for parser in parsers.values():
        for action in parser._actions:
            assert action.help, action


def tampered(schedule: Any, change: str) -> Any:
    """Return a copy of the worked example's schedule with one thing changed."""
    copy = json.loads(json.dumps(schedule))
    plans = {plan["stream"]: plan for plan in copy["streams"]}
    segment = plans["B"]["segments"][0]
    if change == "objective":
        copy["objective"] += 2e-6
    elif change == "bound":
        copy["bound"] -= 1e-3
    elif change == "units":
        segment["training_units"] += 1
    elif change == "retraining":
        plans["B"]["retraining"] = "Cfg9B"
    elif change == "unfinished":
        segment["training_units"] = 0
    elif change == "inference":
        segment["inference"] = None
    elif change == "stream":
        plans["B"]["stream"] = "C"
    elif change == "instant":
        plans["A"]["segments"] += [{**plans["A"]["segments"][0], "start_seconds": 7}]
    return copy


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("objective", "The claimed objective is 0.67708"),
        ("bound", "The claimed bound is 0.67608"),
        ("units", "4 units are in use at 0 s, of 3."),
        ("retraining", "Stream 'B' has no retraining config 'Cfg9B'."),
        ("unfinished", "'Cfg2B' does not finish inside the window"),
        ("inference", "below its floor of 0.4"),
        ("stream", "Stream 'B' has no plan."),
        ("instant", "Stream 'A' changes at 7 s"),
    ],
)
def test_check_finds_what_was_tampered_with(
    run: Any, worked_file: Path, tmp_path: Path, change: str, sentence: str
) -> None:
    """A schedule file changed after the solve fails, and the reason is printed."""
    schedule = run("solve", worked_file, "--json").data["schedule"]
    path = tmp_path / "tampered.json"
    path.write_text(json.dumps(tampered(schedule, change)), encoding="utf-8")
    outcome = run("check", worked_file, path)
    assert outcome.status == 1
    assert outcome.err == ""
    assert sentence in outcome.out
    as_json = run("check", worked_file, path, "--json")
    assert as_json.status == 1
    assert as_json.data["passed"] is False
    sentences = as_json.data["violations"] + as_json.data["false_claims"]
    assert any(sentence in found for found in sentences)


def test_check_prints_every_violation(
    run: Any, worked_file: Path, tmp_path: Path
) -> None:
    """Two broken rules give two sentences."""
    schedule = run("solve", worked_file, "--json").data["schedule"]
    path = tmp_path / "tampered.json"
    twice = tampered(tampered(schedule, "units"), "retraining")
    path.write_text(json.dumps(twice), encoding="utf-8")
    found = run("check", worked_file, path, "--json").data["violations"]
    assert len(found) >= 2


def test_a_claim_may_be_missing(run: Any, worked_file: Path, tmp_path: Path) -> None:
    """A feasible schedule without a claimed objective passes."""
    schedule = run("solve", worked_file, "--json").data["schedule"]
    path = tmp_path / "silent.json"
    bare = {key: schedule[key] for key in ("schema_version", "streams")}
    path.write_text(json.dumps(bare), encoding="utf-8")
    assert run("check", worked_file, path).status == 0


def test_validate_gives_a_line_for_each_file(
    run: Any, worked: dict[str, Any], worked_file: Path, tmp_path: Path
) -> None:
    """Valid and invalid files have a line each; one invalid file means status 1."""
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(worked | {"gpus": -3}), encoding="utf-8")
    assert run("validate", worked_file).status == 0
    outcome = run("validate", worked_file, broken)
    assert outcome.status == 1
    assert outcome.err == ""
    valid, invalid = outcome.out.splitlines()
    assert "worked.json: valid" in valid
    assert "broken.json: gpus: is -3" in invalid
    assert "missing.json" in refused(run("validate", tmp_path / "missing.json"))


def test_generate_writes_reproducible_files(run: Any, tmp_path: Path) -> None:
    """Files are named by family, size and seed, valid, and the same every time."""
    words = ("generate", "recorded-like", "--streams", 3, "--gpus", 2)
    for name in ("once", "again"):
        outcome = run(*words, "--seed", 5, "--count", 2, "-o", tmp_path / name)
        assert outcome.status == 0
    names = [f"recorded-like-3x2-seed{seed}.json" for seed in (5, 6)]
    for name in names:
        once, again = tmp_path / "once" / name, tmp_path / "again" / name
        assert once.read_bytes() == again.read_bytes()
        assert run("validate", once).status == 0
    contents = {(tmp_path / "once" / name).read_bytes() for name in names}
    assert len(contents) == 2
    assert sorted(path.name for path in (tmp_path / "once").iterdir()) == names


@pytest.mark.parametrize(
    ("family", "change", "expected"),
    [
        ("nature", (), "there is no family 'nature'; there are: "),
        ("recorded-like", ("--streams", 0), "num_streams is 0"),
        ("recorded-like", ("--count", 0), "--count is 0"),
        ("recorded-like", ("--set", "colour=red"), "has no option 'colour'"),
        ("recorded-like", ("--set", "seed=3"), "has no option 'seed'"),
        ("recorded-like", ("--set", "units_per_gpu=many"), "units_per_gpu: is 'many'"),
        ("recorded-like", ("--gpus", -1), "gpus"),
        ("recorded-like", ("--gpus", "nan"), "gpus"),
        ("recorded-like", ("--seed", -1), "seed is -1"),
    ],
)
def test_generate_refuses_what_it_cannot_make(
    run: Any, tmp_path: Path, family: str, change: tuple[Any, ...], expected: str
) -> None:
    """Unknown families and impossible sizes are bad usage."""
    words = ("generate", family, "--streams", 2, "--gpus", 1, "-o", tmp_path / "new")
    assert expected in refused(run(*words, *change))


def test_generate_takes_options_of_the_family(run: Any, tmp_path: Path) -> None:
    """--set gives the server's fields and the family's own options."""
    words = ("generate", "recorded-like", "--streams", 2, "--gpus", 1, "-o", tmp_path)
    options = ("units_per_gpu=20", "reallocation=stream", "weighted=true")
    outcome = run(*words, *(word for text in options for word in ("--set", text)))
    assert outcome.status == 0
    content = json.loads(Path(outcome.out.strip()).read_text(encoding="utf-8"))
    assert content["units_per_gpu"] == 20
    assert content["reallocation"] == "stream"


def test_generate_refuses_a_file_as_directory(run: Any, worked_file: Path) -> None:
    """-o must be a directory or not exist yet."""
    words = ("generate", "recorded-like", "--streams", 2, "--gpus", 1)
    assert "worked.json" in refused(run(*words, "-o", worked_file))


def test_solvers_lists_kinds_and_settings(run: Any) -> None:
    """Every solver has a kind and a sentence; settings name default and choices."""
    described = {entry["name"]: entry for entry in run("solvers", "--json").data}
    assert described["dp"]["kind"] == "exact"
    settings = {part["name"]: part for part in described["thief"]["settings"]}
    assert settings["order"]["default"] in settings["order"]["choices"]
    outcome = run("solvers")
    assert outcome.status == 0
    for entry in described.values():
        assert entry["kind"] in ("exact", "bound", "heuristic", "baseline", "plug-in")
        assert entry["summary"]
        assert f"{entry['name']} ({entry['kind']})" in outcome.out


def test_versions_name_every_dependency(run: Any) -> None:
    """Versions come for ekya-opt, Python, the platform and each dependency."""
    found = run("versions", "--json").data
    assert {"ekya-opt", "python", "platform", "numpy", "pulp"} <= set(found)
    assert run("versions").status == 0


def test_internal_errors_are_one_line(
    run: Any, worked_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug ends with one line and status 2, never with a traceback."""

    def broken(*_: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr("solvers.dp.solve_dp", broken)
    line = refused(run("solve", worked_file))
    assert "internal error: RuntimeError: first line\\nsecond line" in line


def test_a_disagreement_is_an_error(
    run: Any, worked_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A solver that the referee contradicts gives no result."""
    from solvers import Answer

    def boastful(*_: object) -> Answer:
        return Answer(infeasible=True)

    monkeypatch.setattr("solvers.dp.solve_dp", boastful)
    assert "claims infeasible" in refused(run("solve", worked_file))


def test_interrupt_outside_a_solve_is_quiet(
    run: Any, worked_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C outside a solve ends with status 130 and one line."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ekya_opt.reading.read", interrupted)
    outcome = run("solve", worked_file)
    assert outcome.status == 130
    assert outcome.err == "ekya-opt: interrupted\n"


@pytest.mark.parametrize("solver", ["milp", "cp-sat"])
def test_logs_do_not_mix_with_data(run_process: Any, solver: str) -> None:
    """With --verbose a backend's log goes to standard error, JSON stays JSON."""
    words = ("solve", "shipped:recorded-like/n3-g1", "--solver", solver)
    outcome = run_process(*words, "--verbose", "--json")
    assert outcome.status == 0
    assert outcome.data["status"] == "optimal"
    assert outcome.err
