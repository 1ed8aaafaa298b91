"""The notebooks run from top to bottom and show what they say."""

from pathlib import Path

import nbclient
import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def executed(path: Path) -> str:
    """Return all text that a notebook's cells put out when they are run."""
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return "\n".join(
        output["data"].get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "data" in output
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_hold_no_outputs(path: Path) -> None:
    """Outputs are made by running, never stored."""
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_start_here_shows_the_papers_example() -> None:
    """Two optima of 0.677083 and 0.833333, and their mean of 0.755208."""
    [path] = [path for path in NOTEBOOKS if path.stem == "start_here"]
    text = executed(path)
    for number in ("0.677083", "0.833333", "0.755208"):
        assert number in text
