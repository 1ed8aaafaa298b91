"""§6.2: a decision takes 9.4 s for 10 streams on 8 GPUs.

*Rule.* By the median wall seconds of the Thief, shares fixed. Reproduced: from a third
to three times 9.4 s, as machines differ. Shape only: less, as the claim is that a
decision is short against the window.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Any

import pandas as pd

from ekya_opt.analysis.paid import paid_accuracy
from ekya_opt.paper.charts import plot_lines
from ekya_opt.paper.finding import Figure, Finding, Scale, Verdict
from ekya_opt.solving import solve
from instances import Instance, Reallocation
from instances.generators import generate
from solvers import Result

STREAMS, GPUS = 10, 8
CLAIM = 9.4
"""Wall seconds of a decision in the paper."""

SHORT = ("dp", "thief", "steal-search")
"""Solvers whose first run, which loads code, would count."""

SOLVERS = ("dp", "thief", "thief-released", "steal-search", "milp")
MODES = (Reallocation.NEVER, Reallocation.STREAM)
PAID = (0.0, 0.001, 0.01, 0.1, 1.0, CLAIM, 40.0)
"""Wall seconds charged to the window."""

ENOUGH_SECONDS = 2.0
"""What repetitions of a slow solver may take."""


def timed(
    instances: Sequence[Instance], solvers: Sequence[str] = SOLVERS, repeat: int = 5
) -> pd.DataFrame:
    """Return the median wall seconds and mean objective of each solver.

    Columns are ``reallocation``, ``solver``, ``seconds`` (median over the instances and
    repetitions, certification included, the first run not counted), ``runs``,
    ``most_seconds`` and ``accuracy``.
    """
    rows: list[dict[str, Any]] = []
    for mode in MODES:
        windows = [replace(each, reallocation=mode) for each in instances]
        for solver in solvers:
            if solver in SHORT:
                solve(windows[0], solver)
            results = _repeated(windows, solver, repeat)
            seconds = [result.runtime for result in results]
            reached = [result.objective or 0.0 for result in results]
            rows.append(
                {
                    "reallocation": str(mode),
                    "solver": solver,
                    "seconds": median(seconds),
                    "most_seconds": max(seconds),
                    "runs": len(seconds),
                    "accuracy": sum(reached) / len(reached),
                }
            )
    return pd.DataFrame(rows)


def paid(
    instances: Sequence[Instance], seconds: Sequence[float] = PAID
) -> pd.DataFrame:
    """Return the mean accuracy when the window begins with a wait for the plan.

    Until the plan is ready the streams are served as the analysis of studies charges
    it (:func:`ekya_opt.analysis.paid.paid_accuracy`). Columns are ``seconds``,
    ``optimum`` and ``thief``, the plans of the two.
    """
    rows = []
    for instance in instances:
        plans = {name: solve(instance, name).schedule for name in ("dp", "thief")}
        for wait in seconds:
            row = {"seconds": wait}
            for name, column in (("dp", "optimum"), ("thief", "thief")):
                row[column] = paid_accuracy(instance, plans[name], wait)
            rows.append(row)
    return pd.DataFrame(rows).groupby("seconds", as_index=False).mean()


def judge(seconds: float) -> Verdict:
    """Return the verdict on the Thief's seconds, by the rule of this module."""
    if seconds > 3 * CLAIM:
        return Verdict.NOT_REPRODUCIBLE
    return Verdict.REPRODUCED if seconds >= CLAIM / 3 else Verdict.SHAPE_ONLY


def experiment(scale: Scale) -> Finding:
    """Return what deciding takes here, and what the wait costs."""
    instances = [generate("recorded-like", STREAMS, GPUS, seed) for seed in scale.seeds]
    times = timed(instances, repeat=3 if scale.quick else 11)
    costs = paid(instances)
    never = times[times["reallocation"] == MODES[0]].set_index("solver")
    cost = costs.set_index("seconds")
    thief, exact = never["seconds"]["thief"], never["seconds"]["dp"]
    verdict = judge(thief)
    lost = 100 * (cost["optimum"][0.001] - cost["optimum"][CLAIM])
    behind = 100 * (cost["optimum"][0.0] - cost["thief"][0.0])
    return Finding(
        name="decision-time",
        where="§6.2",
        claim="A decision for 10 streams, 8 GPUs, 18 configs and a window of 200 s "
        "takes 9.4 s.",
        measured=f"The Thief as printed decides in {1000 * thief:.1f} ms, "
        f"{CLAIM / thief:,.0f} times faster than claimed; as the released code does "
        f"it, in {never['seconds']['thief-released']:.1f} s.",
        optimum=f"The proven optimum takes {1000 * exact:.1f} ms. A wait of 9.4 s "
        f"costs its plan {lost:.2f} points of accuracy against a wait of 1 ms; the "
        f"Thief's plan is {behind:.2f} points below the optimum without any wait.",
        verdict=verdict,
        because=f"{thief:.4f} s are {100 * thief / 200:.3f} % of the window, 9.4 s are "
        "4.7 %; the paper has the time of its own code on its own machine",
        instances=f"recorded-like, {STREAMS} streams on {GPUS} GPUs in units of 1/10, "
        f"18 configs, seeds {', '.join(map(str, scale.seeds))}",
        tables=(
            ("Wall seconds of a decision, certification included", times),
            ("Mean accuracy of a plan that is ready after so many seconds", costs),
        ),
        figures=(
            Figure(
                name="decision-time",
                caption="Mean accuracy against the seconds that the plan takes, paid "
                "for by the window.",
                draw=partial(plot_paid, costs),
            ),
        ),
    )


def _repeated(windows: Sequence[Instance], solver: str, repeat: int) -> list[Result]:
    """Return the results of all windows, again while it takes no more than seconds."""
    start = time.perf_counter()
    results: list[Result] = []
    for done in range(repeat):
        if done and time.perf_counter() - start > ENOUGH_SECONDS:
            break
        results += [solve(each, solver) for each in windows]
    return results


def plot_paid(table: pd.DataFrame, ax: Any = None) -> Any:
    """Draw what a wait for the plan costs."""
    return plot_lines(
        table[table["seconds"] > 0],
        "seconds",
        {"optimum": "the optimum's plan", "thief": "the Thief's plan"},
        ax,
        across="seconds until the plan is ready",
        up="mean inference accuracy",
        logarithmic=True,
    )
