"""What planning windows together gains, as a table."""

from dataclasses import replace

import pandas as pd
import pytest

from ekya_opt.horizon_study import COLUMNS, horizon_study, summarise_horizons
from instances import InvalidOption, load_shipped
from tests.horizon_examples import cold_reuse, pays_later


def test_gains_on_paper() -> None:
    """The late gain of the example, 0.695 against 0.5, is a gain of 39 %."""
    both = [pays_later(), replace(cold_reuse(), name="cold")]
    study = horizon_study(both, "decomposition,look-ahead")
    assert list(study.columns) == list(COLUMNS)
    assert list(study["policy"]) == 2 * ["decomposition", "look-ahead", "dp"]
    first = study[study["windows"] == 2].set_index("policy")
    assert first.loc["decomposition", "objective"] == pytest.approx(0.695)
    assert first.loc["decomposition", "gain"] == pytest.approx(0.39)
    assert first.loc["dp", "gain"] == 0
    assert first.loc["dp", "bound"] == pytest.approx(0.695)
    assert first.loc["dp", "gap"] == pytest.approx((0.695 - 0.5) / 0.695)
    second = study[study["windows"] == 3].set_index("policy")
    assert second["gain"].to_list() == pytest.approx([0, 0, 0])


def test_the_summary_has_a_row_a_policy() -> None:
    """Means, spreads and extremes are those of the horizons of one size."""
    study = pd.DataFrame(
        {
            "streams": 2,
            "gpus": 1.0,
            "windows": 3,
            "policy": ["a", "a", "b"],
            "objective": [0.5, 0.7, 0.4],
            "gain": [0.1, 0.3, 0.0],
            "gap": [0.0, 0.02, 0.1],
            "seconds": [1.0, 3.0, 2.0],
        }
    )
    summary = summarise_horizons(study).set_index("policy")
    assert summary.loc["a", "horizons"] == 2
    assert summary.loc["a", "gain"] == pytest.approx(0.2)
    assert summary.loc["a", "spread"] == pytest.approx(0.02**0.5)
    assert summary.loc["a", "least_gain"] == pytest.approx(0.1)
    assert summary.loc["a", "largest_gap"] == pytest.approx(0.02)
    assert summary.loc["a", "median_seconds"] == pytest.approx(2)


def test_only_horizons_are_studied() -> None:
    """A window is refused by name."""
    with pytest.raises(InvalidOption, match="paper-window1 is no horizon"):
        horizon_study([load_shipped("paper/window1")])


def test_horizons_have_names_of_their_own() -> None:
    """Two of one name could not be told apart in the table."""
    with pytest.raises(InvalidOption, match="two horizons have the name 'small'"):
        horizon_study([pays_later(), cold_reuse()])
