"""Tables in the HTML outputs of notebooks."""

import json
from pathlib import Path
from typing import Any

import pytest

from instances import EkyaOptError, InvalidInstance
from instances.importers.html_tables import html_tables
from instances.importers.notebooks import find_table
from tests.ekya_clones import notebook, write

SMALL = """<style>td { color: red; }</style><p>1</p>
<table><thead><tr><th></th><th>seconds</th></tr>
<tr><th>share</th><th></th></tr></thead>
<tbody><tr><th>10</th><td> 2.5\n</td></tr>
<tr><th>a &amp; b</th><td>-1 <b>3</b></td></tr>
</tbody></table><td>outside</td>"""


def test_a_table_of_pandas_is_read_cell_by_cell() -> None:
    """Names of the index fill the head; entities and inner tags are resolved."""
    (table,) = html_tables(SMALL)
    assert table.columns == ("share", "seconds")
    assert table.rows == (("10", "2.5"), ("a & b", "-1 3"))


def test_tables_follow_each_other_and_nested_ones_are_not_looked_into() -> None:
    """Each outer table is its own; a nested one adds nothing to it."""
    inner = "<table><tr><td>inner</td></tr></table>"
    text = f"<table><tr><td>x{inner}</td><td>y</td></tr></table>{inner}"
    assert [table.rows for table in html_tables(text)] == [(("x", "y"),), (("inner",),)]


def test_the_first_table_with_the_columns_is_found(tmp_path: Path) -> None:
    """Outputs without the columns are passed over, and the place says which it is."""
    other = "<table><thead><tr><th>seconds</th></tr></thead></table>"
    path = write(tmp_path / "a.ipynb", json.dumps(notebook("none", other, SMALL)))
    found = find_table(path, ("seconds", "share"))
    assert found.place == "cells[3].outputs[0]"
    assert len(found.table.rows) == 2


def test_html_as_one_text_is_read_too(tmp_path: Path) -> None:
    """The notebook format allows an output as a text instead of a list of lines."""
    value = notebook(SMALL)
    value["cells"][1]["outputs"][0]["data"]["text/html"] = SMALL
    path = write(tmp_path / "a.ipynb", json.dumps(value))
    assert find_table(path, ["share"]).table.columns == ("share", "seconds")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("[1]", "is not a Jupyter notebook"),
        ('{"cells": 3}', "is not a Jupyter notebook"),
        (notebook(), "holds no table with the columns share, watts"),
        (
            notebook(SMALL),
            "holds no table with the columns share, watts; the nearest, "
            "cells[1].outputs[0] lacks watts",
        ),
        (
            notebook(SMALL.replace("seconds", "watts").replace("<td>-1", "<td/><td>")),
            "cells[1].outputs[0].rows[1]: has 3 cells, expected 2 as in the head",
        ),
        (
            notebook(
                "<table><thead><tr><th>share<th>watts<th>share</tr></thead></table>"
            ),
            "cells[1].outputs[0]: has the column 'share' 2 times",
        ),
        (
            {"cells": [1, {"outputs": [2, {"data": {"text/html": 7}}]}]},
            "holds no table",
        ),
    ],
)
def test_what_is_no_such_notebook_is_refused(
    content: Any, message: str, tmp_path: Path
) -> None:
    """Each refusal names the file and what was expected, in one line."""
    text = content if isinstance(content, str) else json.dumps(content)
    path = write(tmp_path / "a.ipynb", text)
    with pytest.raises(InvalidInstance) as refusal:
        find_table(path, ("share", "watts"))
    assert str(refusal.value).startswith(f"{path}: ")
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_missing_notebook_is_no_traceback(tmp_path: Path) -> None:
    """A file that is not there is the toolkit's own error."""
    with pytest.raises(EkyaOptError, match="cannot be read"):
        find_table(tmp_path / "none.ipynb", ["share"])
