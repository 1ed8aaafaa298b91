"""What CBC's log and answer mean."""

import pytest

from solvers import StoppedBy
from solvers.cbc_backend import _read

SEARCHED = """
Result - {result}

Objective value:                -10006.30000000
Lower bound:                    -10015.000
Gap:                            0.00
"""
NOT_FOUND = """
Result - Stopped on time limit

No feasible solution found
Lower bound:                    -10015.000
"""
SOLUTION = ["      0 X0 1 0", "**    3 X3 0.9999999 0", "      7 R7 1 0"]


def test_an_optimal_answer_is_its_own_bound() -> None:
    """CBC prints no bound with a proven optimum; columns, not rows, are read."""
    outcome = _read(
        ["Optimal - objective value -10006.30000000", *SOLUTION],
        "Result - Optimal solution found",
        None,
        given=False,
    )
    assert outcome.ones == [0, 3]
    assert outcome.bound == 10006.3
    assert outcome.stopped_by is None
    assert outcome.warm_start is None


@pytest.mark.parametrize(
    ("head", "result", "stopped_by"),
    [
        ("Stopped on time", "Stopped on time limit", StoppedBy.TIME_LIMIT),
        ("Stopped on iterations", "User ctrl-cuser ctrl-c", StoppedBy.INTERRUPT),
    ],
)
def test_a_stopped_search_has_its_own_bound(
    head: str, result: str, stopped_by: StoppedBy
) -> None:
    """The bound is the log's, made looser by the decimals that it lacks."""
    lines = [f"{head} - objective value -10006.30000000", *SOLUTION]
    log = SEARCHED.format(result=result)
    outcome = _read(lines, log, stopped_by, given=True)
    assert outcome.ones == [0, 3]
    assert outcome.bound == pytest.approx(10015.0005)
    assert outcome.stopped_by is stopped_by
    assert outcome.warm_start == "ignored"


def test_the_relaxation_is_no_solution() -> None:
    """Without an incumbent CBC writes the relaxation; only its bound is taken."""
    head = "Stopped on time (no integer solution - continuous used)"
    lines = [f"{head} - objective value -10015.00000000", *SOLUTION]
    outcome = _read(lines, NOT_FOUND, StoppedBy.TIME_LIMIT, given=False)
    assert outcome.ones is None
    assert outcome.bound == pytest.approx(10015.0005)


@pytest.mark.parametrize("head", ["Infeasible", "Integer infeasible"])
def test_infeasible_counts_only_when_nothing_stopped_it(head: str) -> None:
    """CBC also says "Integer infeasible" when time ends its preprocessing."""
    lines = [f"{head} - objective value -0.66666667", *SOLUTION]
    proven = _read(lines, "", None, given=False)
    assert proven.infeasible
    assert proven.ones is None
    stopped = _read(lines, "", StoppedBy.TIME_LIMIT, given=False)
    assert not stopped.infeasible
    assert stopped.bound is None


def test_no_answer_is_no_answer() -> None:
    """A CBC that was killed left neither a solution nor a bound."""
    outcome = _read(
        [], "Welcome to the CBC MILP Solver", StoppedBy.INTERRUPT, given=True
    )
    assert outcome.ones is None
    assert outcome.bound is None
    assert not outcome.infeasible
