"""Table 3: retraining in the cloud against the edge, links shared or not.

*Rule.* By network: how far the Thief at the edge is ahead of the cloud whose links are
shared, one transfer after the other in the order of the cameras, which takes the 432 s
of the paper. Reproduced: from half to twice the claimed lead of 9.3, 8.6 and 6.6
points. Shape only: any other lead. Together: what all networks are, otherwise shape
only.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from ekya_opt.paper.charts import plot_points
from ekya_opt.paper.finding import Figure, Finding, Scale
from ekya_opt.paper.links import NETWORKS, Network, Sharing, arrivals, best_turns
from ekya_opt.paper.parts import Part, graded, overall, reasons
from ekya_opt.solving import solve
from formulations.value_tables import value_table
from instances import Instance, RetrainingConfig, Stream
from instances.generators import generate

STREAMS, GPUS, WINDOW, UNITS = 8, 4, 400.0, 20
EDGE = 77.8
"""Mean accuracy of Ekya at the edge in the paper, in per cent."""

POINTS = {
    "cloud_in_order": "cloud, in order",
    "cloud_best": "cloud, best order",
    "edge_thief": "edge, Thief",
    "edge_optimum": "edge, optimum",
    "hybrid_optimum": "both, optimum",
}


def in_cloud(stream: Stream, delay_seconds: float) -> RetrainingConfig:
    """Return retraining in the cloud: no GPU time, the best accuracy, after a delay."""
    best = max(config.accuracy for config in stream.retraining)
    return RetrainingConfig(
        name="cloud", gpu_seconds=0, accuracy=best, delay_seconds=delay_seconds
    )


def with_cloud(
    instance: Instance, delays: Sequence[float | None], *, edge: bool
) -> Instance:
    """Return an instance whose streams may retrain in the cloud after their delays.

    Parameters
    ----------
    instance
        With retraining at the edge.
    delays
        Of each stream's model, in seconds; ``None`` for a stream without one.
    edge
        Whether retraining at the edge stays on offer.
    """
    streams = []
    for stream, delay in zip(instance.streams, delays, strict=True):
        cloud = () if delay is None else (in_cloud(stream, delay),)
        own = stream.retraining if edge else ()
        streams.append(replace(stream, retraining=(*own, *cloud)))
    return replace(instance, streams=tuple(streams))


def best_with_cloud(
    instance: Instance, arrived: Sequence[float], *, edge: bool
) -> float:
    """Return the proven optimum with the links' turns given to the streams at best.

    The optimum over who has which turn, over configs and over units comes from
    :func:`ekya_opt.paper.links.best_turns`; its plan is made again with these turns and
    judged by the referee.

    Parameters
    ----------
    instance
        With retraining at the edge.
    arrived
        When the model of each turn is here, as
        :func:`ekya_opt.paper.links.arrivals` says.
    edge
        Whether retraining at the edge is on offer besides.
    """
    nobody = [None] * len(instance.streams)
    stay = value_table(with_cloud(instance, nobody, edge=edge))
    useful = [seconds for seconds in arrived if seconds < instance.window_seconds]
    turns = [
        value_table(with_cloud(instance, [seconds] * len(instance.streams), edge=False))
        for seconds in useful
    ]
    weights = stay.weights[:, None]
    taken = best_turns(
        weights * stay.values, [weights * table.values for table in turns]
    )[1]
    delays = [None if turn is None else useful[turn] for turn in taken]
    return _objective(with_cloud(instance, delays, edge=edge), "dp")


def cloud_table(
    instances: Sequence[Instance], networks: Sequence[Network] = NETWORKS
) -> pd.DataFrame:
    """Return what cloud, edge and both reach, means over instances.

    One row for each network and sharing of its links: ``last_seconds``, when the last
    model is here; ``in_time``, models that are here within the window;
    ``cloud_in_order``, retraining in the cloud alone with the turns in the order of the
    cameras; ``cloud_best``, with the best order, where a stream may do without, so that
    the others are the faster if all transfer at once; ``edge_thief`` and
    ``edge_optimum``; ``hybrid_thief``, the Thief with both on offer and the turns in
    order; and ``hybrid_optimum``, over turns as well.
    """
    edge = [(_objective(each, "thief"), _objective(each, "dp")) for each in instances]
    rows: list[dict[str, Any]] = []
    for network in networks:
        for sharing in Sharing:
            for instance, (thief, optimum) in zip(instances, edge, strict=True):
                arrived = arrivals(network, len(instance.streams), sharing)
                cloud = with_cloud(instance, arrived, edge=False)
                both = with_cloud(instance, arrived, edge=True)
                window = instance.window_seconds
                best = partial(_best, instance, network, sharing)
                rows.append(
                    {
                        "network": network.name,
                        "sharing": str(sharing),
                        "last_seconds": max(arrived),
                        "in_time": sum(seconds < window for seconds in arrived),
                        "cloud_in_order": _objective(cloud, "dp"),
                        "cloud_best": best(edge=False),
                        "edge_thief": thief,
                        "edge_optimum": optimum,
                        "hybrid_thief": _objective(both, "thief"),
                        "hybrid_optimum": best(edge=True),
                    }
                )
    keys = ["network", "sharing"]
    return pd.DataFrame(rows).groupby(keys, sort=False, as_index=False).mean()


def judge(table: pd.DataFrame, networks: Sequence[Network] = NETWORKS) -> list[Part]:
    """Return a part for each network: how far the edge is ahead of the cloud.

    By the rule of this module.
    """
    turns = table[table["sharing"] == Sharing.TURNS].set_index("network")
    parts = []
    for network in networks:
        row = turns.loc[network.name]
        lead = 100 * float(row["edge_thief"] - row["cloud_in_order"])
        claimed = EDGE - network.claimed
        parts.append(
            Part(
                what=network.name,
                verdict=graded(lead, claimed),
                why=f"the edge leads by {lead:+.1f} points, claimed {claimed:+.1f}",
            )
        )
    return parts


def experiment(scale: Scale) -> Finding:
    """Return what the cloud reaches with its links shared in several ways."""
    instances = [
        generate(
            "recorded-like",
            STREAMS,
            GPUS,
            seed,
            window_seconds=WINDOW,
            units_per_gpu=UNITS,
        )
        for seed in scale.seeds
    ]
    table = cloud_table(instances)
    parts = judge(table)
    by_sharing = table.set_index(["sharing", "network"])
    first = NETWORKS[0].name
    turns = by_sharing.loc[str(Sharing.TURNS)]
    own = by_sharing.loc[str(Sharing.OWN)]
    ordered = 100 * (turns["cloud_best"] - turns["cloud_in_order"]).max()
    return Finding(
        name="table-3",
        where="Table 3",
        claim="Retraining in the cloud reaches 68.5 % (cellular), 69.2 % (satellite) "
        "and 71.2 % (twice cellular), Ekya at the edge 77.8 %.",
        measured=f"Links shared in turns: {_listed(turns, 'cloud_in_order')}; a link "
        f"for each stream: {_listed(own, 'cloud_in_order')}; the Thief at the edge "
        f"{100 * turns['edge_thief'][first]:.1f} %.",
        optimum=f"Links shared in the best order: {_listed(turns, 'cloud_best')} (the "
        f"order is worth up to {ordered:.1f} points); the edge "
        f"{100 * turns['edge_optimum'][first]:.1f} %; with both on offer and the turns "
        f"in the best order {_listed(turns, 'hybrid_optimum')}.",
        verdict=overall(parts),
        because=reasons(parts),
        instances=f"recorded-like, {STREAMS} streams on {GPUS} GPUs in units of "
        f"1/{UNITS}, window {WINDOW:g} s, seeds {', '.join(map(str, scale.seeds))}, "
        "reallocation never; a model from the cloud is as accurate as the best "
        "retraining of its stream",
        tables=(("Mean accuracy by network and sharing of its links", table),),
        figures=(
            Figure(
                name="table-3",
                caption="Cloud with the links shared in turns, edge, and both.",
                draw=partial(plot_cloud, table),
            ),
        ),
    )


def plot_cloud(table: pd.DataFrame, ax: Any = None) -> Any:
    """Draw cloud, edge and both for each network with its links shared in turns."""
    turns = table[table["sharing"] == Sharing.TURNS]
    return plot_points(turns, "network", POINTS, ax, up="mean inference accuracy")


def _best(
    instance: Instance, network: Network, sharing: Sharing, *, edge: bool
) -> float:
    streams = len(instance.streams)
    counts = range(streams + 1) if sharing is Sharing.AT_ONCE else [streams]
    return max(
        best_with_cloud(instance, arrivals(network, count, sharing), edge=edge)
        for count in counts
    )


def _objective(instance: Instance, solver: str) -> float:
    objective = solve(instance, solver).objective
    assert objective is not None
    return objective


def _listed(rows: pd.DataFrame, column: str) -> str:
    return ", ".join(f"{100 * rows[column][each.name]:.1f}" for each in NETWORKS) + " %"
