"""The report of a real store, and whether what it says can be done again."""

import json
import re
import shlex
from html import unescape
from pathlib import Path
from typing import Any

import pytest

import ekya_opt
from ekya_opt.reports.definitions import study_file
from instances import (
    InferenceConfig,
    Instance,
    Reallocation,
    RetrainingConfig,
    Stream,
)
from tests.ekya_opt.reports.test_page import Page

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


def small() -> Instance:
    """Return a window that is not shipped."""
    config = RetrainingConfig(name="cfg", gpu_seconds=30, accuracy=0.9)
    serving = InferenceConfig(name="all", gpus=0.5, relative_accuracy=1)
    streams = tuple(
        Stream(name=name, accuracy=0.5, retraining=(config,), inference=(serving,))
        for name in "AB"
    )
    return Instance(
        name="small", window_seconds=100, gpus=2, units_per_gpu=10, streams=streams
    )


@pytest.fixture(scope="module")
def study() -> Any:
    """Return a study of a shipped window and two others, with settings and seeds."""
    return ekya_opt.Study(
        name="two 'windows' & <more>",
        instances=[
            "shipped:paper/window1",
            small(),
            ekya_opt.replace(small(), name="other", reallocation=Reallocation.STREAM),
        ],
        solvers=["dp", "thief:passes=2:order=by-stream", "random"],
        seeds=[3, 4],
        time_limit=20,
    )


@pytest.fixture(scope="module")
def store(study: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of the study's store."""
    path = tmp_path_factory.mktemp("store") / "store.sqlite"
    study.run(path, workers=1)
    return path


@pytest.fixture(scope="module")
def text(store: Path) -> str:
    """Return the page that the function writes."""
    path = store.with_name("report.html")
    ekya_opt.write_report(store, path)
    return path.read_text(encoding="utf-8")


def test_commands_of_rows_make_the_same_again(
    run: Any, store: Path, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Python on the page writes the files that the commands of all runs read."""
    monkeypatch.chdir(tmp_path)
    page = Page(text)
    code = re.findall(r"<pre>(import ekya_opt\n.*?)</pre>", text, re.DOTALL)
    exec(unescape(code[0]), {})
    details = re.findall(r'<script type="application/json">(.*?)</script>', text)
    commands = [row[0] for row in json.loads(details[0])["rows"]]
    heads, *rows = page.tables["all-runs"]
    assert len(commands) == len(rows) == 18
    assert {shlex.split(command)[2] for command in commands} > {"shipped:paper/window1"}
    for command, row in zip(commands, rows, strict=True):
        program, *arguments = shlex.split(command)
        assert program == "ekya-opt"
        again = run(*arguments, "--json").data
        found = again["objective"]
        shown = "–" if found is None else f"{found:.6f}"
        assert row[heads.index("objective")] == shown
        assert row[heads.index("status")] == again["status"]


def test_study_file_on_the_page_asks_for_the_same_runs(
    store: Path, text: str, tmp_path: Path, study: Any
) -> None:
    """Read again, the file names the tasks that are in the store, by their keys."""
    found = re.findall(r"<pre>(name = .*?)</pre>", text, re.DOTALL)
    file = tmp_path / "study.toml"
    file.write_text(unescape(found[0]), encoding="utf-8")
    opened = ekya_opt.open_store(store)
    for name in opened.planned()["instance_hash"].unique():
        ekya_opt.write_problem(opened.problem(name), tmp_path / f"{name}.json")
    again = ekya_opt.read_study(file)
    keys = {task.key for task in study.tasks()}
    assert {task.key for task in again.tasks()} == keys == set(opened.runs()["key"])


def test_study_files_say_all_that_defines_a_study(tmp_path: Path) -> None:
    """Quotes, lists of tables, generated instances and no limit survive the way."""
    study = ekya_opt.Study(
        name='quoted "name" \\ ünï',
        generate=[{"family": "recorded-like", "streams": [2, 3], "gpus": 1.5}],
        changes=[{}, {"reallocation": ["never", "stream"]}],
        solvers=["dp", {"solver": "thief", "settings": {"passes": [0, 1]}}],
        time_limit=None,
        memory_gb=1.5,
        plan_on="estimates",
    )
    path = tmp_path / "study.toml"
    path.write_text(study_file(study.definition()), encoding="utf-8")
    assert ekya_opt.read_study(path).definition() == study.definition()


def test_python_on_the_page_runs(text: str) -> None:
    """Each line that a table or a figure names works with nothing but the package."""
    lines = re.findall(r"Again in Python: <code>(.*?)</code>", text)
    assert len(lines) >= 10
    for line in lines:
        exec(unescape(line), {"ekya_opt": ekya_opt})
    import matplotlib.pyplot as plt

    plt.close("all")


def test_page_of_a_store_tells_of_its_file(text: str, store: Path) -> None:
    """Size and schema of the store, the environment, and accuracies after paying."""
    page = Page(text)
    assert page.facts["size of the store"] == f"{store.stat().st_size / 1e6:.2f} MB"
    assert page.facts["schema version"] == "1"
    assert page.rows("environments")["versions.ekya-opt"]["what"]
    paid = page.rows("paid-table")["dp"]
    assert paid["runs"] == "6"
    assert 0 < float(paid["after paying"]) <= float(paid["mean accuracy"])
    assert "Not drawn: there is no store" not in text


def test_command_writes_the_page(
    run: Any, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command names its title and study in the page, and how to call it again."""
    # The figures take most of the time, and are looked at above.
    monkeypatch.setattr("ekya_opt.reports.figures.drawings", lambda contents: [])
    output = tmp_path / "page.html"
    name = "two 'windows' & <more>"
    words = ("report", store, "-o", output, "--study", name, "--title", "My <title>")
    outcome = run(*words)
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    text = output.read_text(encoding="utf-8")
    assert "<title>My &lt;title&gt;</title>" in text
    command = shlex.join(["ekya-opt", *map(str, words)])
    assert command in unescape(text)
    sources = unescape(" ".join(re.findall(r"Python: <code>(.*?)</code>", text)))
    assert f".runs({name!r})" in sources


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("no.sqlite", "-o", "x.html"), "no.sqlite: there is no such file"),
        (("{store}", "-o", "no/x.html"), "no/x.html: cannot be written"),
        (("{store}", "-o", "{store}"), "cannot be written: is the store itself"),
        (("{store}", "-o", "x.html", "--study", "nix"), "has no study 'nix'"),
    ],
)
def test_bad_input_is_one_line(
    run: Any,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    message: str,
) -> None:
    """A missing store, a missing folder and an unknown study are named."""
    monkeypatch.chdir(tmp_path)
    outcome = run("report", *(word.format(store=store) for word in words))
    assert outcome.status == 2
    assert message in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())
