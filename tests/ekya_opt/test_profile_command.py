"""The command ``profile``: a measured folder, its instances, resuming, bad input."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ekya_opt
from instances.profiler import recipes
from instances.profiler.journal import read_journal
from instances.profiler.measuring import measure
from instances.profiler.points import MicroRun, RecipeRun
from tests.ekya_opt.conftest import Run
from tests.instances.profiler.tiny import preset, untimed

TINY = preset()
NUM_POINTS = 2 * 2 * (1 + 2 * 2)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the preset quick be one that is measured in two seconds."""
    monkeypatch.setattr(recipes, "PRESETS", {"quick": TINY, "full": recipes.FULL})


def test_a_profile_is_measured_reported_and_solved(run: Run, tmp_path: Path) -> None:
    """Every point is on file; the instances validate, solve and name their origin."""
    folder = tmp_path / "new"
    done = run("profile", "-o", folder, "--gpus", 2, "--seed", 3)
    assert (done.status, done.err) == (0, "")
    assert "2 streams × 2 windows × 4 retraining configs" in done.out
    assert "each config on its own" in done.out
    for estimator in ("paper", "samples", "last", "history", "combo", "calibrated"):
        assert f"\n{estimator} " in done.out
    header, points = read_journal(folder / "digits-cpu.jsonl")
    assert len(points) == NUM_POINTS
    assert header["seed"] == 3
    assert header["environment"]["torch"]
    paths = [folder / f"digits-cpu-window{window}.json" for window in (1, 2)]
    assert sorted(folder.glob("*.json")) == paths
    assert all(str(path) in done.out for path in paths)
    assert run("validate", folder).status == 0
    second = ekya_opt.read(paths[1])
    assert second.gpus == 2
    assert second.metadata["profiler"]["environment"] == header["environment"]
    names = [config.name for config in second.streams[0].retraining]
    trained = ["head-e1", "head-e2", "all-e1", "all-e2"]
    assert names == [*trained, "cached-pretrained", "cached-window1"]
    assert all(each.estimate is not None for each in second.streams[0].retraining)
    compared = run("compare", folder, "--solvers", "dp,thief", "--json").data
    assert [row["status"] for row in compared[::2]] == ["optimal", "optimal"]


def test_a_cached_model_scores_what_it_scored_as_the_start(
    run: Run, tmp_path: Path
) -> None:
    """The last model at hand is the one in service when the window begins."""
    assert run("profile", "-o", tmp_path).status == 0
    for window, origin in ((1, "pretrained"), (2, "window1")):
        instance = ekya_opt.read(tmp_path / f"digits-cpu-window{window}.json")
        for stream in instance.streams:
            by_name = {config.name: config for config in stream.retraining}
            assert by_name[f"cached-{origin}"].accuracy == stream.accuracy


