"""The constraint program of a placement, for CP-SAT, with symmetry broken.

The program of ``placement_milp.py`` with exactly-one booleans and an integer
objective. Builds and decodes; ``solvers/placement_cp_sat.py`` solves.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from formulations.labels import stream_label
from formulations.placed_schedule import PlacedSchedule
from formulations.placement_classes import Packing, Share
from formulations.placement_cuts import Cuts, cuts_of
from formulations.placement_options import PlacementOptions, placement_options
from formulations.placement_packing import (
    Job,
    held_shares,
    placed_schedule,
    places_of,
)
from formulations.placement_starts import start_of
from formulations.window_cp import SCALE
from instances import SolverDisagreement
from instances.placement import Placement

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, IntVar

Terms = list[tuple["IntVar", int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementCp:
    """The constraint program of one placement.

    Parameters
    ----------
    options
        The classes of GPUs and the streams' options.
    problem
        The CP-SAT model; maximises ``SCALE`` times the weighted mean, rounded.
    take
        For each stream its booleans x_{v,o}, by option o.
    cuts
        The arcs a of the ways to cut a GPU.
    flow
        For each class c of ``Packing.SIZES`` its integers f_{c,a}: the GPUs cut so.
    opened
        For each class c of ``Packing.PLACES`` and each of its GPUs g the boolean
        u_{c,g}: whether it holds jobs that take a part of it.
    put
        For each job j, what it holds there (q), and GPU g that it may be on, the
        boolean z_{j,q,g}.
    """

    options: PlacementOptions
    problem: "CpModel"
    take: tuple[tuple["IntVar", ...], ...]
    cuts: Cuts
    flow: Mapping[int, tuple["IntVar", ...]]
    opened: Mapping[int, tuple["IntVar", ...]]
    put: Mapping[tuple[Job, Share, int], "IntVar"]

    @property
    def rounding_error(self) -> float:
        """How far rounding may move the mean, V / 2 / SCALE; add it to a bound."""
        return len(self.take) * 0.5 / SCALE

    @property
    def columns(self) -> list["IntVar"]:
        """All variables: x, then f, u and z."""
        several = [*self.take, *self.flow.values(), *self.opened.values()]
        return [*(x for row in several for x in row), *self.put.values()]

    def chosen(self, value: Callable[["IntVar"], int]) -> list[int]:
        """Return the option of each stream, given the values of the variables."""
        return [
            next(o for o in range(len(row)) if value(row[o]) == 1) for row in self.take
        ]

    def objective(self, value: Callable[["IntVar"], int]) -> float:
        """Return the weighted mean, from the options and not from the solver."""
        return self.options.objective(self.chosen(value))

    def decode(self, value: Callable[["IntVar"], int]) -> PlacedSchedule:
        """Return the schedule that the values of the variables stand for.

        Raises
        ------
        SolverDisagreement
            If the jobs do not lie as the program says that they may.
        """
        parts = {
            c: self.cuts.paths([value(f) for f in row]) for c, row in self.flow.items()
        }
        places = {job: g for (job, _, g), z in self.put.items() if value(z) == 1}
        chosen = self.chosen(value)
        schedule = placed_schedule(self.options, chosen, parts, places)
        if schedule is None:
            raise SolverDisagreement("a backend's solution does not pack the jobs")
        return schedule

    def encode(self, schedule: PlacedSchedule) -> list[int] | None:
        """Return the values of the columns in a solution no worse than a schedule.

        ``None`` if the schedule does not map onto the program.
        """
        start = start_of(self.options, schedule)
        if start is None:
            return None
        ones = [row[o] for row, o in zip(self.take, start.chosen, strict=True)]
        for job, share in (
            held
            for v, o in enumerate(start.chosen)
            for held in held_shares(v, self.options.streams[v][o])
            if held[0] in start.places
        ):
            g = start.places[job]
            ones += [self.put[job, share, g], self.opened[share.class_idx][g]]
        values = {x.index: 1 for x in ones}
        for c, row in self.flow.items():
            flow = self.cuts.flow(start.parts[c])
            values |= {f.index: n for f, n in zip(row, flow, strict=True)}
        return [values.get(x.index, 0) for x in self.columns]


def build(
    placement: Placement, check_time: Callable[[], None] = lambda: None
) -> PlacementCp:
    """Return the constraint program of a placement.

    Parameters
    ----------
    placement
        The problem.
    check_time
        Called often; may raise to stop the building.
    """
    from ortools.sat.python.cp_model import CpModel

    options = placement_options(placement, check_time)
    model = add_variables(options, CpModel(), check_time)
    add_objective(model)
    add_constraints(model, check_time)
    return model


def add_variables(
    options: PlacementOptions, problem: "CpModel", check_time: Callable[[], None]
) -> PlacementCp:
    """Add x_{v,o}, u_{c,g}, z_{j,q,g} ∈ {0, 1} and f_{c,a} ∈ {0, …, GPUs of c}."""
    take = []
    for v, row in enumerate(options.streams):
        check_time()
        label = stream_label(v, options.placement.streams[v])
        names = [f"take_{label}_option{o}" for o in range(len(row))]
        take.append(tuple(problem.new_bool_var(x) for x in names))
    cuts = cuts_of(options.menu)
    flow, opened = {}, {}
    for c, gpus in enumerate(options.classes):
        check_time()
        if gpus.packing is Packing.SIZES:
            names = [f"cut_class{c}_from{start}_to{end}" for start, end in cuts.arcs]
            most = len(gpus.names)
            flow[c] = tuple(problem.new_int_var(0, most, f) for f in names)
        if gpus.packing is Packing.PLACES:
            names = [f"open_class{c}_gpu{g}" for g in range(len(gpus.names))]
            opened[c] = tuple(problem.new_bool_var(u) for u in names)
    put = {}
    for (job, share), rank in places_of(options).items():
        check_time()
        label = f"{'training' if job.is_training else 'inference'}{job.stream_idx}"
        for g in range(min(rank + 1, len(options.classes[share.class_idx].names))):
            name = f"put_{label}_class{share.class_idx}_units{share.units}"
            name += f"_memory{share.memory}_gpu{g}"
            put[job, share, g] = problem.new_bool_var(name)
    return PlacementCp(
        options=options,
        problem=problem,
        take=tuple(take),
        cuts=cuts,
        flow=flow,
        opened=opened,
        put=put,
    )


def add_objective(model: PlacementCp) -> None:
    """Maximise the rounded mean, max Σ_v Σ_o round(SCALE · w_v · A_{v,o}) · x_{v,o}."""
    terms = [
        (x, round(SCALE * weight * option.value))
        for row, options, weight in zip(
            model.take,
            model.options.streams,
            model.options.weights.tolist(),
            strict=True,
        )
        for x, option in zip(row, options, strict=True)
    ]
    model.problem.maximize(_sum(terms))


def add_constraints(model: PlacementCp, check_time: Callable[[], None]) -> None:
    """Add all constraints."""
    add_one_option(model, check_time)
    for c, gpus in enumerate(model.options.classes):
        check_time()
        if gpus.packing in (Packing.UNITS, Packing.ALONE):
            add_units(model, c)
        if gpus.packing is Packing.ALONE:
            add_memory_alone(model, c)
        if gpus.packing is Packing.SIZES:
            first = zip(model.flow[c], model.cuts.arcs, strict=True)
            add_whole_gpus(model, c, [f for f, (start, _) in first if start == 0])
            add_conservation(model, c)
            add_parts(model, c)
        if gpus.packing is Packing.PLACES:
            add_whole_gpus(model, c, list(model.opened[c]))
            add_one_place(model, c, check_time)
            add_room(model, c)
            add_memory(model, c)
            add_order(model, c, check_time)


def add_one_option(model: PlacementCp, check_time: Callable[[], None]) -> None:
    """Give each stream one option, Σ_o x_{v,o} = 1 for all v."""
    for row in model.take:
        check_time()
        model.problem.add_exactly_one(row)


def add_units(model: PlacementCp, class_idx: int) -> None:
    """Keep a class's units within its GPUs, Σ_v Σ_o units_{o,c} · x_{v,o} ≤ K · G_c.

    Enough where every size divides the next larger one, or on a single GPU.
    """
    terms = _counted(model, class_idx, lambda share: share.units)
    per_gpu = model.options.placement.units_per_gpu
    total = per_gpu * len(model.options.classes[class_idx].names)
    model.problem.add(_sum(terms) <= total)


def add_memory_alone(model: PlacementCp, class_idx: int) -> None:
    """Keep a single GPU's memory, Σ_v Σ_o memory_{o,c} · x_{v,o} ≤ memory_c."""
    gpus = model.options.classes[class_idx]
    terms = _counted(model, class_idx, lambda share: share.memory)
    model.problem.add(_sum(terms) <= int(gpus.memory))


