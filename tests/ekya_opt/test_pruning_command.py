"""Pruning from the outside: what is kept, saved and lost, on paper."""

from pathlib import Path

import pytest

from ekya_opt import Instance, InvalidOption, write_instance
from ekya_opt.pruning_study import COLUMNS, pruning_report, summarise_pruning
from tests.ekya_opt.conftest import Run
from tests.small import retraining, stream, window

GOOD = tuple(retraining(25, 0.9, name=f"good{idx}") for idx in range(4))


def windows() -> list[Instance]:
    """Return three windows of one stream; poor configs, one of them best at last.

    Each config is done after half the window.
    """
    made = []
    for number, last in enumerate((0.5, 0.5, 0.95), start=1):
        poor = (retraining(25, 0.5, name="a"), retraining(25, last, name="b"))
        streams = stream("A", 0.5, retraining=(*GOOD, *poor))
        made.append(window(streams, name=f"window{number}"))
    return made


def test_what_is_lost_on_paper() -> None:
    """Two windows tell that a and b are poor; in the third b would be worth 0.025.

    With b (0.5 + 0.95) / 2 = 0.725, without (0.5 + 0.9) / 2 = 0.7; four of six equal
    costs are kept. In the second window one window is not enough to judge.
    """
    frame = pruning_report(windows(), tolerances=(0.05, 1.0))
    assert tuple(frame.columns) == COLUMNS
    assert frame["instance"].tolist() == ["window2", "window3"] * 2
    assert frame["kept"].tolist() == [6, 4, 6, 6]
    assert frame["configs"].tolist() == [6] * 4
    assert frame["gpu_seconds_kept"].tolist() == pytest.approx([1, 4 / 6, 1, 1])
    assert frame["unpruned"].tolist() == pytest.approx([0.7, 0.725, 0.7, 0.725])
    assert frame["loss"].tolist() == pytest.approx([0, 0.025, 0, 0])
    table = summarise_pruning(frame).set_index("tolerance")
    assert table.loc[0.05, "loss"] == pytest.approx(0.0125)
    assert table.loc[0.05, "worst_loss"] == pytest.approx(0.025)
    assert table.loc[0.05, "kept"] == 5


def test_ctrl_c_keeps_the_rows_so_far() -> None:
    """Interrupted before its second plan, the report has one row."""

    def stop(done: int, _total: int, _what: str) -> None:
        if done > 1:
            raise KeyboardInterrupt

    frame = pruning_report(windows(), progress=stop)
    assert len(frame) == 1
    assert frame.attrs["interrupted"]


def test_the_command_prints_the_means(run: Run, tmp_path: Path) -> None:
    """The table and JSON tell the same loss; the CSV holds both windows."""
    for instance in windows():
        write_instance(instance, tmp_path / f"{instance.name}.json")
    words = ("pruning", tmp_path, "--tolerances", "0.05")
    path = tmp_path / "rows.csv"
    shown = run(*words, "--csv", path)
    assert shown.status == 0
    assert "0.0125" in shown.out.splitlines()[-1]
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3
    (row,) = run(*words, "--json").data
    assert row["worst_loss"] == pytest.approx(0.025)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--tolerances", "2"), "tolerance is 2.0, expected a number in [0, 1]"),
        (("--tolerances", "some"), "is 'some', expected numbers"),
        (("--solvers", "nobody"), "nobody"),
        (("--seed", "-1"), "seed"),
    ],
)
def test_bad_usage_is_one_line(
    run: Run, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    """Status 2 and the reason."""
    for instance in windows():
        write_instance(instance, tmp_path / f"{instance.name}.json")
    done = run("pruning", tmp_path, *words)
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1


def test_one_window_tells_nothing() -> None:
    """There must be windows before."""
    with pytest.raises(InvalidOption, match="expected at least two"):
        pruning_report(windows()[:1])
