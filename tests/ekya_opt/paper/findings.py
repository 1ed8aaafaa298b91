"""Findings made by hand, with texts that attack a page."""

from typing import Any

import pandas as pd

from ekya_opt.paper.evaluation import Evaluation, Failed
from ekya_opt.paper.finding import Figure, Finding, Scale, Verdict
from ekya_opt.plots import new_axes

HOSTILE = "<script>alert('x')</script> & a | b *c* _d_ `e` [f](http://g)"


def draw(ax: Any = None) -> Any:
    """Draw a line with a hostile name."""
    axes = new_axes() if ax is None else ax
    axes.plot([1, 2], [3, 4], label="<b>line</b> & more")
    axes.legend()
    return axes


def finding(name: str = "fig-8", **values: Any) -> Finding:
    """Return a finding with a table and a figure."""
    table = pd.DataFrame(
        {
            "gpus": [1.0, 2.0],
            "policy": [HOSTILE, None],
            "accuracy": [0.5, float("nan")],
            "seconds": [12.345, 1.0],
        }
    )
    given: dict[str, Any] = {
        "name": name,
        "where": f"where {name}",
        "claim": f"claim of {name}",
        "measured": "measured",
        "optimum": "optimum",
        "verdict": Verdict.SHAPE_ONLY,
        "because": HOSTILE,
        "instances": "two of them",
        "tables": ((f"table of {name}", table),),
        "figures": (Figure(name=name, caption="a | caption", draw=draw),),
    }
    return Finding(**(given | values))


def evaluation(*findings: Finding, **values: Any) -> Evaluation:
    """Return an evaluation that holds findings."""
    scale = Scale(quick=True, seeds=(0, 1))
    return Evaluation(scale=scale, findings=list(findings), **values)


def failed(name: str = "fig-6") -> Failed:
    """Return a failure."""
    return Failed(name=name, where="Fig. 6", error=f"ValueError: {HOSTILE}")
