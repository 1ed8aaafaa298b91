"""Table 2: streams served at a mean accuracy of at least 0.75 on one and two GPUs.

A policy serves n streams if its mean accuracy is at least 0.75 with every number of
streams from 1 to n.

*Rule.* Reproduced: Ekya serves at least 4 times the streams on 2 GPUs that it serves on
1, and no uniform baseline more than 2 times. Shape only: Ekya serves more streams than
every uniform baseline, on 1 GPU and on 2.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from ekya_opt.paper.finding import Figure, Finding, Scale, Verdict, decide
from ekya_opt.paper.measuring import by_policy, largest_gap, measure
from ekya_opt.paper.policies import (
    EKYA,
    OPTIMUM,
    RELEASED,
    describe,
    uniform_baselines,
)
from ekya_opt.plots import new_axes

if TYPE_CHECKING:
    import pandas as pd

GOAL = 0.75
GPUS = (1, 2)
GPU_COLUMNS = ("1 GPU", "2 GPUs")
MOST = {1: 7, 2: 13}
"""Streams tried; the optimum falls below 0.75 before."""

WINDOWS = 4
CLAIMED = {
    "Ekya": (2, 8),
    "uniform (1, 50 %)": (2, 2),
    "uniform (2, 90 %)": (2, 4),
    "uniform (2, 50 %)": (2, 4),
    "uniform (2, 30 %)": (0, 2),
}
EKYA_FACTOR, UNIFORM_FACTOR = 4, 2


def experiment(scale: Scale) -> Finding:
    """Measure the claim of Table 2."""
    policies = {
        "optimum": OPTIMUM,
        "Ekya": EKYA,
        "Ekya, released": RELEASED,
        **uniform_baselines(),
    }
    cases = [(n, gpus) for gpus in GPUS for n in range(1, MOST[gpus] + 1)]
    frame = measure(cases, policies, scale, WINDOWS)
    accuracies = {
        gpus: by_policy(frame[frame["gpus"] == gpus], "streams")[list(policies)]
        for gpus in GPUS
    }
    table = capacities(accuracies)
    ekya, best = table.loc["Ekya"], table.loc["optimum"]
    uniform = table.loc[[name for name in CLAIMED if name != "Ekya"]]
    most = uniform["factor"].max()
    return Finding(
        name="table-2",
        where="Table 2",
        claim="Streams served at an accuracy of 0.75 on 1 and on 2 GPUs: Ekya 2 and 8, "
        "4 times as many; uniform at most 2 and 4.",
        measured=f"Ekya {ekya['1 GPU']:.0f} and {ekya['2 GPUs']:.0f}, "
        f"{ekya['factor']:.1f} times as many; the best uniform baseline "
        f"{uniform['1 GPU'].max():.0f} and {uniform['2 GPUs'].max():.0f}.",
        optimum=f"{best['1 GPU']:.0f} and {best['2 GPUs']:.0f}, {best['factor']:.1f} "
        "times as many.",
        verdict=verdict(table),
        because=f"From 1 to 2 GPUs Ekya's streams become {ekya['factor']:.1f} times as "
        f"many (4 would reproduce the claim), those of a uniform baseline {most:.1f} "
        f"times at most, those of the optimum {best['factor']:.1f} times. Two servers "
        "of 1 GPU serve twice the streams of one; only what exceeds that comes from "
        "sharing.",
        instances=describe(
            "1 to 7 streams on 1 GPU, 1 to 13 on 2",
            WINDOWS,
            scale,
            largest_gap(frame),
        ),
        tables=(
            ("Streams served at a mean accuracy of at least 0.75", _shown(table)),
            *(
                (f"Mean accuracy with {name} by number of streams", each.reset_index())
                for name, each in zip(GPU_COLUMNS, accuracies.values(), strict=True)
            ),
        ),
        figures=(
            Figure(
                name="table-2",
                caption="Streams served at a mean accuracy of at least 0.75; "
                "diamonds are the paper's numbers.",
                draw=partial(plot_capacities, table),
            ),
        ),
    )


def capacities(accuracies: "dict[int, pd.DataFrame]") -> "pd.DataFrame":
    """Return the streams that each policy serves by GPUs, and the factor between.

    Parameters
    ----------
    accuracies
        By number of GPUs, 1 and 2, a table of accuracies by number of streams, from 1
        on, and policy. No more streams are counted than it has.
    """
    import numpy as np
    import pandas as pd

    served = {
        name: table.apply(lambda own: int((own >= GOAL).cummin().sum()))
        for name, table in zip(GPU_COLUMNS, accuracies.values(), strict=True)
    }
    table = pd.DataFrame(served)
    few = table["1 GPU"].where(table["1 GPU"] > 0)
    table["factor"] = (table["2 GPUs"] / few).astype(np.float64)
    return table


def verdict(table: "pd.DataFrame") -> Verdict:
    """Return the verdict on the streams served, by the rule of this module."""
    uniform = table.loc[[name for name in table.index if name.startswith("uniform")]]
    ekya = table.loc["Ekya"]
    return decide(
        ekya["factor"] >= EKYA_FACTOR
        and not (uniform["factor"] > UNIFORM_FACTOR).any(),
        all(ekya[gpus] > uniform[gpus].max() for gpus in GPU_COLUMNS),
    )


def plot_capacities(table: "pd.DataFrame", ax: Any = None) -> Any:
    """Draw two bars a policy, the streams served on 1 and on 2 GPUs."""
    axes = new_axes() if ax is None else ax
    places = list(range(len(table)))[::-1]
    for shift, gpus, colour in ((0.2, "1 GPU", "#56B4E9"), (-0.2, "2 GPUs", "#0072B2")):
        heights = [place + shift for place in places]
        bars = axes.barh(heights, table[gpus], height=0.38, color=colour, label=gpus)
        axes.bar_label(bars, padding=9, fontsize="small")
        own = 0 if gpus == "1 GPU" else 1
        claims = [
            (CLAIMED[name][own], place)
            for name, place in zip(table.index, heights, strict=True)
            if name in CLAIMED
        ]
        axes.plot(
            *zip(*claims, strict=True),
            "D",
            color="#D55E00",
            markersize=5,
            label="in the paper" if own else None,
        )
    axes.set_yticks(places, [str(name) for name in table.index])
    axes.set_xlabel(f"streams served at a mean accuracy of at least {GOAL}")
    axes.margins(x=0.1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small", loc="lower right")
    return axes


def _shown(table: "pd.DataFrame") -> "pd.DataFrame":
    claims = [CLAIMED.get(str(name), (None, None)) for name in table.index]
    shown: pd.DataFrame = table.rename_axis("policy").reset_index()
    for idx, gpus in enumerate(GPU_COLUMNS):
        shown[f"{gpus}, paper"] = [claim[idx] for claim in claims]
    return shown
