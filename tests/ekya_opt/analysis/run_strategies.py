"""Hypothesis strategies for tables of runs."""

import pandas as pd
from hypothesis import strategies as st

from tests.ekya_opt.runs import runs_by_hand

LABELS = ("dp", "milp", "thief", "uniform")

shares = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.5, 0.75, 1.0])
seconds = st.sampled_from([0.0, 0.001, 0.02, 0.5, 0.5, 3.0, 60.0])


@st.composite
def tables(draw: st.DrawFn, complete: bool = False) -> pd.DataFrame:
    """Draw runs of up to four solvers on up to three instances, with truths about them.

    A bound is at least the instance's optimum, an objective at most. Unless complete,
    a run may be missing or without a schedule.
    """
    rows = []
    for name in "abc"[: draw(st.integers(1, 3))]:
        optimum = draw(shares)
        for label in LABELS[: draw(st.integers(1, 4)) if not complete else 4]:
            if not complete and draw(st.integers(0, 4)) == 0:
                continue
            row = {"instance": name, "label": label, "seconds": draw(seconds)}
            row |= {"time_limit": 60.0, "streams_per_gpu": float(ord(name) % 2)}
            if complete or draw(st.integers(0, 3)):
                row["objective"] = optimum * draw(shares)
                if draw(st.booleans()):
                    row["bound"] = optimum + (1 - optimum) * draw(shares)
                if draw(st.booleans()):
                    row |= {"objective": optimum, "bound": optimum, "status": "optimal"}
            else:
                row["status"] = draw(st.sampled_from(["error", "no_solution"]))
            rows.append(row)
    return runs_by_hand(*rows)