def add_whole_gpus(
    model: PlacementCp, class_idx: int, in_parts: Sequence["IntVar"]
) -> None:
    """Share a class's GPUs out, Σ_v Σ_o whole_{o,c} · x_{v,o} + in parts ≤ G_c.

    In parts are those that some path cuts, Σ_a f_{c,a} of the arcs from 0, or those
    opened, Σ_g u_{c,g}.
    """
    per_gpu = model.options.placement.units_per_gpu
    terms = _counted(
        model,
        class_idx,
        lambda share: 0 if share.units % per_gpu else share.units // per_gpu,
    )
    terms += [(gpu, 1) for gpu in in_parts]
    model.problem.add(_sum(terms) <= len(model.options.classes[class_idx].names))


def add_conservation(model: PlacementCp, class_idx: int) -> None:
    """Let every path reach its end, Σ_{a into n} f_{c,a} = Σ_{a from n} f_{c,a}."""
    for node in model.cuts.inner_nodes:
        terms: Terms = [
            (f, 1 if node == end else -1)
            for f, (start, end) in zip(
                model.flow[class_idx], model.cuts.arcs, strict=True
            )
            if node in (start, end)
        ]
        model.problem.add(_sum(terms) == 0)


def add_parts(model: PlacementCp, class_idx: int) -> None:
    """Have as many parts of at least each size s as jobs, unless on whole GPUs.

    Σ_{a of at least s} f_{c,a} ≥ Σ_v Σ_o jobs_{o,c,s} · x_{v,o}.
    """
    per_gpu = model.options.placement.units_per_gpu
    for size in model.cuts.sizes:

        def is_larger(share: Share, size: int = size) -> int:
            return int(size <= share.units < per_gpu)

        jobs = _counted(model, class_idx, is_larger)
        parts = [
            (f, 1)
            for f, (start, end) in zip(
                model.flow[class_idx], model.cuts.arcs, strict=True
            )
            if end - start >= size
        ]
        model.problem.add(_sum(parts) >= _sum(jobs))


