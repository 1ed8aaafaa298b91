"""The settings of solvers."""

import pytest

from instances import InvalidOption
from solvers.registry import get_solver, kinds_of, solver_names
from solvers.settings import checked_settings


@pytest.mark.parametrize("solver", solver_names())
def test_settings_in_effect_can_be_given(solver: str) -> None:
    """What is in effect, ``None`` included, is taken as given and stays the same."""
    for kind in kinds_of(solver):
        function = get_solver(solver, kind).function
        effective = checked_settings(solver, function, {})
        assert checked_settings(solver, function, effective) == effective


def test_none_is_refused_where_it_is_no_choice() -> None:
    """A setting that is a number cannot be none."""
    function = get_solver("thief", kinds_of("thief")[0]).function
    with pytest.raises(InvalidOption, match="passes is None, expected int"):
        checked_settings("thief", function, {"passes": None})
