"""The notebooks run from top to bottom and show what they say."""

import re
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

import ekya_opt

PAGES = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(PAGES.glob("*.ipynb"))


@pytest.fixture(autouse=True)
def plain_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kernel choose how to show figures, as in a notebook."""
    monkeypatch.delenv("MPLBACKEND", raising=False)


def executed(name: str) -> list[dict[str, Any]]:
    """Return what a notebook's cells put out when they are run, by type."""
    notebook = nbformat.read(PAGES / f"{name}.ipynb", as_version=4)
    client = nbclient.NotebookClient(
        notebook,
        timeout=240,
        kernel_name="python3",
        resources={"metadata": {"path": str(PAGES)}},
    )
    client.execute()
    outputs = [each for cell in notebook.cells for each in cell.get("outputs", [])]
    streams = [each["text"] for each in outputs if each["output_type"] == "stream"]
    assert streams == []
    return [each["data"] for each in outputs if "data" in each]


def text_of(outputs: list[dict[str, Any]]) -> str:
    """Return all plain text."""
    return "\n".join(each.get("text/plain", "") for each in outputs)


def figures_in(outputs: list[dict[str, Any]]) -> int:
    """Return the number of figures that were shown."""
    return sum("image/png" in each for each in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_hold_no_outputs(path: Path) -> None:
    """Outputs are made by running, never stored."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not any(cell.outputs or cell.execution_count for cell in code)


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.*")), ids=lambda path: path.name)
def test_links_lead_to_pages(path: Path) -> None:
    """Every page that a page names is there; the index names all, and the studies."""
    if path.suffix in (".md", ".ipynb", ".toml"):
        for target in re.findall(r"\]\(([\w.-]+)\)", path.read_text("utf-8")):
            assert (PAGES / target).exists(), target
        if path.name != "README.md":
            assert f"({path.name})" in (PAGES / "README.md").read_text("utf-8")


def test_start_here_shows_the_papers_example() -> None:
    """Two optima of 0.677083 and 0.833333, their mean, a figure and sliders."""
    outputs = executed("start_here")
    for number in ("0.677083", "0.833333", "0.755208"):
        assert number in text_of(outputs)
    assert figures_in(outputs) == 1
    assert "application/vnd.jupyter.widget-view+json" in outputs[-1]


def test_compare_solvers_shows_what_its_text_says() -> None:
    """On one GPU serving alone beats the Thief in each window, on three it does not.

    A second run of the study finds all 48 runs done.
    """
    outputs = executed("compare_solvers")
    assert "(48, 48)" in text_of(outputs)
    assert figures_in(outputs) == 3
    rows = {}
    for line in text_of(outputs).splitlines():
        if found := re.match(r"(digits-cpu-window\d(?:, 1 GPU)?) +(\S.*)", line):
            rows[found[1]] = [float(word) for word in found[2].split()]
    assert len(rows) == 8
    for name, (exact, greedy, thief, _, _, serving, _) in rows.items():
        assert exact == 0
        assert greedy < 0.5
        assert (serving < thief) == name.endswith("1 GPU")


def test_own_heuristic_ends_ahead_of_the_thief() -> None:
    """The schedule that breaks a rule is an error, the last variant wins on both."""
    outputs = executed("own_heuristic")
    text = text_of(outputs)
    assert "SolverDisagreement" in text
    assert figures_in(outputs) == 3
    gaps = {
        name: (float(contention), float(trap))
        for name, contention, trap in re.findall(
            r"^(\S+) +(\d+\.\d+) +(\d+\.\d+)$", text, flags=re.MULTILINE
        )
    }
    thief, first = gaps["thief:passes=0"], gaps["robin_hood"]
    last = gaps["robin_hood:spread=true:most=4"]
    assert first[0] > thief[0]
    assert first[1] < thief[1]
    assert last[0] < thief[0]
    assert last[1] < first[1]


def test_a_heuristic_that_is_stopped_keeps_its_best() -> None:
    """The notebook's function stopped on its way has the incumbent that it reported."""
    notebook = nbformat.read(PAGES / "own_heuristic.ipynb", as_version=4)
    names: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.source.startswith(("from functools", "def robin_hood")):
            exec(cell.source, names)
    trap = ekya_opt.read("shipped:trap/n10-g4-fine")
    reached: list[float] = []
    for rounds in (1, 2, 3):

        def stopped(
            instance: ekya_opt.Instance, search: ekya_opt.Search, left: int = rounds
        ) -> Any:
            times = iter(range(left))

            def check_time() -> None:
                if next(times, None) is None:
                    raise ekya_opt.TimeUp

            search.check_time = check_time  # type: ignore[method-assign]
            return names["robin_hood"](instance, search, most=4)

        result = ekya_opt.solve(trap, stopped)
        assert result.stopped_by == "time_limit"
        assert result.objective is not None
        reached.append(result.objective)
    assert reached == sorted(set(reached))


def test_landscape_shows_what_its_text_says() -> None:
    """Single steps never end at the optimum, pairs of single units always do."""
    outputs = executed("landscape")
    assert figures_in(outputs) == 3
    lines = text_of(outputs).splitlines()
    single = next(
        line.split() for line in lines if line.startswith("1 ") and "one" in line
    )
    assert float(single[3]) == 0
    pairs = next(line.split() for line in lines if line.split()[:1] == ["pairs"])
    assert float(pairs[2]) == 100


def test_profile_stream_measures_a_folder() -> None:
    """Every config of both cameras is measured, and the optimum is found on them."""
    pytest.importorskip("torch")
    outputs = executed("profile_stream")
    text = text_of(outputs)
    for config in ("head-e3", "head-e12", "all-e3", "all-e12", "cached-window1"):
        assert text.count(f" {config} ") >= 2
    assert "frames-cpu-window2" in text
    assert figures_in(outputs) == 1
