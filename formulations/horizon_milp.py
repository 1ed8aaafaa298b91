"""The path program of a horizon: one path through each stream's lineage.

The streams' paths are coupled by the units in each window and the memory for warm
models only. Builds and decodes; ``solvers/horizon_milp.py`` solves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from formulations.horizon_schedule import HorizonSchedule
from formulations.labels import stream_label
from formulations.lineage import Arcs, Lineage, lineages
from formulations.lineage_plans import (
    Arc,
    horizon_schedule,
    path_value,
    path_within,
)
from instances import InstanceTooLarge, SolverDisagreement
from instances.horizon import Horizon

if TYPE_CHECKING:
    from pulp import LpProblem, LpVariable

SCALE_PER_STREAM_WINDOW = 1e3
"""The objective is ``SCALE_PER_STREAM_WINDOW · V · W · (weighted mean)``.

Solvers' tolerances are absolute: on coefficients of the mean itself they stop early
and call it optimal.
"""

MOST_ARCS = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonMilp:
    """The path program of one horizon.

    Parameters
    ----------
    horizon, lineages
        The problem and what each stream may do.
    problem
        The PuLP model; maximises ``scale`` times the objective.
    take
        For each stream its binaries x_{v,a}, arc by arc.
    arcs
        For each stream the arcs a, as (move, units).
    """

    horizon: Horizon
    lineages: tuple[Lineage, ...]
    problem: "LpProblem"
    take: tuple[tuple["LpVariable", ...], ...]
    arcs: tuple[tuple[Arc, ...], ...]

    @property
    def scale(self) -> float:
        """The problem's objective divided by the weighted mean."""
        size = len(self.horizon.streams) * self.horizon.num_windows
        return SCALE_PER_STREAM_WINDOW * size

    @property
    def columns(self) -> list["LpVariable"]:
        """All variables, stream by stream."""
        return [x for row in self.take for x in row]

    def paths(self, ones: Sequence[int]) -> list[list[Arc]]:
        """Return each stream's path, given the indices of the columns at 1.

        Raises
        ------
        SolverDisagreement
            If the columns are no paths.
        """
        starts = np.cumsum([0, *map(len, self.arcs)])
        at_one = np.sort(np.asarray(ones, dtype=np.int64))
        paths = []
        for v, (lineage, arcs) in enumerate(zip(self.lineages, self.arcs, strict=True)):
            own = at_one[slice(*np.searchsorted(at_one, starts[v : v + 2]))] - starts[v]
            path = [arcs[a] for a in own.tolist()]
            moves = [move for move, _ in path]
            ends = [0, *lineage.arrays.target[moves].tolist()]
            begins = [*lineage.arrays.source[moves].tolist(), ends[-1]]
            if ends != begins or len(path) != lineage.num_windows:
                message = "a backend's columns are no path of stream"
                raise SolverDisagreement(f"{message} {lineage.stream.name!r}")
            paths.append(path)
        return paths

    def objective(self, ones: Sequence[int]) -> float:
        """Return the weighted mean, from the lineages and not from the solver."""
        each = zip(self.lineages, self.paths(ones), strict=True)
        return sum(path_value(lineage, path) for lineage, path in each)

    def decode(self, ones: Sequence[int]) -> HorizonSchedule:
        """Return the schedule that the columns at 1 stand for."""
        return horizon_schedule(self.horizon, self.lineages, self.paths(ones))

    def encode(self, schedule: HorizonSchedule) -> list[int] | None:
        """Return the columns at 1 of paths within what a schedule uses.

        They are at least as good if no arc is missing. ``None`` if there are none.
        """
        ones = []
        start = 0
        for lineage, arcs in zip(self.lineages, self.arcs, strict=True):
            plans = [
                next(each for each in w.streams if each.stream == lineage.stream.name)
                for w in schedule.windows
            ]
            pairs = np.array(arcs, dtype=np.int64).reshape(-1, 2)
            path = path_within(lineage, (pairs[:, 0], pairs[:, 1]), plans)
            if path is None:
                return None
            position = {arc: start + a for a, arc in enumerate(arcs)}
            ones += [position[arc] for arc in path]
            start += len(arcs)
        return ones


def build(
    horizon: Horizon,
    check_time: Callable[[], None] = lambda: None,
    known: tuple[Lineage, ...] | None = None,
    arcs: Sequence[Arcs] | None = None,
) -> HorizonMilp:
    """Return the path program of a horizon.

    Parameters
    ----------
    horizon
        Problem with reallocation ``never`` or ``stream``.
    check_time
        Called often; may raise to stop the building.
    known, arcs
        The lineages and, for each stream, moves and units of the arcs to take, when
        they are known; all arcs that no other one dominates by default.

    Raises
    ------
    InstanceTooLarge
        If the program would have more than ``MOST_ARCS`` variables.
    """
    from pulp import LpMaximize, LpProblem

    known = lineages(horizon, check_time) if known is None else known
    if arcs is None:
        arcs = undominated_arcs(horizon, known, check_time)
    problem = LpProblem("horizon_paths", LpMaximize)
    model = add_variables(horizon, known, arcs, problem, check_time)
    add_objective(model)
    add_constraints(model, check_time)
    return model


