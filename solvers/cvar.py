"""The mean of the worst scenarios: a heuristic with a proven bound."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from formulations.schedule_columns import ScheduleColumns
from formulations.tail_risk import TailRisk
from instances import Instance, InvalidOption
from solvers.dp import best_units
from solvers.expected import AveragedProblem, averaged_problem
from solvers.result import StoppedBy, relative_gap
from solvers.search import Answer, Search, TimeUp

PATIENCE = 5
"""Steps without a lower bound after which the steps become half as long."""

PROVEN = 1e-9
"""Difference of bound and value that counts as none."""

Floats = NDArray[np.float64]


def solve_cvar(
    instance: Instance,
    search: Search,
    *,
    confidence: float = 0.9,
    iterations: int = 100,
    starts: int = 4,
    scenarios: int = 200,
    accuracy_error: float = 0.1,
    cost_error: float = 0.1,
    from_estimates: bool = False,
) -> Answer:
    """High mean over the worst scenarios (CVaR), a heuristic with a bound on it.

    The conditional value at risk of a plan is min q·f over the weights q of an
    envelope, where f are its values in the scenarios (Rockafellar and Uryasev, 2000).
    For any such q the best q-weighted mean, an exact program like that of
    ``expected``, bounds the best CVaR from above. A projected subgradient method with
    Polyak's steps lowers that bound; the plans that it meets are candidates, and the
    best of them are improved by changes to one or two streams.

    In the metadata: ``cvar`` of the plan, ``cvar_bound`` for all plans that keep every
    rule on the nominal numbers, ``cvar_gap`` and the plan's ``mean``. ``objective`` is
    what the plan is worth on the nominal numbers.

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    search
        The run's options, clock and incumbents; the seed draws the scenarios.
    confidence
        The worst share 1 - confidence counts; from 0 (all) to below 1.
    iterations
        Steps of the subgradient method, at least 1.
    starts
        How many of the best plans met are improved, at least 1.
    scenarios, accuracy_error, cost_error, from_estimates
        As in ``expected``.
    """
    if not 0 <= confidence < 1:
        message = f"cvar: confidence is {confidence!r}, expected a number from 0 to"
        raise InvalidOption(f"{message} below 1")
    if iterations < 1 or starts < 1:
        message = f"cvar: iterations is {iterations}, starts is {starts}"
        raise InvalidOption(f"{message}, expected at least 1")
    problem = averaged_problem(
        instance, search, "cvar", scenarios, accuracy_error, cost_error, from_estimates
    )
    plans = SafePlans(problem, TailRisk(confidence=confidence, count=scenarios))
    try:
        if not plans.start(search):
            return Answer(infeasible=True)
        plans.metadata["iterations_done"] = _lower_bound(plans, search, iterations)
        from solvers.tail_moves import improve

        improve(instance, plans, search, starts)
    except TimeUp:
        plans.stopped_by = StoppedBy.TIME_LIMIT
    except KeyboardInterrupt:
        plans.stopped_by = StoppedBy.INTERRUPT
    return plans.answer(instance)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedPlan:
    """A plan, its value in every scenario, and the CVaR of these."""

    plan: ScheduleColumns
    outcomes: Floats
    cvar: float


class SafePlans:
    """The plans tried so far, and the lowest bound.

    Parameters
    ----------
    problem
        The window with its scenarios.
    risk
        What is maximised.

    Attributes
    ----------
    tried
        Every plan tried, by its bytes.
    best
        The one of the highest CVaR, the first of equals.
    bound, weights
        The lowest bound, and the weights of the scenarios that prove it.
    stopped_by, metadata
        For the answer.
    """

    def __init__(self, problem: AveragedProblem, risk: TailRisk) -> None:
        self.problem = problem
        self.risk = risk
        self.tried: dict[bytes, TriedPlan] = {}
        self.best: TriedPlan | None = None
        self.bound = np.inf
        self.weights = np.full(risk.count, 1 / risk.count)
        self.stopped_by: StoppedBy | None = None
        self.metadata: dict[str, object] = {}

    @property
    def cvar(self) -> float:
        """The highest CVaR."""
        return -np.inf if self.best is None else self.best.cvar

    @property
    def proven(self) -> bool:
        """Whether no plan has a higher one."""
        return bool(self.bound - self.cvar <= PROVEN)

    def start(self, search: Search) -> bool:
        """Try the nominal optimum, and the best plan if no retraining gave anything.

        Return whether there is any plan.
        """
        from formulations.kernels.averages import Averages
        from formulations.kernels.simulation import nominal

        columns = self.problem.columns
        known = nominal(columns)
        for scenario in (known, replace(known, accuracy=0 * known.accuracy)):
            table = Averages(columns, scenario).table(between=search.check_time)
            units = best_units(table.values, search)
            if units is None:
                return False
            self.consider(table.plan(units))
        return True

    def consider(self, plan: ScheduleColumns) -> TriedPlan:
        """Simulate a plan in the scenarios, and keep it."""
        from formulations.candidates import candidates_of_columns
        from formulations.kernels.simulation import simulate

        columns = self.problem.columns
        candidates = candidates_of_columns(columns, [plan])
        found = simulate(columns, candidates, self.problem.scenarios, device="cpu")
        outcomes: Floats = found.objective[0]
        cvar = float(self.risk.value(outcomes))
        tried = TriedPlan(plan=plan, outcomes=outcomes, cvar=cvar)
        parts = (plan.retraining, plan.inference_units, plan.training_units)
        self.tried.setdefault(b"".join(part.tobytes() for part in parts), tried)
        if cvar > self.cvar:
            self.best = tried
        return tried

    def safest(self, count: int) -> list[TriedPlan]:
        """Return the plans of the highest CVaR."""
        return sorted(self.tried.values(), key=lambda each: -each.cvar)[:count]

    def relax(self, weights: Floats, search: Search) -> tuple[float, TriedPlan]:
        """Return the best weighted mean, which bounds every CVaR, and its plan."""
        table = self.problem.averages.table(
            weights, workers=search.options.workers, between=search.check_time
        )
        units = best_units(table.values, search)
        assert units is not None
        bound = table.values.objective(units)
        if bound < self.bound:
            self.bound, self.weights = bound, weights
        return bound, self.consider(table.plan(units))

    def answer(self, instance: Instance) -> Answer:
        """Return the best plan with what is known of it."""
        if self.best is None:
            return Answer(stopped_by=self.stopped_by)
        bound = max(self.bound, self.cvar) if np.isfinite(self.bound) else None
        self.metadata |= {
            "cvar": self.cvar,
            "cvar_bound": bound,
            "cvar_gap": None if bound is None else relative_gap(bound, self.cvar),
            "mean": float(self.best.outcomes.mean()),
        }
        return Answer(
            schedule=self.best.plan.schedule(instance),
            stopped_by=self.stopped_by,
            metadata=self.metadata,
        )


def _lower_bound(plans: SafePlans, search: Search, iterations: int) -> int:
    """Lower the bound step by step; return how many steps were taken."""
    weights = plans.weights
    length, waited = 1.0, 0
    for done in range(1, iterations + 1):
        before = plans.bound
        bound, found = plans.relax(weights, search)
        slope = found.outcomes - found.outcomes.mean()
        steep = float(slope @ slope)
        if plans.proven or steep == 0:
            return done
        waited = 0 if bound < before - PROVEN else waited + 1
        if waited == PATIENCE:
            weights, length, waited = plans.weights, length / 2, 0
            continue
        step = length * (bound - plans.cvar) / steep
        weights = plans.risk.nearest_weights(weights - step * slope)
    return iterations
