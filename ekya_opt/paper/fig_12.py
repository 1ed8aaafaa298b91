"""Fig. 12: models of earlier windows used again, instead of retraining.

*Rule.* By what the Thief loses in the measured windows with models chosen by class mix,
as in the paper, against retraining. Reproduced: from 13 to 52 % in the worst window,
and above 0 on average. Shape only: another loss above 0 on average. Generated horizons
do not count: how fast their models fall is an option of the family.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import dist
from typing import Any

import pandas as pd

from ekya_opt.paper.charts import plot_points
from ekya_opt.paper.finding import Figure, Finding, Scale, Verdict
from ekya_opt.paper.parts import graded
from ekya_opt.reading import read
from ekya_opt.solving import solve
from instances import Instance
from instances.generators import generate_problem
from instances.horizon import Held, Horizon
from instances.horizon_stream import INITIAL, HorizonStream, accuracy_in, model_name
from instances.library import load_shipped

RECORDED = "shipped:recorded/digits-cpu-horizon"
MEASURED = "measured"
STREAMS, GPUS, WINDOWS, UNITS = 10, 4, 8, 20
SCENES = 3
CLAIM = 26.0
"""Per cent that cached models are worse than retraining, at most."""

WAYS = {
    "retraining": "retraining",
    "nearest": "reuse, by class mix",
    "reuse": "reuse, best choice",
    "both": "both",
}


def trained(stream: HorizonStream, window_idx: int, reference: str | None) -> str:
    """Return the model that a stream keeps of a window.

    It is the reference config's, whose later scores a profile measured; without one,
    the most accurate.
    """
    configs = stream.windows[window_idx].retraining
    best = max(configs, key=lambda config: config.accuracy)
    return model_name(window_idx, reference or best.name)


def ways(horizon: Horizon, window_idx: int) -> dict[str, Instance]:
    """Return a window's problem with retraining only, reuse only, and with both.

    The history is the first half of the horizon; of each of its windows every stream
    keeps one model. With retraining a stream holds the model of the window before, with
    reuse only the last of the history, and it may load the other ones.
    """
    history = horizon.num_windows // 2
    reference = horizon.metadata.get("reference")
    last, cached = [], []
    for stream in horizon.streams:
        last.append(trained(stream, window_idx - 1, reference))
        models = [trained(stream, w, reference) for w in range(history)]
        cached.append((INITIAL, *models))
    fresh = [Held(model=model) for model in last]
    old = [Held(model=models[-1], kept=models[:-1]) for models in cached]
    everything = [
        Held(model=model, kept=tuple(each for each in models if each != model))
        for model, models in zip(last, cached, strict=True)
    ]
    own = {
        stream.name: {config.name for config in stream.windows[window_idx].retraining}
        for stream in horizon.streams
    }
    reused = horizon.window(window_idx, old)
    streams = tuple(
        replace(
            stream,
            retraining=tuple(
                config
                for config in stream.retraining
                if config.name not in own[stream.name]
            ),
        )
        for stream in reused.streams
    )
    return {
        "retraining": horizon.window(window_idx, fresh),
        "reuse": replace(reused, streams=streams),
        "both": horizon.window(window_idx, everything),
    }


def nearest(horizon: Horizon, window_idx: int) -> Instance | None:
    """Return a window served by the models of the history whose classes are nearest.

    The paper's rule: the Euclidean distance between the class mixes of the labelled
    frames, those of the window and those that a model was trained on. The model serves
    from the start, without any load time. ``None`` if no mixes are recorded.
    """
    names = horizon.metadata.get("windows", ())
    mixes: list[Mapping[str, Any]] = [
        load_shipped(f"recorded/{name}").metadata["class_mix"] for name in names
    ]
    if not mixes:
        return None
    reference = horizon.metadata.get("reference")
    held = []
    for stream in horizon.streams:
        seen = [mix[stream.name]["training"] for mix in mixes]
        history = range(horizon.num_windows // 2)
        picked = min(history, key=lambda w: dist(seen[w], seen[window_idx]))
        held.append(Held(model=trained(stream, picked, reference)))
    window = horizon.window(window_idx, held)
    streams = tuple(replace(stream, retraining=()) for stream in window.streams)
    return replace(window, streams=streams)


def reuse_table(groups: Mapping[str, Sequence[Horizon]]) -> pd.DataFrame:
    """Return what each way reaches in each window after the history.

    One row for each group, horizon and window: ``thief_WAY`` and ``optimum_WAY`` for
    the ways ``retraining``, ``nearest`` (missing without class mixes), ``reuse`` and
    ``both``, and ``stream_loss``, the largest share that a stream's best model of the
    history is less accurate than its best retraining.
    """
    rows = []
    for group, horizons in groups.items():
        for horizon in horizons:
            for w in range(horizon.num_windows // 2, horizon.num_windows):
                row: dict[str, Any] = {"group": group, "horizon": horizon.name}
                row["window"] = w + 1
                problems = ways(horizon, w) | {"nearest": nearest(horizon, w)}
                for way in WAYS:
                    row |= _reached(way, problems[way])
                row["stream_loss"] = max(_losses(horizon, w))
                rows.append(row)
    numbers = [f"{who}_{way}" for who in ("thief", "optimum") for way in WAYS]
    return pd.DataFrame(rows).astype(dict.fromkeys(numbers, "float64"))


def losses(table: pd.DataFrame, who: str = "thief") -> pd.Series:
    """Return the loss by reuse in every window, 1 - reuse / retraining, in per cent.

    The models are those nearest in class mix, the paper's choice, where mixes are
    recorded, and the best choice elsewhere.
    """
    reused = table[f"{who}_nearest"].fillna(table[f"{who}_reuse"])
    return 100 * (1 - reused / table[f"{who}_retraining"])


def judge(table: pd.DataFrame) -> tuple[Verdict, float, float]:
    """Return the verdict on windows, and the largest and mean loss by reuse.

    By the rule of this module; the losses are in per cent.
    """
    lost = losses(table)
    largest, mean = float(lost.max()), float(lost.mean())
    if not mean > 0:
        return Verdict.NOT_REPRODUCIBLE, largest, mean
    return graded(largest, CLAIM), largest, mean


def joint_table(
    groups: Mapping[str, Sequence[Horizon]], time_limit: float
) -> pd.DataFrame:
    """Return proven optima of whole horizons, with and without earlier models.

    One row for the first horizon of each group: ``retraining`` (no model is kept) and
    ``both`` (two are), with their bounds.
    """
    rows = []
    for group, horizons in groups.items():
        row: dict[str, Any] = {"group": group, "horizon": horizons[0].name}
        for way, kept in (("retraining", 0), ("both", 2)):
            problem = replace(horizons[0], cached_models=kept)
            result = solve(problem, "decomposition", time_limit=time_limit)
            row |= {way: result.objective, f"{way}_bound": result.bound}
        rows.append(row)
    return pd.DataFrame(rows)


def experiment(scale: Scale) -> Finding:
    """Return what models of earlier windows are worth, with the best choice of them."""
    groups = horizon_groups(scale.seeds)
    table = reuse_table(groups)
    verdict, largest, mean = judge(table[table["group"] == MEASURED])
    joint = joint_table(groups, 20 if scale.quick else 60)
    columns = [name for name in table if name not in ("group", "horizon", "window")]
    by_group = table.groupby("group", sort=False)
    means = by_group[columns].mean().reset_index()
    lost = {group: judge(part)[1:] for group, part in by_group}
    shown = "; ".join(
        f"{group} {at_most:+.1f} % at most, {average:+.1f} % on average"
        for group, (at_most, average) in lost.items()
    )
    gained = 100 * (table["optimum_both"] - table["optimum_retraining"])
    least = losses(table, "optimum")
    return Finding(
        name="fig-12",
        where="Fig. 12",
        claim="Cached models of earlier windows are up to 26 % worse than retraining.",
        measured=f"What reuse loses against retraining, both by the Thief: {shown}.",
        optimum=f"The optima of reuse and of retraining differ by {least.mean():+.1f} "
        f"% on average, {least.max():+.1f} % at most; the optimum of both gains "
        f"{gained.mean():.2f} points on retraining alone, {gained.max():.2f} at most.",
        verdict=verdict,
        because=f"measured windows lose at most {largest:.1f} %, {mean:.1f} % on "
        "average",
        instances=f"{RECORDED} (measured on drifting digits, 6 streams on 3 GPUs, "
        f"windows 3 and 4), drift with {STREAMS} streams on {GPUS} GPUs and {WINDOWS} "
        f"windows, of which 5 to {WINDOWS} count, seeds "
        f"{', '.join(map(str, scale.seeds))}, reallocation never",
        tables=(
            ("Mean accuracy of the windows after the history", means),
            ("Mean accuracy of every window", table),
            ("Optimum of whole horizons with no and with two models kept", joint),
        ),
        figures=(
            Figure(
                name="fig-12",
                caption="Optimum with retraining, with models of earlier windows, and "
                "with both.",
                draw=partial(plot_reuse, means),
            ),
        ),
    )


def horizon_groups(seeds: Sequence[int]) -> dict[str, list[Horizon]]:
    """Return the measured horizon, and generated ones whose scenes return or do not."""
    recorded = read(RECORDED)
    assert isinstance(recorded, Horizon)
    return {
        MEASURED: [recorded],
        "drift": list(_drifting(seeds, scenes=0)),
        "returning scenes": list(_drifting(seeds, scenes=SCENES)),
    }


def plot_reuse(means: pd.DataFrame, ax: Any = None) -> Any:
    """Draw the optimum of each way, a group of points for each kind of instances."""
    points = {f"optimum_{way}": label for way, label in WAYS.items()}
    return plot_points(means, "group", points, ax, up="mean inference accuracy")


def _drifting(seeds: Sequence[int], scenes: int) -> Iterator[Horizon]:
    for seed in seeds:
        horizon = generate_problem(
            "drift",
            STREAMS,
            GPUS,
            seed,
            windows=WINDOWS,
            scenes=scenes,
            load_seconds=5.0,
            units_per_gpu=UNITS,
        )
        assert isinstance(horizon, Horizon)
        yield horizon


def _reached(way: str, problem: Instance | None) -> dict[str, float | None]:
    """Return what the Thief and the optimum reach in a way, if there is such a one."""
    solvers = {f"thief_{way}": "thief", f"optimum_{way}": "dp"}
    if problem is None:
        return dict.fromkeys(solvers)
    return {name: solve(problem, solver).objective for name, solver in solvers.items()}


def _losses(horizon: Horizon, window_idx: int) -> Iterator[float]:
    """Yield what each stream's best model of the history lacks to its best new one."""
    reference = horizon.metadata.get("reference")
    for stream in horizon.streams:
        models = [INITIAL]
        models += [
            trained(stream, w, reference) for w in range(horizon.num_windows // 2)
        ]
        old = max(accuracy_in(stream, model, window_idx) for model in models)
        new = max(config.accuracy for config in stream.windows[window_idx].retraining)
        yield 1 - old / new
