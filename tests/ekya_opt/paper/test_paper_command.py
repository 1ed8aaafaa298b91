"""``ekya-opt paper``: what it runs, refuses, and keeps."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

import ekya_opt
from ekya_opt.paper import fig_4, fig_6, fig_8, fig_10a, table_2
from ekya_opt.paper.evaluation import run_experiments
from ekya_opt.paper.experiments import EXPERIMENTS, Entry, chosen
from ekya_opt.paper.finding import Finding, Scale, Verdict
from ekya_opt.paper.page import _rule
from tests.conftest import RECORDED
from tests.ekya_opt.conftest import Run
from tests.ekya_opt.paper.findings import finding

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


def stub(monkeypatch: pytest.MonkeyPatch, **outcomes: Any) -> list[str]:
    """Let experiments give these findings or errors; return the names that ran."""
    ran: list[str] = []

    def load(self: Entry) -> Any:
        (name,) = [name for name, entry in EXPERIMENTS.items() if entry is self]

        def experiment(_: Scale) -> Finding:
            ran.append(name)
            outcome = outcomes.get(name.replace("-", "_"), finding(name, figures=()))
            if isinstance(outcome, BaseException):
                raise outcome
            found: Finding = outcome
            return found

        return experiment

    monkeypatch.setattr(Entry, "load", load)
    return ran


def test_every_experiment_has_a_module_and_a_rule() -> None:
    """The table leads to functions, and each module's docstring tells its rule."""
    for name, entry in EXPERIMENTS.items():
        module = importlib.import_module(f"ekya_opt.paper.{entry.module}")
        assert entry.load() is module.experiment
        for word in ("eproduced", "hape"):
            assert word in _rule(name), name


