"""Eq. 1 of Ekya as printed: one binary for each (stream, γ, λ, R, I).

Millions of variables at the paper's size; ``window_milp.py`` is the same problem
without them. Builds and decodes; ``solvers/milp.py`` solves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from formulations.labels import stream_label
from formulations.schedule import Schedule, StreamPlan
from formulations.stream_model import NO_RETRAINING, StreamModel
from formulations.window_milp import SCALE_PER_STREAM, chosen_of_each
from formulations.window_tuples import (
    NO_INFERENCE,
    Choice,
    stream_blocks,
    stream_choices,
)
from instances import Instance, InstanceTooLarge, Stream

if TYPE_CHECKING:
    from pulp import LpAffineExpression, LpProblem, LpVariable

CHOICES_A_LOOK = 64
"""Inference units between two looks at the clock."""

MOST_VARIABLES = 10_000_000
"""Largest program that is built; PuLP takes about 0.7 KB a variable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowMilpLiteral:
    """Eq. 1 of one instance.

    Parameters
    ----------
    instance
        The problem.
    problem
        The PuLP model; maximises ``scale`` times the weighted mean.
    take
        For each stream its binaries φ.
    options
        For each stream the tuples that the binaries stand for.
    """

    instance: Instance
    problem: "LpProblem"
    take: tuple[tuple["LpVariable", ...], ...]
    options: tuple[tuple[Choice, ...], ...]

    @property
    def scale(self) -> float:
        """The problem's objective divided by the weighted mean."""
        return SCALE_PER_STREAM * len(self.instance.streams)

    @property
    def columns(self) -> list["LpVariable"]:
        """All variables, stream by stream."""
        return [phi for row in self.take for phi in row]

    def objective(self, ones: Sequence[int]) -> float:
        """Return the weighted mean, from the coefficients and not from the solver."""
        gained = sum(
            stream.weight * choice.accuracy
            for stream, choice in zip(
                self.instance.streams, chosen_of_each(self.options, ones), strict=True
            )
        )
        return gained / self.instance.total_weight

    def decode(self, ones: Sequence[int]) -> Schedule:
        """Return the schedule that the columns at 1 stand for."""
        plans = [
            _plan(self.instance, stream, choice)
            for stream, choice in zip(
                self.instance.streams, chosen_of_each(self.options, ones), strict=True
            )
        ]
        return Schedule(streams=tuple(plans))

    def encode(self, schedule: Schedule) -> list[int] | None:
        """Return the columns at 1 that a schedule's first segments stand for.

        ``None`` if the schedule does not map onto the program.
        """
        plans = {plan.stream: plan for plan in schedule.streams}
        ones, before = [], 0
        for stream, options in zip(self.instance.streams, self.options, strict=True):
            plan = plans[stream.name]
            first = plan.segments[0]
            wanted = (
                _index([config.name for config in stream.retraining], plan.retraining),
                _index([config.name for config in stream.inference], first.inference),
                first.training_units,
                first.inference_units,
            )
            at = [j for j, choice in enumerate(options) if choice[:4] == wanted]
            if not at:
                return None
            ones.append(before + at[0])
            before += len(options)
        return ones


def build(
    instance: Instance, check_time: Callable[[], None] = lambda: None
) -> WindowMilpLiteral:
    """Return Eq. 1 of a static window.

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    check_time
        Called often; may raise to stop the building.

    Raises
    ------
    InstanceTooLarge
        If there would be more than ``MOST_VARIABLES``.
    """
    from pulp import LpMaximize, LpProblem

    num_variables = count_variables(instance)
    if num_variables > MOST_VARIABLES:
        message = f"{instance.name}: Eq. 1 as printed has {num_variables} variables,"
        message += f" more than {MOST_VARIABLES}; the compact program is the same"
        raise InstanceTooLarge(f"{message} problem without them")
    problem = LpProblem("window_literal", LpMaximize)
    model = add_variables(instance, problem, check_time)
    add_objective(model, check_time)
    add_constraints(model, check_time)
    return model


def add_variables(
    instance: Instance, problem: "LpProblem", check_time: Callable[[], None]
) -> WindowMilpLiteral:
    """Add φ_{vγλRI} ∈ {0, 1} for every admissible tuple with R + I ≤ K."""
    take: list[tuple[LpVariable, ...]] = []
    options: list[tuple[Choice, ...]] = []
    for v, stream in enumerate(instance.streams):
        label = stream_label(v, stream)
        choices = tuple(stream_choices(instance, stream, check_time))
        options.append(choices)
        row = []
        for choice in choices:
            if choice.inference_units % CHOICES_A_LOOK == 0:
                check_time()
            name = phi_name(label, *choice[:4])
            row.append(problem.add_variable(name, 0, 1, "Integer"))
        take.append(tuple(row))
    return WindowMilpLiteral(
        instance=instance, problem=problem, take=tuple(take), options=tuple(options)
    )


