import pytest

from instances.profiler.point_checks import InvalidPoint
from tests.instances.profiler.records import micro, run, window


def test_lists_become_tuples_of_floats() -> None:
    """A list of integers, as JSON gives it, is stored as a tuple of floats."""
    seconds = micro(epoch_seconds=[1, 2]).epoch_seconds
    assert seconds == (1.0, 2.0)
    assert {type(value) for value in seconds} == {float}


def test_an_accuracy_above_one_is_refused_with_its_place() -> None:
    """An accuracy is a fraction; the error names the number in the list."""
    with pytest.raises(InvalidPoint, match=r"^validation_accuracy\[1\]: is 1.5"):
        run(validation_accuracy=(0.5, 1.5, 0.7))


def test_a_relative_accuracy_may_exceed_one() -> None:
    """Held predictions can beat fresh ones by chance; the measurement stays as is."""
    assert window().serving[1].relative_accuracy == 1.02


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"setup_seconds": -1.0}, "setup_seconds"),
        ({"flops_per_epoch": float("nan")}, "flops_per_epoch"),
        ({"epochs": (1, 2.5)}, "epochs[1]"),
        ({"window": True}, "window"),
        ({"stream": ""}, "stream"),
        ({"epoch_seconds": 3.0}, "epoch_seconds"),
        ({"epoch_seconds": (1.0, float("inf"), 1.0)}, "epoch_seconds[1]"),
    ],
)
def test_values_outside_their_domain_are_refused(
    changes: dict[str, object], place: str
) -> None:
    """Negative, infinite and missing numbers, wrong types and empty names."""
    with pytest.raises(InvalidPoint) as caught:
        run(**changes)
    assert caught.value.place == place


def test_a_share_of_a_class_is_a_fraction() -> None:
    """The class mix holds shares, so 2 is refused."""
    with pytest.raises(InvalidPoint, match=r"^class_mix_test\[0\]: is 2"):
        window(class_mix_test=(2, 0))
