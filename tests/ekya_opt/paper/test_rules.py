"""Each rule gives each verdict, on tables made by hand."""

from typing import Any

import pandas as pd
import pytest

from ekya_opt.paper import fig_4, fig_6, fig_8, fig_10a, table_2
from ekya_opt.paper.finding import Verdict

YES, SHAPE, NO = Verdict
UNIFORM = ["uniform a", "uniform b"]


@pytest.mark.parametrize(
    ("uniform", "ekya", "expected"),
    [
        (0.55, 0.75, YES),
        (0.58, 0.71, YES),
        (0.55, 0.70, SHAPE),
        (0.64, 0.75, SHAPE),
        (0.53, 0.75, SHAPE),
        (0.60, 0.69, NO),
        (0.74, 0.75, NO),
    ],
)
def test_fig_4(uniform: float, ekya: float, expected: Verdict) -> None:
    """Within 0.02 of 0.56 and from 0.71 on; the shape is a lead of 0.1."""
    assert fig_4.verdict(uniform, ekya) is expected


def gains(ekya: list[float], best: float = 0.5, streams: Any = (2, 10)) -> Any:
    """Return gains of Ekya over two baselines, of which the second is the best."""
    table = pd.DataFrame(
        {"Ekya": ekya, "uniform a": best / 2, "uniform b": best}, index=list(streams)
    )
    return fig_6.gains_of(table, UNIFORM)


def test_gains_of_fig_6() -> None:
    """0.6 is 20 % above 0.5, and 60 % above the mean of 0.25 and 0.5."""
    found = gains([0.6, 0.5])
    assert found["gain"].tolist() == pytest.approx([0.2, 0.0])
    assert found["gain over all"].tolist() == pytest.approx([0.6, 1 / 3])


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        ([0.52, 0.625], [0.52, 0.595], YES),
        ([0.52, 0.615], [0.52, 0.595], SHAPE),
        ([0.52, 0.625], [0.52, 0.585], SHAPE),
        ([0.498, 0.53], [0.52, 0.53], SHAPE),
        ([0.49, 0.615], [0.52, 0.595], NO),
        ([0.52, 0.52], [0.52, 0.595], NO),
    ],
)
def test_fig_6(one: list[float], two: list[float], expected: Verdict) -> None:
    """24 and 18 % above 0.5 are 0.62 and 0.59; nowhere below, and 5 % are the shape."""
    assert fig_6.verdict({1: gains(one), 2: gains(two)}) is expected


def served(ekya: tuple[int, int], uniform: tuple[int, int]) -> pd.DataFrame:
    """Return the table of capacities of accuracies that fall below the goal so."""

    def accuracies(which: int) -> pd.DataFrame:
        counts = {"Ekya": ekya[which], "uniform a": uniform[which]}
        return pd.DataFrame(
            {
                name: [0.75 if n <= count else 0.74 for n in range(1, 11)]
                for name, count in counts.items()
            },
            index=range(1, 11),
        )

    return table_2.capacities({1: accuracies(0), 2: accuracies(1)})


def test_capacities_end_at_the_first_number_below_the_goal() -> None:
    """A policy that recovers with more streams does not serve them."""
    few = pd.DataFrame({"Ekya": [0.8, 0.7, 0.8], "uniform a": [0.7, 0.8, 0.8]})
    many = pd.DataFrame({"Ekya": [0.8, 0.8, 0.8], "uniform a": [0.8, 0.75, 0.7]})
    table = table_2.capacities({1: few, 2: many})
    assert table.loc["Ekya"].tolist() == [1, 3, 3]
    assert table.loc["uniform a"].tolist()[:2] == [0, 2]
    assert table["factor"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("ekya", "uniform", "expected"),
    [
        ((2, 8), (2, 4), YES),
        ((2, 8), (0, 2), YES),
        ((2, 7), (1, 2), SHAPE),
        ((2, 8), (1, 3), SHAPE),
        ((2, 7), (2, 4), NO),
        ((3, 6), (2, 6), NO),
    ],
)
def test_table_2(
    ekya: tuple[int, int], uniform: tuple[int, int], expected: Verdict
) -> None:
    """Four times for Ekya and twice for uniform; the shape is to serve more."""
    assert table_2.verdict(served(ekya, uniform)) is expected


def curves(ekya: list[float], a: list[float], b: list[float]) -> pd.DataFrame:
    """Return accuracies with 1, 4, 8 and 16 GPUs."""
    data = {"optimum": [1.0] * 4, "Ekya": ekya, "uniform a": a, "uniform b": b}
    return pd.DataFrame(data, index=[1.0, 4.0, 8.0, 16.0])


@pytest.mark.parametrize(
    ("ekya", "expected"),
    [
        ([0.5, 0.80, 0.9, 0.95], YES),
        ([0.3, 0.80, 0.9, 0.95], YES),
        ([0.5, 0.796, 0.9, 0.95], YES),
        ([0.5, 0.79, 0.8, 0.95], SHAPE),
        ([0.5, 0.79, 0.79, 0.95], NO),
        ([0.3, 0.79, 0.9, 0.95], NO),
    ],
)
def test_fig_8(ekya: list[float], expected: Verdict) -> None:
    """With 4 GPUs as good as 0.8 with 16; the shape is half of them, never worse."""
    table = curves(ekya, [0.4, 0.5, 0.6, 0.7], [0.3, 0.6, 0.7, 0.8])
    assert fig_8.compared(table, UNIFORM).verdict is expected


def test_gpus_needed_for_fig_8() -> None:
    """What has 0.8 with 8 GPUs needs 8, what has it never needs no number."""
    table = curves([0.4, 0.7, 0.8, 0.9], [0.3, 0.4, 0.5, 0.6], [0.3, 0.6, 0.7, 0.8])
    result = fig_8.compared(table, UNIFORM)
    assert (result.ekya, result.uniform) == (0.7, 0.8)
    assert result.worst == pytest.approx(0.1)
    assert result.needs("Ekya") == "8 GPUs"
    assert result.needs("optimum") == "1 GPU"
    assert result.needs("uniform a") == "no number of GPUs"


@pytest.mark.parametrize(
    ("res", "config", "expected"),
    [
        ([0.05, 0.04, 0.02, 0.01], [0.05, 0.04, 0.02, 0.01], YES),
        ([-0.01, 0.04, 0.02, 0.00], [0.05, 0.04, 0.02, 0.01], SHAPE),
        ([0.05, 0.04, 0.02, 0.06], [0.05, 0.04, 0.02, 0.01], SHAPE),
        ([0.009, 0.008, 0.007, 0.0], [0.05, 0.04, 0.02, 0.01], SHAPE),
        ([-0.05, 0.02, 0.01, 0.0], [0.05, 0.04, 0.02, 0.01], NO),
        ([0.05, 0.04, 0.02, 0.01], [0.0, 0.0, 0.0, 0.0], NO),
    ],
)
def test_fig_10a(res: list[float], config: list[float], expected: Verdict) -> None:
    """Both lose everywhere and more under contention; the shape is a mean loss."""
    table = pd.DataFrame({"Ekya": 0.8}, index=[1, 2, 4, 8])
    table["FixedRes"] = [0.8 - each for each in res]
    table["FixedConfig"] = [0.8 - each for each in config]
    assert fig_10a.verdict(table) is expected