def add_objective(model: WindowMilpLiteral, check_time: Callable[[], None]) -> None:
    """Maximise the scaled weighted mean, max Σ scale · w_v · A_T(v, γ, λ, R, I) · φ."""
    total = model.instance.total_weight
    weights = [s.weight / total * model.scale for s in model.instance.streams]
    gained = _sum(model, lambda v, c: weights[v] * c.accuracy, check_time)
    problem = model.problem
    problem += gained, "scaled_accuracy"


def add_constraints(model: WindowMilpLiteral, check_time: Callable[[], None]) -> None:
    """Add all constraints."""
    add_one_choice(model, check_time)
    add_capacity(model, check_time)
    add_gpu_time(model, check_time)


def add_one_choice(model: WindowMilpLiteral, check_time: Callable[[], None]) -> None:
    """Give each stream one tuple, Σ_{γ,λ,R,I} φ_{vγλRI} = 1 for all v (constraint 3).

    The paper has ≤ 1. A stream with no tuple would be served at accuracy 0 without
    being asked whether its floor allows that, so serving nothing is a tuple here
    (λ = none), admissible where the floor is 0.
    """
    from pulp import LpAffineExpression, LpConstraint, LpConstraintEQ

    for v, (stream, row) in enumerate(
        zip(model.instance.streams, model.take, strict=True)
    ):
        check_time()
        chosen = LpAffineExpression([(phi, 1) for phi in row])
        name = f"one_choice_{stream_label(v, stream)}"
        model.problem.addConstraint(LpConstraint(chosen, LpConstraintEQ, name, 1))


def add_capacity(model: WindowMilpLiteral, check_time: Callable[[], None]) -> None:
    """Keep the units within the total, Σ φ · (R + I) ≤ K (constraint 2)."""
    from pulp import LpConstraint, LpConstraintLE

    used = _sum(model, lambda _, c: c.training_units + c.inference_units, check_time)
    total = model.instance.total_units
    model.problem.addConstraint(LpConstraint(used, LpConstraintLE, "capacity", total))


def add_gpu_time(model: WindowMilpLiteral, check_time: Callable[[], None]) -> None:
    """Keep the GPU time within the window's, Σ φ · C_T / ‖T‖ ≤ G (constraint 1).

    C_T is the GPU time that the training *occupies*: R / units_per_gpu times its
    seconds. That is ``gpu_seconds`` when the speed is the share of a GPU. With a
    measured throughput above it, ``gpu_seconds`` can exceed the time occupied, and
    Eq. 1 as printed would forbid schedules that fit. Constraint (2) implies this one.
    """
    from pulp import LpConstraint, LpConstraintLE

    busy = _sum(model, lambda _, c: c.gpus_in_training, check_time)
    gpus = model.instance.gpus
    model.problem.addConstraint(LpConstraint(busy, LpConstraintLE, "gpu_time", gpus))


def count_variables(instance: Instance) -> int:
    """Return how many variables Eq. 1 has, without building it."""
    total = instance.total_units
    return sum(
        total - block.training_units - block.fewest + 1
        for stream in instance.streams
        for block in stream_blocks(instance, stream)
    )


def phi_name(
    label: str,
    retraining_idx: int,
    inference_idx: int,
    training_units: int,
    inference_units: int,
) -> str:
    """Return the name of φ_{vγλRI}, such as ``phi_s3_zurich_g2_lnone_R4_I0``."""
    gamma = "none" if retraining_idx == NO_RETRAINING else retraining_idx
    lam = "none" if inference_idx == NO_INFERENCE else inference_idx
    return f"phi_{label}_g{gamma}_l{lam}_R{training_units}_I{inference_units}"


def _plan(instance: Instance, stream: Stream, choice: Choice) -> StreamPlan:
    """Return the stream's plan, served by the tuple's own λ before the completion."""
    plan = StreamModel(instance, stream).plan(
        choice.retraining_idx, choice.inference_units, choice.training_units
    )
    first = plan.segments[0]
    joined_at_once = first.inference_units != choice.inference_units
    if joined_at_once:
        return plan
    served = None
    if choice.inference_idx != NO_INFERENCE:
        served = stream.inference[choice.inference_idx].name
    segments = (replace(first, inference=served), *plan.segments[1:])
    return replace(plan, segments=segments)


def _index(names: list[str], name: str | None) -> int:
    return -1 if name is None else names.index(name)


def _sum(
    model: WindowMilpLiteral,
    coefficient: Callable[[int, Choice], float],
    check_time: Callable[[], None],
) -> "LpAffineExpression":
    """Return Σ φ · coefficient(v, tuple)."""
    from pulp import LpAffineExpression

    def terms() -> Iterator[tuple["LpVariable", float]]:
        for v, (row, choices) in enumerate(zip(model.take, model.options, strict=True)):
            check_time()
            for phi, choice in zip(row, choices, strict=True):
                yield phi, coefficient(v, choice)

    return LpAffineExpression(terms())
