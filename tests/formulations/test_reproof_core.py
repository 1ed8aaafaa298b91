"""The enumeration of what loses little, against trying all there is."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations import reproof_core
from formulations.reproof_core import least_loss

LOSSES = st.integers(0, 12).map(lambda twelfths: Fraction(twelfths, 12))
OPTIONS = st.dictionaries(st.integers(0, 6), LOSSES, min_size=1, max_size=4)
Choices = list[dict[int, Fraction]]


def least_of_all(streams: Choices, total: int, price: Fraction) -> Fraction | None:
    """Return the least loss of all combinations that fit, one by one."""
    found = []
    for chosen in itertools.product(*(options.items() for options in streams)):
        idle = total - sum(units for units, _ in chosen)
        if idle >= 0:
            found.append(sum(loss for _, loss in chosen) + price * idle)
    return min(found, default=None)


def pairs(streams: Choices) -> list[tuple[list[int], list[Fraction]]]:
    """Return units and losses of each stream as lists."""
    return [(list(options), list(options.values())) for options in streams]


@given(
    streams=st.lists(OPTIONS, min_size=1, max_size=4),
    copies=st.integers(1, 2),
    total=st.integers(0, 20),
    price=LOSSES,
    gap=st.integers(1, 30).map(lambda tenths: Fraction(tenths, 10)),
)
def test_the_least_loss_is_that_of_all_combinations(
    streams: Choices, copies: int, total: int, price: Fraction, gap: Fraction
) -> None:
    """Below the gap it is found up to rounding; otherwise nothing is."""
    streams = [each for each in streams for _ in range(copies)][:5]
    core = least_loss(pairs(streams), total, price, gap)
    least = least_of_all(streams, total, price)
    assert core.complete
    if least is None or least >= gap:
        assert core.least is None
    else:
        assert core.least is not None
        assert least - Fraction(1, 10**12) <= core.least <= least


@given(
    options=OPTIONS,
    total=st.integers(0, 30),
    price=LOSSES,
    gap=st.integers(1, 30).map(lambda tenths: Fraction(tenths, 10)),
)
def test_counted_streams_lose_no_more_than_all_combinations(
    options: dict[int, Fraction], total: int, price: Fraction, gap: Fraction
) -> None:
    """Equal streams that share counts allow all combinations, and maybe others."""
    least = least_of_all([options] * 5, total, price)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproof_core, "MOST_ALIKE", 1)
        core = least_loss(pairs([options] * 5), total, price, gap)
    assert core.complete
    if least is not None and least < gap:
        assert core.least is not None
        assert core.least <= least


def test_counts_of_many_equal_streams() -> None:
    """1,000 streams may take 2 units more for 1/1000: 7 idle units cost 7/10 else.

    With 3 of them only one unit stays idle: 3/1000 + 1/10.
    """
    many = [([3, 5], [Fraction(0), Fraction(1, 1000)])] * 1000
    core = least_loss(many, 3007, Fraction(1, 10), Fraction(1))
    assert core.least == pytest.approx(Fraction(103, 1000), abs=1e-12)
    assert (core.num_streams, core.num_options) == (1000, 2000)
    assert least_loss(many, 2999, Fraction(1, 10), Fraction(1)).least is None


def test_a_stream_without_options_ends_the_search() -> None:
    """Where a stream loses the whole gap at least, there is no schedule."""
    core = least_loss([([1], [Fraction(0)]), ([], [])], 9, Fraction(0), Fraction(1))
    assert core.complete
    assert core.least is None
