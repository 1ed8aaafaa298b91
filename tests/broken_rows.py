"""Which constraints of a model some values break, for PuLP and CP-SAT alike."""

import re
from collections.abc import Mapping
from typing import Any


def broken_rows(problem: Any, values: Mapping[Any, float]) -> set[str]:
    """Return the families of the constraints that values of all variables break.

    A family is a constraint's name without the indices at its end.
    """
    if hasattr(problem, "proto"):
        names = _broken_in_cp(problem, values)
    else:
        names = _broken_in_milp(problem, values)
    return {re.sub(r"(_\d+)*$", "", name) for name in names}


def _broken_in_milp(problem: Any, values: Mapping[Any, float]) -> list[str]:
    for x, value in values.items():
        x.varValue = value
        assert x.lowBound <= value <= x.upBound
    return [row.name for row in problem.constraints() if not row.valid(1e-9)]


def _broken_in_cp(problem: Any, values: Mapping[Any, float]) -> list[str]:
    at = {x.index: value for x, value in values.items()}
    names = []
    for row in problem.proto.constraints:
        pairs = zip(row.linear.vars, row.linear.coeffs, strict=True)
        low, high = row.linear.domain
        if not low <= sum(n * at[j] for j, n in pairs) <= high:
            names.append(row.name)
    return names