@pytest.mark.parametrize("kept", [1, 7, NUM_POINTS - 1])
def test_an_interrupted_profile_goes_on(
    run: Run, tmp_path: Path, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-C all finished points are kept, and the rest gets the same numbers."""
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    assert run("profile", "-o", whole).status == 0

    def stopping(*words: Any, **more: Any) -> Any:
        for number, point in enumerate(measure(*words, **more), start=1):
            yield point
            if number == kept:
                raise KeyboardInterrupt

    monkeypatch.setattr("instances.profiler.profile.measure", stopping)
    stopped = run("profile", "-o", parted)
    assert stopped.status == 130
    assert f"{kept} of {NUM_POINTS} points are kept" in stopped.err
    assert len(stopped.err.splitlines()) == 1
    assert not list(parted.glob("*.json"))
    monkeypatch.setattr("instances.profiler.profile.measure", measure)
    earlier = read_journal(parted / "digits-cpu.jsonl")[1]
    assert len(earlier) == kept
    assert run("profile", "-o", parted).status == 0
    found = read_journal(parted / "digits-cpu.jsonl")[1]
    assert found[:kept] == earlier
    expected = read_journal(whole / "digits-cpu.jsonl")[1]
    assert untimed(found) == untimed(expected)


def test_ctrl_c_ends_a_process_in_one_line(
    python_environment: Callable[[], dict[str, str]], tmp_path: Path
) -> None:
    """A real signal while models are trained: status 130, no traceback."""
    with subprocess.Popen(
        [sys.executable, "-m", "ekya_opt", "profile", "-o", str(tmp_path)],
        env=python_environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        points = tmp_path / "digits-cpu.jsonl"
        end = time.monotonic() + 60
        while not (points.is_file() and points.read_bytes().count(b"\n") > 2):
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert process.stderr is not None
        (line,) = process.stderr.read().splitlines()
    assert "of 78 points are kept" in line


def test_a_finished_profile_serves_another_server(run: Run, tmp_path: Path) -> None:
    """Nothing is measured again; GPU-seconds follow the scale and the cost."""
    assert run("profile", "-o", tmp_path).status == 0
    before = (tmp_path / "digits-cpu.jsonl").read_bytes()
    path = tmp_path / "digits-cpu-window1.json"
    measured = ekya_opt.read(path)
    words = ("--scale", 10, "--cost", "nominal", "--estimator", "last", "--gpus", 1)
    again = run("profile", "-o", tmp_path, *words, "--json")
    assert again.status == 0
    assert again.data["configs"] == 4
    assert (tmp_path / "digits-cpu.jsonl").read_bytes() == before
    nominal = ekya_opt.read(path)
    assert nominal.gpus == 1
    seconds = nominal.metadata["device_seconds"]
    assert seconds == measured.metadata["device_seconds"]
    for stream in nominal.streams:
        for config in stream.retraining[:4]:
            by_formula = seconds["nominal"][stream.name][config.name]
            assert config.gpu_seconds == pytest.approx(10 * by_formula, abs=1e-5)
            # With nominal costs the time is known exactly.
            assert config.estimate is not None
            assert config.estimate.gpu_seconds == pytest.approx(
                config.gpu_seconds, abs=1e-5
            )


def test_reports_read_what_was_measured(run: Run, tmp_path: Path) -> None:
    """Micro-profiles and the validation are known beside the instances only."""
    assert run("profile", "-o", tmp_path).status == 0
    words = ("--solvers", "dp", "--times", "probe", "--json")
    rows = run("estimators", tmp_path, *words).data
    assert [row["estimator"] for row in rows] == [
        *("truth", "perfect", "paper", "samples", "last"),
        *("history", "combo", "calibrated"),
    ]
    assert rows[0]["regret"] == 0
    assert all(row["regret"] >= -1e-9 for row in rows)
    paper = rows[2]
    assert paper["validation_median"] != paper["test_median"]
    pruned = run("pruning", tmp_path, "--tolerances", 0, "--json").data
    assert [row["configs"] for row in pruned] == [4]
    (tmp_path / "digits-cpu.jsonl").unlink()
    alone = run("estimators", tmp_path, "--solvers", "dp", "--json").data
    assert "recorded" in {row["estimator"] for row in alone}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seed", -1), "seed is -1, expected"),
        (("--scale", 0), "scale is 0.0, expected"),
        (("--drift", "nan"), "drift is nan, expected"),
        (("--frame-size", 30), "frame_size is 30, expected a multiple of 4"),
        (("--frames-per-second", 0), "frames_per_second is 0.0, expected"),
        (("--num-exemplars", 0), "num_exemplars is 0, expected"),
        (("--estimator", "oracle"), "estimator is 'oracle', expected one of paper"),
        (("--units-per-gpu", 0), "units_per_gpu"),
        (("--reallocation", "server"), "slot_seconds"),
        (("--frames", "nowhere"), "nowhere"),
        (("--device", "cuda"), "device cuda is not available to PyTorch here"),
    ],
)
def test_bad_usage_is_one_line_before_anything_is_measured(
    run: Run, tmp_path: Path, words: tuple[object, ...], message: str
) -> None:
    """Status 2, the reason, and no folder."""
    import torch

    if "cuda" in words and torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    done = run("profile", "-o", tmp_path / "new", *words)
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "new").exists()


def test_missing_packages_are_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says what to install."""
    from instances.profiler import device

    monkeypatch.setattr(device, "find_spec", lambda _name: None)
    done = run("profile", "-o", tmp_path)
    assert done.status == 2
    assert 'needs PyTorch: pip install "ekya-opt[profile]"' in done.err
    assert len(done.err.splitlines()) == 1


def test_another_profile_in_the_folder_is_refused(run: Run, tmp_path: Path) -> None:
    """Two seeds never mix; the first profile stays as it is."""
    assert run("profile", "-o", tmp_path).status == 0
    before = (tmp_path / "digits-cpu.jsonl").read_bytes()
    done = run("profile", "-o", tmp_path, "--seed", 1)
    assert done.status == 2
    assert "was measured with seed 0, not 1" in done.err
    assert (tmp_path / "digits-cpu.jsonl").read_bytes() == before


def test_points_of_another_kind_are_refused(run: Run, tmp_path: Path) -> None:
    """Instances of two profiles in one folder are no windows of one server."""
    assert run("profile", "-o", tmp_path).status == 0
    path = tmp_path / "digits-cpu-window1.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["metadata"]["scale"] = 7
    path.write_text(json.dumps(content), encoding="utf-8")
    done = run("estimators", tmp_path)
    assert done.status == 2
    assert "not made of one profile for one server" in done.err


def test_micro_profiles_cost_less_than_the_runs(run: Run, tmp_path: Path) -> None:
    """The report's speed-up is the ratio of the seconds in the file."""
    data = run("profile", "-o", tmp_path, "--json").data
    points = read_journal(tmp_path / "digits-cpu.jsonl")[1]
    micro = sum(sum(p.epoch_seconds) for p in points if isinstance(p, MicroRun))
    shared = sum(
        p.setup_seconds + sum(p.epoch_seconds)
        for p in points
        if isinstance(p, RecipeRun)
    )
    assert data["speed_up_shared"] == pytest.approx(shared / micro)
    assert data["speed_up_separate"] > data["speed_up_shared"]
