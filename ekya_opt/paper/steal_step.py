"""§6.2: the Thief's step, of which 0.1 instead of 1.0 GPU gains about 8 %.

*Rule.* By the gain in percentage points of the Thief with a step of 0.1 GPU on the one
with 1.0, the mean over servers of 2, 4 and 8 GPUs. Reproduced: from 4 to 16 points.
Shape only: another gain above half a point.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from ekya_opt.paper.charts import plot_lines
from ekya_opt.paper.finding import Figure, Finding, Scale, Verdict
from ekya_opt.paper.parts import graded
from ekya_opt.solving import solve
from formulations.pick_configs import PickConfigs
from instances import Instance
from instances.generators import generate
from solvers.thief import fair_start

STREAMS = 10
GPUS = (2, 4, 8)
UNITS = 100
STEPS = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
COARSE, USUAL = 1.0, 0.1
CLAIM = 8.0
"""Percentage points of mean accuracy from the coarse to the usual step."""


def reachable_optimum(instance: Instance, step: int) -> float:
    """Return the best mean accuracy that steals of a step can reach from a fair start.

    Job j starts with s_j = q_j Δ + r_j units, r_j < Δ. However often Δ moves, r_j stays
    and Σ q_j quanta are spread over the jobs, so that the best spread is
    max Σ_v f_v(k_v) with Σ k_v ≤ Σ q_j, where f_v(k) is the best of a stream with k
    quanta for its two jobs: a multiple-choice knapsack, solved exactly.
    """
    picks = PickConfigs(instance)
    start = fair_start(instance, "inference-first")
    quanta = sum(units // step for share in start for units in share)
    best = np.zeros(quanta + 1)
    for v, (inference, training) in enumerate(start):
        rest = inference % step, training % step
        # More than the densest inference config takes adds nothing.
        useful = -(-max(picks.models[v].serving_units) // step)
        value = np.full(quanta + 1, -np.inf)
        for serving in range(min(quanta, useful) + 1):
            for trained in range(quanta - serving + 1):
                share = rest[0] + serving * step, rest[1] + trained * step
                k = serving + trained
                value[k] = max(value[k], picks.gain(v, share))
        value = np.maximum.accumulate(value)
        best = np.array(
            [(best[: k + 1] + value[k::-1]).max() for k in range(quanta + 1)]
        )
    return float(best[-1])


def step_table(gpus: Sequence[int], seeds: Sequence[int]) -> pd.DataFrame:
    """Return the Thief at each step and the optima beside it, means over seeds.

    Columns are ``gpus``, ``step`` (in GPUs), ``thief``, ``reachable``
    (:func:`reachable_optimum`), ``same_grid``, the proven optimum with units of one
    step for everything, and ``optimum``, that with the finest units; all but the first
    two are mean accuracies.
    """
    rows: list[dict[str, Any]] = []
    for server in gpus:
        for seed in seeds:
            made = partial(generate, "recorded-like", STREAMS, server, seed)
            instance = made(units_per_gpu=UNITS)
            optimum = solve(instance, "dp").objective
            for step in STEPS:
                taken = round(step * UNITS)
                on_grid = solve(made(units_per_gpu=round(1 / step)), "dp").objective
                rows.append(
                    {
                        "gpus": server,
                        "step": step,
                        "thief": solve(instance, "thief", steal_units=taken).objective,
                        "reachable": optimum
                        if taken == 1
                        else reachable_optimum(instance, taken),
                        "same_grid": on_grid,
                        "optimum": optimum,
                    }
                )
    return pd.DataFrame(rows).groupby(["gpus", "step"], as_index=False).mean()


def judge(table: pd.DataFrame) -> tuple[Verdict, float]:
    """Return the verdict and the gain from a step of 1.0 GPU to one of 0.1, in points.

    By the rule of this module; the gain is the mean over the servers of the table.
    """
    means = table.groupby("step")["thief"].mean()
    gain = 100 * float(means[USUAL] - means[COARSE])
    return graded(gain, CLAIM, 0.5), gain


def experiment(scale: Scale) -> Finding:
    """Return what the Thief gains by a finer step, beside what is best with it."""
    table = step_table(GPUS, scale.seeds)
    verdict, gain = judge(table)
    means = table.groupby("step").mean().reset_index()
    at = means.set_index("step")
    by_server = ", ".join(
        f"{judge(part)[1]:+.1f} on {server} GPUs"
        for server, part in table.groupby("gpus")
    )
    return Finding(
        name="steal-step",
        where="§6.2",
        claim="A steal step of 0.1 GPU instead of 1.0 gains about 8 % of accuracy.",
        measured=f"The Thief gains {gain:+.1f} points ({by_server}); with a step of "
        f"0.01 GPU it has {100 * (at.thief[0.01] - at.thief[USUAL]):+.1f} points "
        "against 0.1: it stops at the first steal that gains nothing.",
        optimum=f"Steals of 1.0, 0.1, 0.01 GPU can reach {at.reachable[COARSE]:.3f}, "
        f"{at.reachable[USUAL]:.3f}, {at.reachable[0.01]:.3f}; the Thief reaches "
        f"{at.thief[COARSE]:.3f}, {at.thief[USUAL]:.3f}, {at.thief[0.01]:.3f}.",
        verdict=verdict,
        because=f"the gain is {gain:.1f} points on average over the servers",
        instances=f"recorded-like, {STREAMS} streams on {', '.join(map(str, GPUS))} "
        f"GPUs in units of 1/{UNITS}, seeds {', '.join(map(str, scale.seeds))}, "
        "reallocation never",
        tables=(
            (
                "Mean accuracy by step (GPUs): the Thief, the best that steals of the "
                "step can reach, the optimum in units of the step, the optimum",
                table,
            ),
        ),
        figures=(
            Figure(
                name="steal-step",
                caption="The Thief against its step, and the best that such steals "
                "can reach, means over servers and seeds.",
                draw=partial(plot_steps, means),
            ),
        ),
    )


def plot_steps(table: pd.DataFrame, ax: Any = None) -> Any:
    """Draw what a step is worth, from a table with one row a step."""
    lines = {
        "optimum": "optimum",
        "reachable": "best of such steals",
        "thief": "Thief",
    }
    return plot_lines(
        table,
        "step",
        lines,
        ax,
        across="steal step Δ, GPUs",
        up="mean inference accuracy",
        logarithmic=True,
    )
