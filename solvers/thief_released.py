"""The Thief of Ekya's released code, which differs from the paper's."""

from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from formulations.pick_configs import PickConfigs, Share
from formulations.released_window import ReleasedWindow
from formulations.schedule import Schedule
from formulations.stream_model import NO_RETRAINING
from instances import Instance, InvalidOption, Reallocation, Stream
from solvers.allocations import answer_allocation
from solvers.rerun import PlanAs, carry_out, rerun
from solvers.result import StoppedBy
from solvers.search import Answer, Search, TimeUp

Floats = NDArray[np.float64]

Rule = tuple[int, float, bool]
"""Rounds, GPUs of a step of stealing, and whether shares are handed on."""

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
    plan_as: PlanAs = "stream",
) -> Answer:
    """The Thief as Ekya's code does it: rounds of config choice, then of stealing.

    Every round picks each stream's config alone, restarts from equal shares and, for
    each pair of jobs, tries every amount up to the victim's whole share in steps of
    ``steal_gpus``, keeping the best of all. The last of ``rounds`` counts. Shares are
    scored by the released simulator's rules, which hand a freed share on to all running
    jobs; without ``hand_on``, by the instance's reallocation. In the end they are
    rounded to units, each down or up in the way that is best on the instance, with
    configs picked anew. A plan that counts on what is handed on loses where nothing is.

    Under ``server`` shares are handed on: at the slot after a completion the freed
    share is split equally over the jobs still running, and all are rounded again, in
    the way that is best if the rest of the window were static by ``plan_as``. Without
    ``hand_on`` the first plan is carried out.

    Parameters
    ----------
    instance
        The window.
    search
        The run's options, clock and incumbents.
    rounds
        Rounds of config choice and stealing, at least 1.
    steal_gpus
        Δ, in GPUs, at least 0.001.
    hand_on
        Whether the search counts on freed shares going to the jobs still running.
    plan_as
        Under ``server``: the static reallocation to plan with.
    """
    if rounds < 1 or not steal_gpus >= LEAST_STEP:
        message = f"thief-released: rounds is {rounds}, steal_gpus is {steal_gpus:g}"
        raise InvalidOption(f"{message}, expected at least 1 and {LEAST_STEP:g}")
    rule = rounds, steal_gpus, hand_on
    if hand_on and instance.reallocation is Reallocation.SERVER:
        return rerun(HandingOn(rule), instance, search, plan_as)

    def plan(window: Instance, part: Search) -> Answer:
        _, shares, stopped_by = _released(rule, window, part)
        answer = _rounded(window, shares)
        answer.stopped_by = stopped_by
        answer.metadata["unrounded_shares"] = shares.round(9).tolist()
        return answer

    return carry_out(plan, instance, search, plan_as)


class HandingOn:
    """Plans as the released code does, and hands on the shares of what completes.

    Parameters
    ----------
    rule
        Rounds, GPUs of a step of stealing, and whether shares are handed on.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._training: dict[int, str] = {}
        self._shares: Floats | None = None

    def __call__(self, window: Instance, search: Search) -> Answer:
        """Return the plan for what is left of the window."""
        stopped_by = None
        if self._shares is None:
            retraining, self._shares, stopped_by = _released(self._rule, window, search)
            self._training = {
                v: window.streams[v].retraining[idx].name
                for v, idx in enumerate(retraining)
                if idx != NO_RETRAINING
            }
        else:
            self._hand_on(window)
        answer = _rounded(window, self._shares)
        answer.stopped_by = stopped_by
        answer.metadata["unrounded_shares"] = self._shares.round(9).tolist()
        if answer.schedule is not None:
            answer.schedule = self._with_configs(window, answer.schedule)
        return answer

    def _hand_on(self, window: Instance) -> None:
        """Split the shares of finished retrainings over all jobs that still run."""
        assert self._shares is not None
        freed = 0.0
        for v in list(self._training):
            if not window.streams[v].retraining:
                freed += self._shares[1, v]
                self._shares[1, v] = 0.0
                del self._training[v]
        running = list(self._training)
        each = freed / (len(window.streams) + len(running))
        self._shares[0] += each
        self._shares[1, running] += each

    def _with_configs(self, window: Instance, schedule: Schedule) -> Schedule:
        """Return the plan with the retrainings that end only by what is handed on."""
        configs = {window.streams[v].name: name for v, name in self._training.items()}
        plans = tuple(
            replace(plan, retraining=configs.get(plan.stream))
            if plan.retraining is None and plan.segments[0].training_units
            else plan
            for plan in schedule.streams
        )
        return Schedule(streams=plans)


def _released(
    rule: Rule, instance: Instance, search: Search
) -> tuple[list[int], Floats, StoppedBy | None]:
    """Return the configs and the shares of the last round, and what stopped it."""
    rounds, steal_gpus, hand_on = rule
    window = ReleasedWindow(instance, hand_on, search.check_time)
    num_streams = len(instance.streams)
    shares = np.full((2, num_streams), instance.gpus / (2 * num_streams))
    retraining = [NO_RETRAINING] * num_streams
    stopped_by = None
    try:
        for _ in range(rounds):
            picked = [
                _best_alone(window, stream, v, *shares[:, v])
                for v, stream in enumerate(instance.streams)
            ]
            shares = _steal_all(window, instance, picked, steal_gpus)
            retraining = picked
    except TimeUp:
        stopped_by = StoppedBy.TIME_LIMIT
    except KeyboardInterrupt:
        stopped_by = StoppedBy.INTERRUPT
    return retraining, shares, stopped_by


def _rounded(instance: Instance, shares: Floats) -> Answer:
    """Return the answer that the best rounding of shares is."""
    picks = PickConfigs(instance, "penalised")
    return answer_allocation(picks, best_rounding(instance, picks, shares))


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
