"""The table of best known objectives."""

from pathlib import Path

import pytest

from instances import EkyaOptError, InvalidData
from instances.library import BestKnown, read_best_known, write_best_known

HEADER = "instance,hash,objective,bound,engines,versions,date\n"


def _entry(instance: str, digits: str, bound: float | None) -> BestKnown:
    return BestKnown(
        instance=instance,
        hash=digits,
        objective=0.1 + 0.2,
        bound=bound,
        engines=("dp", "cp-sat"),
        versions="ekya-opt 0.1.0, numpy 2.0",
        date="2030-01-31",
    )


def test_the_table_survives_its_file(tmp_path: Path) -> None:
    """What is written is read back, to the last bit, by hash."""
    path = tmp_path / "best.csv"
    entries = [_entry("trap/b", "0b", None), _entry("paper/a", "0a", 0.5)]
    write_best_known(entries, path)
    table = read_best_known(path)
    assert table == {entry.hash: entry for entry in entries}
    assert list(table) == ["0a", "0b"]
    content = path.read_text()
    write_best_known(table, path)
    assert path.read_text() == content


def test_the_file_is_plain_csv(tmp_path: Path) -> None:
    """One line a row, engines joined by a plus, no bound left empty."""
    path = tmp_path / "best.csv"
    write_best_known([_entry("trap/b", "0b", None)], path)
    row = 'trap/b,0b,0.30000000000000004,,dp+cp-sat,"ekya-opt 0.1.0, numpy 2.0",'
    assert path.read_text() == HEADER + row + "2030-01-31\n"


def test_no_file_is_an_empty_table(tmp_path: Path) -> None:
    """Without a file nothing is known."""
    assert read_best_known(tmp_path / "none.csv") == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "line 1: is "),
        ("a,b\n", "line 1: is "),
        (HEADER + "x,h,0.5\n", "line 2: has 3 cells, expected 7"),
        (HEADER + "x,h,half,,dp,v,d\n", "line 2.objective: is 'half'"),
        (HEADER + "x,h,1.5,,dp,v,d\n", "line 2.objective: is 1.5"),
        (HEADER + "x,h,nan,,dp,v,d\n", "line 2.objective: is nan"),
        (HEADER + "x,h,0.5,-1,dp,v,d\n", "line 2.bound: is -1"),
        (HEADER + ",h,0.5,1,dp,v,d\n", "line 2.instance: is ''"),
    ],
)
def test_a_bad_line_is_named(content: str, said: str, tmp_path: Path) -> None:
    """An error names the file, the line and the column."""
    path = tmp_path / "best.csv"
    path.write_text(content)
    with pytest.raises(InvalidData) as caught:
        read_best_known(path)
    assert str(caught.value).startswith(f"{path}: {said}")


def test_a_table_that_cannot_be_written_or_read(tmp_path: Path) -> None:
    """A missing folder or a folder in the file's place is one clear error."""
    with pytest.raises(EkyaOptError, match="cannot be written"):
        write_best_known([], tmp_path / "none" / "best.csv")
    with pytest.raises(EkyaOptError, match="cannot be read"):
        read_best_known(tmp_path)