def undominated_arcs(
    horizon: Horizon, known: Sequence[Lineage], check_time: Callable[[], None]
) -> list[Arcs]:
    """Return the arcs of each stream that no other arc dominates."""
    arcs: list[Arcs] = []
    total = 0
    for lineage in known:
        check_time()
        arcs.append(lineage.undominated(lineage.arcs()))
        total += len(arcs[-1][0])
        if total > MOST_ARCS:
            message = f"{horizon.name}: the path program has more than {MOST_ARCS} arcs"
            raise InstanceTooLarge(f"{message}; use the solver decomposition")
    return arcs


def add_variables(
    horizon: Horizon,
    known: tuple[Lineage, ...],
    arcs: Sequence[Arcs],
    problem: "LpProblem",
    check_time: Callable[[], None],
) -> HorizonMilp:
    """Add x_{v,a} ∈ {0, 1}: stream v's path takes arc a."""
    take: list[tuple[LpVariable, ...]] = []
    pairs = []
    for v, (lineage, (moves, units)) in enumerate(zip(known, arcs, strict=True)):
        check_time()
        label = stream_label(v, lineage.stream)
        pairs.append(tuple(zip(moves.tolist(), units.tolist(), strict=True)))
        names = [f"take_{label}_move{move}_{k}units" for move, k in pairs[-1]]
        take.append(tuple(problem.add_variable(x, 0, 1, "Integer") for x in names))
    return HorizonMilp(
        horizon=horizon,
        lineages=known,
        problem=problem,
        take=tuple(take),
        arcs=tuple(pairs),
    )


def add_objective(model: HorizonMilp) -> None:
    """Maximise the scaled weighted mean, max Σ_v Σ_a scale · w_v/W · A_a · x_{v,a}."""
    from pulp import LpAffineExpression

    terms = [
        (x, model.scale * lineage.value(*arc))
        for lineage, row, arcs in zip(
            model.lineages, model.take, model.arcs, strict=True
        )
        for x, arc in zip(row, arcs, strict=True)
    ]
    problem = model.problem
    problem += LpAffineExpression(terms), "scaled_accuracy"


def add_constraints(model: HorizonMilp, check_time: Callable[[], None]) -> None:
    """Add all constraints."""
    add_paths(model, check_time)
    add_capacity(model, check_time)
    add_memory(model, check_time)


def add_paths(model: HorizonMilp, check_time: Callable[[], None]) -> None:
    """Lead each stream from its first node n = 0 on, with a way out of every node.

    Σ_{a out of n} x_{v,a} − Σ_{a into n} x_{v,a} = [n = 0] for all v and n, the end
    excepted.
    """
    from pulp import LpAffineExpression, LpConstraint, LpConstraintEQ

    for v, (lineage, row, arcs) in enumerate(
        zip(model.lineages, model.take, model.arcs, strict=True)
    ):
        check_time()
        label = stream_label(v, lineage.stream)
        terms: dict[int, list[tuple[LpVariable, int]]] = {0: []}
        for x, (move, _) in zip(row, arcs, strict=True):
            terms.setdefault(int(lineage.arrays.source[move]), []).append((x, 1))
            terms.setdefault(int(lineage.arrays.target[move]), []).append((x, -1))
        terms.pop(lineage.arrays.num_nodes - 1, None)
        for node, flow in terms.items():
            rule = LpConstraint(
                LpAffineExpression(flow),
                LpConstraintEQ,
                f"path_{label}_node{node}",
                int(node == 0),
            )
            model.problem.addConstraint(rule)


def add_capacity(model: HorizonMilp, check_time: Callable[[], None]) -> None:
    """Keep the units within the total, Σ_v Σ_{a in w} k_a · x_{v,a} ≤ K for all w."""
    from pulp import LpAffineExpression, LpConstraint, LpConstraintLE

    terms: list[list[tuple[LpVariable, float]]]
    terms = [[] for _ in range(model.horizon.num_windows)]
    for lineage, row, arcs in zip(model.lineages, model.take, model.arcs, strict=True):
        check_time()
        for x, (move, units) in zip(row, arcs, strict=True):
            if units:
                terms[lineage.window_of(move)].append((x, units))
    for w, used in enumerate(terms):
        rule = LpConstraint(
            LpAffineExpression(used),
            LpConstraintLE,
            f"capacity_window{w + 1}",
            model.horizon.total_units,
        )
        model.problem.addConstraint(rule)


def add_memory(model: HorizonMilp, check_time: Callable[[], None]) -> None:
    """Keep warm models within the memory, Σ_v Σ_{a in w} GB_a · x_{v,a} ≤ M for all w.

    Only in windows in which all streams together could use more.
    """
    from pulp import LpAffineExpression, LpConstraint, LpConstraintLE

    terms: list[dict[int, list[tuple[LpVariable, float]]]]
    terms = [{} for _ in range(model.horizon.num_windows)]
    for v, (lineage, row, arcs) in enumerate(
        zip(model.lineages, model.take, model.arcs, strict=True)
    ):
        check_time()
        for x, (move, _) in zip(row, arcs, strict=True):
            memory = float(lineage.arrays.memory[move])
            if memory:
                own = terms[lineage.window_of(move)].setdefault(v, [])
                own.append((x, memory))
    for w, streams in enumerate(terms):
        most = sum(own[0][1] for own in streams.values())
        if most <= model.horizon.warm_gb:
            continue
        used = [term for own in streams.values() for term in own]
        rule = LpConstraint(
            LpAffineExpression(used),
            LpConstraintLE,
            f"memory_window{w + 1}",
            model.horizon.warm_gb,
        )
        model.problem.addConstraint(rule)
