"""Local search for the mean of the worst scenarios: one or two streams change."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from formulations.averaged_tables import AveragedTable
from formulations.candidates import candidates_of_shares
from formulations.kernels.simulation import simulate
from formulations.schedule_columns import ScheduleColumns
from formulations.stream_model import NEVER_SERVED, NO_RETRAINING, StreamModel
from instances import Instance
from instances.columns import columns_of
from instances.scenarios import Scenarios
from solvers.cvar import PROVEN, SafePlans, TriedPlan
from solvers.search import Search

MOST_MOVES = 1200
"""Options tried at once; of more, those of streams drawn at random."""

AT_ONCE = 1000
"""Pairs whose CVaR is computed together."""

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """Choices of one stream.

    Parameters
    ----------
    choices
        Shape ``(n, 3)``: retraining config, inference units, training units.
    outcomes
        Shape ``(n, S)``: what each adds to the mean accuracy in every scenario.
    """

    choices: Whole
    outcomes: Floats

    @property
    def units(self) -> Whole:
        """Units of each choice."""
        return np.asarray(self.choices[:, 1] + self.choices[:, 2])


def improve(instance: Instance, plans: SafePlans, search: Search, starts: int) -> None:
    """Improve some of the best plans until no change to one or two streams does.

    The choices to change to are no retraining at all, and those of the averaged tables
    for equal weights, for those that prove the bound and for those of the plan's own
    worst scenarios; the last change with the plan, so the search is run again while it
    finds anything.
    """
    problem = plans.problem
    proving = problem.averages.table(plans.weights, between=search.check_time)
    for start in plans.safest(starts):
        now: TriedPlan | None = None
        found = start
        while (now is None or found.cvar > now.cvar + PROVEN) and not plans.proven:
            now = found
            worst = plans.risk.worst_weights(now.outcomes)
            table = problem.averages.table(worst, between=search.check_time)
            options = [
                _stream_options(instance, plans, now, v, (problem.mean, proving, table))
                for v in range(len(instance.streams))
            ]
            found = _descend(plans, options, search)


def _stream_options(
    instance: Instance,
    plans: SafePlans,
    now: TriedPlan,
    v: int,
    tables: tuple[AveragedTable, ...],
) -> _Options:
    """Return a stream's choices, its current one first."""
    rows = [_choice(now.plan, v)[None]]
    for table in tables:
        useful = table.values.options(v)[0]
        values = table.values
        parts = (table.retraining, values.inference_units, values.training_units)
        rows.append(np.stack([part[v, useful] for part in parts], axis=1))
    model = StreamModel(instance, instance.streams[v])
    rows += [
        np.array([[NO_RETRAINING, units, 0]])
        for units in [0, *model.serving_units]
        if model.value(NO_RETRAINING, units, 0) != NEVER_SERVED
    ]
    every = np.concatenate(rows).astype(np.int64)
    first = np.unique(every, axis=0, return_index=True)[1]
    choices = every[np.sort(first)]
    alone = columns_of(replace(instance, streams=(instance.streams[v],)))
    own = slice(*plans.problem.columns.retraining_offsets[v : v + 2])
    scenarios = Scenarios(
        gpu_seconds=plans.problem.scenarios.gpu_seconds[:, own],
        accuracy=plans.problem.scenarios.accuracy[:, own],
    )
    candidates = candidates_of_shares(alone, *choices.T[:, :, None])
    found = simulate(alone, candidates, scenarios, device="cpu")
    share = instance.streams[v].weight / instance.total_weight
    return _Options(choices=choices, outcomes=share * found.objective)


def _choice(plan: ScheduleColumns, v: int) -> Whole:
    return np.array(
        [plan.retraining[v], plan.inference_units[v], plan.training_units[v]]
    )


def _descend(plans: SafePlans, options: list[_Options], search: Search) -> TriedPlan:
    """Take the best change again and again, and return where that ends."""
    chosen = [0] * len(options)
    outcomes = np.sum([each.outcomes[0] for each in options], axis=0)
    spare = plans.problem.columns.total_units
    spare -= sum(int(each.units[0]) for each in options)
    found: list[tuple[int, int]] | None = []
    while found is not None:
        found = _best_change(plans, options, chosen, outcomes, spare, search)
        for v, option in found or ():
            outcomes = outcomes + options[v].outcomes[option]
            outcomes = outcomes - options[v].outcomes[chosen[v]]
            spare -= int(options[v].units[option] - options[v].units[chosen[v]])
            chosen[v] = option
    rows = [each.choices[at] for each, at in zip(options, chosen, strict=True)]
    retraining, inference, training = np.array(rows).T
    return plans.consider(
        ScheduleColumns(
            retraining=retraining, inference_units=inference, training_units=training
        )
    )


def _best_change(
    plans: SafePlans,
    options: list[_Options],
    chosen: list[int],
    outcomes: Floats,
    spare: int,
    search: Search,
) -> list[tuple[int, int]] | None:
    """Return the best change as (stream, option) of one or two streams, or ``None``.

    The CVaR is concave, so with the weights of the worst scenarios of the plan the
    weighted gain is no less than the true one. Changes are tried by falling weighted
    gain, until it is below the best true one.
    """
    now = float(plans.risk.value(outcomes))
    weights = plans.risk.worst_weights(outcomes)
    owner, option, costs, changes = _moves(options, chosen, search)
    gains = changes @ weights
    fits = (costs[:, None] + costs <= spare) & (gains[:, None] + gains > PROVEN)
    fits &= owner[:, None] < owner
    one, two = np.nonzero(fits)
    alone = np.flatnonzero((costs <= spare) & (gains > PROVEN))
    # A change of one stream is a pair with no change at all, the last row.
    nothing = len(gains)
    one, two = np.append(one, alone), np.append(two, np.full(len(alone), nothing))
    gains = np.append(gains, 0.0)
    changes = np.vstack((changes, np.zeros(len(outcomes))))
    order = np.argsort(-(gains[one] + gains[two]), kind="stable")
    best_gain, best_pair = PROVEN, None
    for start in range(0, len(order), AT_ONCE):
        search.check_time()
        here = order[start : start + AT_ONCE]
        if gains[one[here[0]]] + gains[two[here[0]]] <= best_gain:
            break
        reached = plans.risk.value(outcomes + changes[one[here]] + changes[two[here]])
        at = int(reached.argmax())
        if reached[at] - now > best_gain:
            best_gain, best_pair = float(reached[at] - now), here[at]
    if best_pair is None:
        return None
    rows = [int(row) for row in (one[best_pair], two[best_pair]) if row < nothing]
    return [(int(owner[row]), int(option[row])) for row in rows]


def _moves(
    options: list[_Options], chosen: list[int], search: Search
) -> tuple[Whole, Whole, Whole, Floats]:
    """Return stream, option, units and change in outcomes of every single change."""
    streams = np.arange(len(options))
    counts = np.array([len(each.choices) for each in options])
    if counts.sum() > MOST_MOVES:
        drawn = search.rng.permutation(streams)
        kept = np.cumsum(counts[drawn]) <= MOST_MOVES
        streams = np.sort(drawn[kept]) if kept.any() else drawn[:1]
    owner = np.repeat(streams, counts[streams])
    option = np.concatenate([np.arange(counts[v]) for v in streams])
    costs = np.concatenate(
        [options[v].units - options[v].units[chosen[v]] for v in streams]
    )
    changes = np.concatenate(
        [options[v].outcomes - options[v].outcomes[chosen[v]] for v in streams]
    )
    return owner, option, costs, changes