def add_one_place(
    model: PlacementCp, class_idx: int, check_time: Callable[[], None]
) -> None:
    """Put a job on one GPU if it holds part of one, Σ_g z_{j,q,g} = Σ_{o: j holds q} x.

    One row for each job j of the class and each (units, memory) q that it may hold.
    """
    terms: dict[tuple[Job, Share], Terms] = defaultdict(list)
    for (job, share, _), z in model.put.items():
        if share.class_idx == class_idx:
            terms[job, share].append((z, 1))
    for v, (row, options) in enumerate(
        zip(model.take, model.options.streams, strict=True)
    ):
        check_time()
        for x, option in zip(row, options, strict=True):
            for held in held_shares(v, option):
                if held in terms:
                    terms[held].append((x, -1))
    for row_terms in terms.values():
        model.problem.add(_sum(row_terms) == 0)


def add_room(model: PlacementCp, class_idx: int) -> None:
    """Keep an open GPU's units, Σ_j Σ_q units_q · z_{j,q,g} ≤ K · u_{c,g} for all g."""
    per_gpu = model.options.placement.units_per_gpu
    for g, u in enumerate(model.opened[class_idx]):
        terms = [(z, share.units) for share, z in _put_on(model, class_idx, g)]
        model.problem.add(_sum(terms) <= per_gpu * u)


def add_memory(model: PlacementCp, class_idx: int) -> None:
    """Keep its memory, Σ_j Σ_q memory_q · z_{j,q,g} ≤ memory_c · u_{c,g} for all g."""
    memory = int(model.options.classes[class_idx].memory)
    for g, u in enumerate(model.opened[class_idx]):
        terms = [(z, share.memory) for share, z in _put_on(model, class_idx, g)]
        model.problem.add(_sum(terms) <= memory * u)


def add_order(
    model: PlacementCp, class_idx: int, check_time: Callable[[], None]
) -> None:
    """Order equal GPUs by the first of their jobs.

    Σ_q z_{j,q,g} ≤ Σ_{i < j} Σ_q z_{i,q,g-1} for each job j and GPU g > 0.
    """
    here: dict[tuple[Job, int], list[IntVar]] = defaultdict(list)
    for (job, share, g), z in model.put.items():
        if share.class_idx == class_idx:
            here[job, g].append(z)
    jobs = list(dict.fromkeys(job for job, _ in here))
    for g in range(1, len(model.opened[class_idx])):
        check_time()
        before: list[IntVar] = []
        for job in jobs:
            if here[job, g]:
                model.problem.add(sum(here[job, g]) <= sum(before))
            before += here[job, g - 1]


def _counted(
    model: PlacementCp, class_idx: int, count: Callable[[Share], int]
) -> Terms:
    """Return x with what its option's shares of a class count together, if anything."""
    return [
        (x, counted)
        for row, options in zip(model.take, model.options.streams, strict=True)
        for x, option in zip(row, options, strict=True)
        if (
            counted := sum(
                count(share) for share in option.shares if share.class_idx == class_idx
            )
        )
    ]


def _put_on(
    model: PlacementCp, class_idx: int, gpu: int
) -> list[tuple[Share, "IntVar"]]:
    """Return what may be put on a GPU of a class, and its booleans."""
    return [
        (share, z)
        for (_, share, g), z in model.put.items()
        if share.class_idx == class_idx and g == gpu
    ]


def _sum(terms: Iterable[tuple["IntVar", int]]) -> Any:
    from ortools.sat.python.cp_model import LinearExpr

    pairs = list(terms)
    return LinearExpr.weighted_sum([x for x, _ in pairs], [n for _, n in pairs])
