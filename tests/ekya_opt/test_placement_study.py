"""The placement study: its rows and its summary."""

from pathlib import Path

import pytest

from ekya_opt.placement_study import COLUMNS, placement_study, summarise_placement
from instances import InvalidInstance
from instances.instance_files import write_instance
from tests.placed import placement
from tests.small import serving, stream, window

STREAMS = [stream(name, 0.9, inference=(serving(2 / 3, 1, "s"),)) for name in "ABC"]


def test_losses_on_paper(tmp_path: Path) -> None:
    """Three demands of 2/3 on two GPUs lose a third of 0.9 when they are placed.

    With thirds of a GPU the pool serves all three. In a placement with any number of
    units two find room. Inverse shares have no 2/3, so each needs a whole GPU. Rounding
    2 of 3 units down leaves 1 of them, on which nothing is served.
    """
    write_instance(window(*STREAMS, gpus=2), tmp_path / "window.json")
    study = placement_study(
        [tmp_path],
        ["milp", "round-and-pack"],
        shares={"units": 3, "inverse": 3},
    )
    assert tuple(study.columns) == COLUMNS
    assert study["shares"].tolist() == ["units", "units", "inverse", "inverse"]
    assert study["pooled"].tolist() == pytest.approx([0.9] * 4)
    assert study["objective"].tolist() == pytest.approx([0.6, 0.6, 0.6, 0.0])
    assert study["loss"].tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])
    assert study["planned"].tolist()[1::2] == pytest.approx([0.9, 0.9])
    summary = summarise_placement(study)
    assert summary["placements"].tolist() == [1] * 4
    assert summary["optimal"].tolist() == [1, 0, 1, 0]
    assert summary["mean_loss"].tolist() == pytest.approx(study["loss"].tolist())


def test_placements_are_taken_as_they_are() -> None:
    """A placement keeps its own shares; a failing solver is a row with a message."""
    problem = placement(*STREAMS, shares="units", units_per_gpu=1000)
    calls = []
    study = placement_study(
        [problem],
        "round-and-pack,milp",
        progress=lambda done, total, what: calls.append((done, total, what)),
    )
    assert study["units_per_gpu"].tolist() == [1000, 1000]
    assert study["status"].tolist() == ["feasible", "error"]
    assert "shares to choose from" in study["message"][1]
    assert calls[1] == (1, 2, "small, units, milp")


def test_a_fraction_of_a_gpu_is_no_placement() -> None:
    """A window of 1.5 GPUs has no physical GPUs."""
    with pytest.raises(InvalidInstance, match=r"gpus: is 1\.5, expected a whole"):
        placement_study([window(*STREAMS, gpus=1.5)], "dp")


def test_ctrl_c_ends_the_study(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted solve is the last one, and its row is left out."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("solvers.placement_milp.solve_placement_milp", interrupted)
    problem = placement(*STREAMS, shares="units", units_per_gpu=3)
    named = ["round-and-pack", "milp", "dp"]
    study = placement_study([problem], named)
    assert study["solver"].tolist() == named[:1]
    assert study.attrs["interrupted"]
