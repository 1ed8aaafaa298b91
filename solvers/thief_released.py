"""The Thief of Ekya's released code, which differs from the paper's."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from formulations.pick_configs import PickConfigs, Share
from formulations.released_window import ReleasedWindow
from formulations.stream_model import NO_RETRAINING
from instances import Instance, InvalidOption, Stream
from solvers.allocations import answer_allocation
from solvers.result import StoppedBy
from solvers.search import Answer, Search, TimeUp

Floats = NDArray[np.float64]

ROUNDING = 1e-9

LEAST_STEP = 1e-3
"""Smallest step of stealing, in GPUs."""

MOST_ROUNDINGS = 20_000_000
"""Streams times spare units beyond which shares are rounded by largest remainders."""


def solve_thief_released(
    instance: Instance,
    search: Search,
    *,
    rounds: int = 3,
    steal_gpus: float = 0.1,
    hand_on: bool = True,
) -> Answer:
    """The Thief as Ekya's code does it: rounds of config choice, then of stealing.

    Every round picks each stream's config alone, restarts from equal shares and, for
    each pair of jobs, tries every amount up to the victim's whole share in steps of
    ``steal_gpus``, keeping the best of all. The last of ``rounds`` counts. Shares are
    scored by the released simulator's rules, which hand a freed share on to all running
    jobs; without ``hand_on``, by the instance's reallocation. In the end they are
    rounded to units, each down or up in the way that is best on the instance, with
    configs picked anew. A plan that counts on what is handed on loses where nothing is.
    """
    if rounds < 1 or not steal_gpus >= LEAST_STEP:
        message = f"thief-released: rounds is {rounds}, steal_gpus is {steal_gpus:g}"
        raise InvalidOption(f"{message}, expected at least 1 and {LEAST_STEP:g}")
    window = ReleasedWindow(instance, hand_on, search.check_time)
    num_streams = len(instance.streams)
    shares = np.full((2, num_streams), instance.gpus / (2 * num_streams))
    stopped_by = None
    try:
        for _ in range(rounds):
            retraining = [
                _best_alone(window, stream, v, *shares[:, v])
                for v, stream in enumerate(instance.streams)
            ]
            shares = _steal_all(window, instance, retraining, steal_gpus)
    except TimeUp:
        stopped_by = StoppedBy.TIME_LIMIT
    except KeyboardInterrupt:
        stopped_by = StoppedBy.INTERRUPT
    picks = PickConfigs(instance, "penalised")
    answer = answer_allocation(picks, best_rounding(instance, picks, shares))
    answer.stopped_by = stopped_by
    answer.metadata["unrounded_shares"] = shares.round(9).tolist()
    return answer


def _best_alone(
    window: ReleasedWindow,
    stream: Stream,
    stream_idx: int,
    inference: float,
    training: float,
) -> int:
    """Return the config that is best for the stream alone, among those that improve."""
    best, best_idx = -1.0, NO_RETRAINING
    for idx, config in enumerate(stream.retraining):
        if config.accuracy > stream.accuracy:
            value = window.alone(stream_idx, idx, inference, training)
            if value > best:
                best, best_idx = value, idx
    return best_idx


def _steal_all(
    window: ReleasedWindow,
    instance: Instance,
    retraining: list[int],
    steal_gpus: float,
) -> Floats:
    """Return the best shares found from equal ones; row 0 serves, row 1 trains."""
    training = [v for v, idx in enumerate(retraining) if idx != NO_RETRAINING]
    jobs = [(1, v) for v in training] + [(0, v) for v in range(len(retraining))]
    best = np.zeros((2, len(retraining)))
    for job in jobs:
        best[job] = instance.gpus / len(jobs)
    best_value = window.objective(retraining, *best)
    for thief in jobs:
        for victim in jobs:
            if victim == thief:
                continue
            start = best
            for amount in _amounts(start[victim], steal_gpus):
                trial = start.copy()
                trial[victim] -= amount
                trial[thief] += amount
                value = window.objective(retraining, *trial)
                if value > best_value:
                    best, best_value = trial, value
    return best


def _amounts(share: float, step: float) -> list[float]:
    """Return the amounts to steal: multiples of the step, and the whole share last."""
    steps = np.arange(1, int(share / step) + 1) * step
    return [*(float(amount) for amount in steps if amount < share), float(share)]


def best_rounding(
    instance: Instance, picks: PickConfigs, shares: Floats
) -> list[Share]:
    """Return the best whole units, each job's rounded down or up, within the total.

    ``shares`` has shape ``(2, V)``, inference and training in GPUs. The recursion runs
    over the streams and the units that the total has beyond all rounded down; where
    that is too much work, the largest remainders are rounded up.
    """
    exact = shares * instance.units_per_gpu
    low = np.floor(exact + ROUNDING).astype(int).T.tolist()
    high = np.ceil(exact - ROUNDING).astype(int).T.tolist()
    spare = instance.total_units - sum(map(sum, low))
    most = min(spare, sum(map(sum, high)) - sum(map(sum, low)))
    if most * len(low) > MOST_ROUNDINGS:
        units = np.array(low).T
        largest = np.argsort(units - exact, axis=None, kind="stable")[:most]
        units.flat[largest] += 1
        return [(int(inference), int(training)) for inference, training in units.T]
    best = np.full(most + 1, -np.inf)
    best[0] = 0.0
    menus, picked = [], []
    for v, (down, up) in enumerate(zip(low, high, strict=True)):
        menu: dict[int, Share] = {}
        for share in product(*map(set, zip(down, up, strict=True))):
            extra = sum(share) - sum(down)
            if extra not in menu or picks.gain(v, menu[extra]) < picks.gain(v, share):
                menu[extra] = share
        grown = np.full((3, most + 1), -np.inf)
        for extra, share in menu.items():
            if extra <= most:
                grown[extra, extra:] = best[: most + 1 - extra] + picks.gain(v, share)
        menus.append(menu)
        picked.append(grown.argmax(axis=0).astype(np.int8))
        best = grown.max(axis=0)
    used = int(best.argmax())
    rounded: list[Share] = []
    for menu, extras in zip(menus[::-1], picked[::-1], strict=True):
        extra = int(extras[used])
        rounded.append(menu[extra])
        used -= extra
    return rounded[::-1]
