"""Fig. 10b: the length of the window.

*Rule.* By parts, for the Thief window by window; its best gain is that of its best
length over no retraining. 10 s are as no retraining: reproduced if they gain or lose at
most a tenth of the best gain, shape only if at most half of it. Quickly
better: reproduced if 50 s, a quarter of the paper's window, gain half of the best gain,
shape only if any window shorter than the best does. Slightly worse when very long:
reproduced if 400 s, twice the paper's window, lose more than half a point and at most
half of the best gain, shape only if they lose more. Without any gain no part is
reproducible. Together: what all parts are, otherwise shape only.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import pandas as pd

from ekya_opt.paper.ageing import stretch, without_retraining
from ekya_opt.paper.charts import plot_lines
from ekya_opt.paper.finding import Figure, Finding, Scale, decide
from ekya_opt.paper.parts import Part, overall, reasons
from ekya_opt.paper.tasks import mapped
from ekya_opt.solving import solve

QUICK_SERVER, SERVER = (6, 2.0), (10, 4.0)
"""Streams and GPUs."""

SECONDS = 800.0
LENGTHS = (10.0, 20.0, 50.0, 100.0, 200.0, 400.0, 800.0)
SHORTEST, QUICK, LONG = 10.0, 50.0, 400.0
LEAST_DECLINE = 0.005

Case = tuple[int, float, int, float]
"""Streams, GPUs, seed and seconds of a window."""


def length_table(cases: Sequence[Case], scale: Scale) -> pd.DataFrame:
    """Return one row for each window length, means over the cases.

    Columns are ``window_seconds``; ``thief``, the Thief window by window; ``myopic``,
    the proven optimum of every window, one after the other; ``joint``, the best plan
    found for all windows together, and ``bound``, above which none is; and ``none``,
    the optimum without retraining. All but the first are mean accuracies.
    """
    rows = mapped(_reached, cases, scale)
    return pd.DataFrame(rows).groupby("window_seconds", as_index=False).mean()


def judge(table: pd.DataFrame) -> list[Part]:
    """Return the three parts of the claim by the rule above."""
    row = table.set_index("window_seconds")
    thief = row["thief"]
    best_length = float(thief.idxmax())
    gains = thief - row["none"]
    best, first = float(gains[best_length]), float(gains[SHORTEST])
    half = float(gains[gains >= best / 2].index.min())
    decline = float(thief[best_length] - thief[LONG])
    return [
        Part(
            what="10 s are as no retraining",
            verdict=decide(
                best > 0 and abs(first) <= best / 10,
                best > 0 and abs(first) <= best / 2,
            ),
            why=f"they gain {100 * first:+.1f} points, {best_length:g} s "
            f"{100 * best:+.1f}",
        ),
        Part(
            what="quickly better",
            verdict=decide(best > 0 and half <= QUICK, best > 0 and half < best_length),
            why=f"half of the best gain is there from {half:g} s",
        ),
        Part(
            what="slightly worse when very long",
            verdict=decide(
                LEAST_DECLINE < decline <= best / 2,
                decline > LEAST_DECLINE and best > 0,
            ),
            why=f"{LONG:g} s lose {100 * decline:.1f} points",
        ),
    ]


def experiment(scale: Scale) -> Finding:
    """Return what a window's length is worth to the Thief, and to the optimum."""
    streams, gpus = QUICK_SERVER if scale.quick else SERVER
    cases = [
        (streams, gpus, seed, length) for seed in scale.seeds for length in LENGTHS
    ]
    table = length_table(cases, scale)
    parts = judge(table)
    row = table.set_index("window_seconds")
    best = {name: float(row[name].idxmax()) for name in ("thief", "myopic", "joint")}
    gains = {
        name: 100 * float(row[name][SHORTEST] - row["none"][SHORTEST])
        for name in ("thief", "myopic")
    }
    return Finding(
        name="fig-10b",
        where="Fig. 10b",
        claim="A window of 10 s is as no retraining; accuracy is quickly better as it "
        "grows, and declines slightly when it is very long.",
        measured="The Thief has "
        + ", ".join(f"{row['thief'][each]:.3f} with {each:g} s" for each in LENGTHS)
        + f"; {row['none'][SHORTEST]:.3f} without retraining.",
        optimum=f"The optimum of every window has {row['myopic'][SHORTEST]:.3f} with "
        f"10 s and is best with {best['myopic']:g} s ({row['myopic'].max():.3f}); "
        f"plans of all windows together have {row['joint'][SHORTEST]:.3f} with 10 s "
        f"(bound {row['bound'][SHORTEST]:.3f}) and are best with {best['joint']:g} s "
        f"({row['joint'].max():.3f}, bound {row['bound'][best['joint']]:.3f}). With "
        f"10 s the Thief gains {gains['thief']:+.1f} points on no retraining, the "
        f"optimum of every window {gains['myopic']:+.1f}.",
        verdict=overall(parts),
        because=reasons(parts),
        instances=f"{SECONDS:g} s of {streams} recorded-like streams on {gpus:g} GPUs "
        "in units of 1/20, cut into windows; each 200 s take 0.02 to 0.1 from all "
        "models, and each window the micro-profiler's 4.4 s; a retraining costs the "
        f"same in every window, seeds {', '.join(map(str, scale.seeds))}, reallocation "
        "never",
        tables=(("Mean accuracy by window length, s", table),),
        figures=(
            Figure(
                name="fig-10b",
                caption="Mean accuracy of the same stretch of time against the length "
                "of its windows.",
                draw=partial(plot_lengths, table),
            ),
        ),
    )


def plot_lengths(table: pd.DataFrame, ax: Any = None) -> Any:
    """Draw the accuracy against the length of the window."""
    lines = {
        "joint": "all windows together",
        "bound": "bound on that",
        "myopic": "each window's optimum",
        "thief": "Thief",
        "none": "no retraining",
    }
    return plot_lines(
        table,
        "window_seconds",
        lines,
        ax,
        across="window, s",
        up="mean inference accuracy",
        logarithmic=True,
    )


def _reached(case: Case) -> dict[str, float | None]:
    streams, gpus, seed, length = case
    horizon = stretch(streams, gpus, seed, window_seconds=length, seconds=SECONDS)
    joint = solve(horizon, "look-ahead")
    return {
        "window_seconds": length,
        "thief": solve(horizon, "thief").objective,
        "myopic": solve(horizon, "dp").objective,
        "joint": joint.objective,
        "bound": joint.bound,
        "none": solve(without_retraining(horizon), "dp").objective,
    }