def test_only_some_in_the_papers_order(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """``--only`` runs what it names, once each, and the page holds just these."""
    ran = stub(monkeypatch)
    names = "table-2, fig-6,table-2"
    done = run("paper", "--only", names, "-o", tmp_path, "--seeds", 3, "--json")
    assert done.status == 0, done.err
    assert ran == ["fig-6", "table-2"]
    assert [each["name"] for each in done.data["findings"]] == ran
    assert done.data["command"] == (
        "ekya-opt paper --only fig-6,table-2 --seeds 3 -o paper"
    )
    assert done.data == json.loads((tmp_path / "findings.json").read_text())


def test_all_are_run_by_default(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without ``--only`` every experiment runs, and the command names none."""
    ran = stub(monkeypatch)
    done = run("paper", "--quick", "-o", tmp_path)
    assert done.status == 0, done.err
    assert ran == list(EXPERIMENTS)
    told = json.loads((tmp_path / "findings.json").read_text())
    assert told["command"] == "ekya-opt paper --quick --seeds 2 -o paper"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "fig-9"), "there is no experiment 'fig-9'; there are: fig-4,"),
        (("--only", ","), "no experiment is named"),
        (("--seeds", "0"), "seeds is 0, expected an integer from 1"),
        (("--workers", "0"), "workers is 0, expected an integer from 1"),
        (("--recorded", "nowhere"), "nowhere"),
        (("--recorded", "shipped:paper/horizon"), "is a horizon, expected a window"),
    ],
)
def test_bad_usage_is_one_line(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Nothing is run or written, and the line names what is wrong."""
    done = run("paper", *arguments, "-o", tmp_path / "page")
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize("below", [(), ("page",)])
def test_a_file_is_no_directory(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, below: tuple[str, ...]
) -> None:
    """The page needs a directory, which is made before anything is measured."""
    ran = stub(monkeypatch)
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    done = run("paper", "-o", file.joinpath(*below))
    assert done.status == 2
    assert "cannot be written" in done.err
    assert len(done.err.splitlines()) == 1
    assert ran == []


def test_a_failure_is_a_row_and_an_exit_status(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The others are kept, and the page tells which failed and why."""
    stub(monkeypatch, fig_6=ValueError("no\nnumbers"))
    done = run("paper", "--only", "fig-6,fig-8", "-o", tmp_path)
    assert done.status == 1
    assert "ValueError: no" in done.out
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "fig-6 failed: ValueError: no" in text
    assert "Claim of fig-8" in text


def test_an_interrupt_keeps_what_is_done(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Ctrl-C in the third experiment leaves a page with two."""
    ran = stub(monkeypatch, table_2=KeyboardInterrupt())
    done = run("paper", "-o", tmp_path)
    assert done.status == 130
    assert ran == ["fig-4", "fig-6", "table-2"]
    told = json.loads((tmp_path / "findings.json").read_text())
    assert [each["name"] for each in told["findings"]] == ["fig-4", "fig-6"]
    assert told["interrupted"]


def test_progress_and_seconds_are_told() -> None:
    """Progress is told before each experiment."""
    notes: list[tuple[int, int, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        stub(patch)
        scale = Scale(quick=True, seeds=(0,))
        made = run_experiments(
            ["fig-4", "fig-8"], scale, lambda *note: notes.append(note)
        )
    assert notes == [(0, 2, "Table 1, Fig. 4 (fig-4)"), (1, 2, "Fig. 8 (fig-8)")]
    assert all(each.seconds > 0 for each in made.findings)


def test_names_come_as_a_list_too() -> None:
    """Names in a list, in any order, come back in the paper's."""
    assert chosen(["fig-8", "fig-4"]) == ["fig-4", "fig-8"]
    assert chosen(None) == list(EXPERIMENTS)


def test_a_tiny_page_from_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All experiments of this half on a reduced grid: numbers, figures, tables."""
    for module in (fig_6, table_2, fig_8, fig_10a):
        monkeypatch.setattr(module, "WINDOWS", 1)
    monkeypatch.setattr(fig_6, "STREAMS", (2, 3))
    monkeypatch.setattr(table_2, "MOST", {1: 3, 2: 3})
    monkeypatch.setattr(fig_8, "STREAMS", 3)
    monkeypatch.setattr(fig_8, "GPUS", (1.0, 4.0, 16.0))
    monkeypatch.setattr(fig_10a, "STREAMS", 3)
    monkeypatch.setattr(fig_4, "PROVER", "decomposition")
    monkeypatch.setattr(fig_4, "UNITS", 4)
    made = ekya_opt.paper_page(
        tmp_path,
        quick=True,
        only="fig-4,fig-6,table-2,fig-8,fig-10a",
        seeds=1,
    )
    assert not made.failures
    assert len(made.findings) == 5
    for each in made.findings:
        assert each.verdict in Verdict
        assert "nan" not in " ".join((each.measured, each.optimum, each.because))
        assert len(each.tables) >= 1
        for figure in each.figures:
            text = (tmp_path / f"{figure.name}.svg").read_text(encoding="utf-8")
            assert text.rstrip().endswith("</svg>")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert text.count("<svg") == sum(len(each.figures) for each in made.findings)


def test_recorded_windows_are_measured_besides(
    recorded: tuple[int, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their table has the optimum above all, more GPUs never worse, one row each."""
    number, _ = recorded
    if number > 1:
        pytest.skip("one of them says as much as all")
    monkeypatch.setattr(fig_8, "WINDOWS", 1)
    monkeypatch.setattr(fig_8, "STREAMS", 2)
    monkeypatch.setattr(fig_8, "GPUS", (4.0, 16.0))
    path = RECORDED / f"cityscapes-window{number}.json"
    made = fig_8.experiment(Scale(quick=True, seeds=(0,), recorded=(path,)))
    _, table = made.tables[1]
    assert table["gpus"].tolist() == [4, 16]
    for name in ("Ekya", "uniform (high, 50 %)", "uniform (low, 50 %)"):
        assert (table["optimum"] > table[name]).all()
    assert table["optimum"].is_monotonic_increasing
    assert "On the recorded windows Ekya with 4 GPUs" in made.measured
    own = table.set_index("gpus")
    uniform = max(
        own.loc[16, "uniform (high, 50 %)"], own.loc[16, "uniform (low, 50 %)"]
    )
    told = f"on the recorded windows it is {own.loc[4, 'Ekya'] - uniform:+.3f}"
    assert told in made.because
