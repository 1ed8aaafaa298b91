"""Fig. 10a: what allocation and choice of configs each contribute.

Ekya-FixedRes adapts configs to uniform shares, Ekya-FixedConfig moves shares for one
config (the better of Config 1 and Config 2). The optimum with only that config stands
beside FixedConfig. Contention is streams a GPU.

*Rule.* Reproduced: with every number of GPUs up to 4 Ekya is above both, by at least
0.01 on average over these, and each of both loses more on average with 1 and 2 GPUs
than with 8. Shape only: on average over 1 to 8 GPUs Ekya is above both.
"""

from functools import partial
from typing import TYPE_CHECKING

from ekya_opt.paper.curves import plot_curves
from ekya_opt.paper.finding import Figure, Finding, Scale, Verdict, decide
from ekya_opt.paper.measuring import by_policy, largest_gap, measure
from ekya_opt.paper.policies import (
    EKYA,
    OPTIMUM,
    describe,
    drift,
    fixed_configs,
    play,
    uniform_baselines,
    with_only,
)
from ekya_opt.paper.tasks import mapped

if TYPE_CHECKING:
    import pandas as pd

STREAMS, WINDOWS = 10, 4
GPUS = (1, 2, 4, 8)
CONTENDED = (1, 2, 4)
LEAST = 0.01
ABLATIONS = ("FixedRes", "FixedConfig")


def experiment(scale: Scale) -> Finding:
    """Measure the claim of Fig. 10a."""
    dear, cheap = fixed_configs()
    policies = {
        "optimum": OPTIMUM,
        "Ekya": EKYA,
        "FixedRes": "fixed-res",
        "FixedConfig 1": f"fixed-config:config={dear}",
        "FixedConfig 2": f"fixed-config:config={cheap}",
        **uniform_baselines(),
    }
    frame = measure([(STREAMS, gpus) for gpus in GPUS], policies, scale, WINDOWS)
    means = by_policy(frame, "gpus")[list(policies)]
    table = means[["optimum", "Ekya", "FixedRes"]].copy()
    table["FixedConfig"] = means[["FixedConfig 1", "FixedConfig 2"]].max(axis=1)
    table["optimum, one config"] = _one_config(cheap, dear, scale)
    table["best uniform"] = means[list(uniform_baselines())].max(axis=1)
    lost = losses(table)
    most = lost.loc[list(CONTENDED)].mean()
    ideal = (table["optimum"] - table["optimum, one config"]).max()
    return Finding(
        name="fig-10a",
        where="Fig. 10a",
        claim="Both the allocation of GPUs and the choice of configs matter, the more "
        "the scarcer GPUs are.",
        measured="with uniform shares (FixedRes) Ekya loses "
        f"{100 * most['FixedRes']:.1f} points on average over 1, 2 and 4 GPUs for 10 "
        f"streams, with one config (FixedConfig) {100 * most['FixedConfig']:.1f}; with "
        f"8 GPUs {100 * lost.loc[8, 'FixedRes']:.1f} and "
        f"{100 * lost.loc[8, 'FixedConfig']:.1f}.",
        optimum=f"{100 * (table['optimum'] - table['Ekya']).mean():.1f} points above "
        f"Ekya on average; one config alone costs the optimum up to {100 * ideal:.1f} "
        "points.",
        verdict=verdict(table),
        because="; ".join(
            f"{name} loses "
            + ", ".join(f"{100 * lost.loc[gpus, name]:.1f}" for gpus in GPUS)
            + " points"
            for name in ABLATIONS
        )
        + " with 1, 2, 4 and 8 GPUs.",
        instances=describe(
            f"{STREAMS} streams on 1, 2, 4 and 8 GPUs",
            WINDOWS,
            scale,
            largest_gap(frame),
        ),
        tables=(
            ("Mean accuracy by number of GPUs", table.reset_index()),
            ("All policies", means.reset_index()),
        ),
        figures=(
            Figure(
                name="fig-10a",
                caption="Ekya with parts of it fixed: mean inference accuracy of 10 "
                "streams against GPUs.",
                draw=partial(plot_curves, table, "GPUs", log=True),
            ),
        ),
    )


def losses(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return what each part of Ekya fixed loses against Ekya."""
    return -table[list(ABLATIONS)].sub(table["Ekya"], axis=0)


def verdict(table: "pd.DataFrame") -> Verdict:
    """Return the verdict on accuracies by GPUs, by the rule of this module."""
    lost = losses(table)
    contended = lost.loc[list(CONTENDED)]
    more = lost.loc[[1, 2]].mean() > lost.loc[8]
    return decide(
        bool((contended > 0).all(axis=None))
        and bool((contended.mean() >= LEAST).all())
        and bool(more.all()),
        bool((lost.mean() > 0).all()),
    )


def _one_config(cheap: str, dear: str, scale: Scale) -> "pd.Series[float]":
    """Return the optimum by GPUs where all streams have one config, the better one."""
    import pandas as pd

    parts = [(gpus, name, scale.seeds) for gpus in GPUS for name in (cheap, dear)]
    values = mapped(_optimum_of_one, parts, scale)
    index = pd.MultiIndex.from_tuples([part[:2] for part in parts])
    best: pd.Series[float] = pd.Series(values, index=index).groupby(level=0).max()
    return best


def _optimum_of_one(part: tuple[int, str, tuple[int, ...]]) -> float:
    gpus, config, seeds = part
    values = [
        play(
            with_only(drift(STREAMS, gpus, seed, windows=WINDOWS), config), OPTIMUM
        ).objective
        for seed in seeds
    ]
    return sum(values) / len(values)
