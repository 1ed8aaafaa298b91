"""Proving a claimed bound again, from the instance and the price alone.

Written from the rules (DESIGN, "What a schedule is"), it shares no code with the value
tables, hulls, cores and kernels that claim bounds. What is proven, when a claim holds:
**no schedule that the referee accepts has an objective above the claimed bound by more
than** ``OBJECTIVE_TOLERANCE``. The referee's own tolerances are inside: its billionth
on units and accuracies is granted to every stream, and what its tolerance on instants
can add is ``REFEREE_SLACK`` at most, which is taken off the tolerance.

Where L(λ) alone does not reach the claim, all that could beat it is enumerated. An
option k of stream v loses l_v(k) = max_j (w_v·A_v(j) - λ·j) - (w_v·A_v(k) - λ·k), and
a schedule is worth L(λ) - Σ_v l_v(k_v) - λ·(units left idle), so that one worth more
than T loses less than L(λ) - T in all.
"""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Protocol

from formulations.certificate import Certificate, Reproof
from formulations.reproof_core import Core, least_loss
from formulations.reproof_exact import ExactRelaxation
from formulations.reproof_server import reprove_server
from formulations.tolerances import OBJECTIVE_TOLERANCE
from instances import Instance, Reallocation
from instances.columns import Columns, columns_of

REFEREE_SLACK = 1e-8
"""More than the referee's tolerance on instants adds to any stream's accuracy.

A change up to a billionth of the window before or after the completion moves at most
2e-9 of it to another accuracy, and a stretch that is too short for its floor to be
checked, at most 3e-9 even if several such changes follow each other.
"""

SHARES = (Fraction(1, 2**20), Fraction(1, 2**10), Fraction(1))
"""Shares of the gap that are enumerated in turn, until one holds a schedule.

A small share is quick and, where a claim is far too low, shows it.
"""

MOST_EXACT_OPTIONS = 5_000_000
"""Options (γ, serving level, k) up to which rational arithmetic is used."""


class Relaxation(Protocol):
    """A window at a price, its streams free of each other."""

    method: str
    total_units: int

    @property
    def bound(self) -> Fraction | float:
        """L(λ) or more; ``-inf`` if a stream cannot be kept at its floor."""

    def options(
        self, gap: Fraction
    ) -> Iterable[tuple[Sequence[int], Sequence[Fraction | float]]] | None:
        """Return units and losses, none too large, of all that lose less than the gap.

        One pair a stream; ``None`` if they are too many.
        """


def reprove(
    problem: Instance | Columns,
    certificate: Certificate,
    bound: float | None,
    objective: float | None = None,
) -> Reproof:
    """Return what a certificate proves, and whether that is the claimed bound.

    Small instances are proven in rational arithmetic, larger ones in floating point
    with every error on the safe side; the result names which.

    Parameters
    ----------
    problem
        The window, as objects or as columns.
    certificate
        What the solver handed over; a bad price proves less, but nothing false.
    bound
        The claimed upper bound; without one, the price alone is looked at.
    objective
        What the referee found a feasible schedule to be worth, if there is one: no
        proof is looked for of a bound below it.
    """
    if problem.reallocation is Reallocation.SERVER and certificate.prices:
        instance = problem if isinstance(problem, Instance) else problem.instance()
        return reprove_server(instance, certificate, bound, objective)
    if problem.reallocation is Reallocation.SERVER:
        text = "A price bounds static windows only, this one reallocates everything."
        return _reproof(math.inf, math.inf, False, "none", text)
    if certificate.price is None:
        text = "Prices of slots bound windows that reallocate everything only."
        return _reproof(math.inf, math.inf, False, "none", text)
    if not _knows(problem, certificate.break_stream):
        text = f"There is no stream {certificate.break_stream!r} to break at."
        return _reproof(math.inf, math.inf, False, "none", text)
    relaxation = _relaxation(problem, certificate.price)
    limit, method = relaxation.bound, relaxation.method
    if limit == -math.inf:
        text = "Some stream cannot be kept at its floor: there is no schedule."
        return _reproof(limit, limit, True, method, text)
    if bound is None:
        text = "No bound is claimed; the price proves the Lagrangian bound."
        return _reproof(limit, limit, True, method, text)
    most = Fraction(bound) + Fraction(OBJECTIVE_TOLERANCE) - Fraction(REFEREE_SLACK)
    if limit <= most:
        text = "The Lagrangian bound does not exceed the claim by more than is allowed."
        return _reproof(limit, limit, True, method, text)
    if objective is not None and objective > most:
        text = f"The schedule itself is worth {objective:.9g}, more than is claimed."
        return _reproof(limit, limit, False, method, text)
    widest = Fraction(limit) - Fraction(bound)
    for share in SHARES:
        gap = widest * share
        core = _core(relaxation, Fraction(certificate.price), gap)
        if core.least is not None or not core.complete:
            break
    best = Fraction(limit) - (core.least or 0)
    if core.complete and core.least is None:
        best = Fraction(bound)
    text = _explained(core, float(gap), best <= most, best)
    return _reproof(limit, best, best <= most, method, text)


def _core(relaxation: Relaxation, price: Fraction, gap: Fraction) -> Core:
    options = relaxation.options(gap)
    return least_loss(options, relaxation.total_units, price, gap)


def _explained(core: Core, gap: float, holds: bool, best: Fraction) -> str:
    if not core.complete:
        text = f"The Lagrangian bound exceeds the claimed bound by {gap:.3g}, and too"
        return f"{text} many schedules may lie between them to enumerate."
    found = f"Within {gap:.3g} of the Lagrangian bound"
    if core.num_streams:
        found += f" {core.num_streams} streams have {core.num_options} options"
    else:
        found += " no stream has a choice"
    if holds:
        return f"{found}, and no schedule of them beats the claimed bound."
    return f"{found}, and a schedule of them may be worth {float(best):.9g}."


def _reproof(
    limit: Fraction | float,
    best: Fraction | float,
    holds: bool,
    method: str,
    explanation: str,
) -> Reproof:
    return Reproof(
        lagrangian_bound=_rounded_up(limit),
        proven_bound=_rounded_up(best),
        holds=holds,
        method=method,
        explanation=explanation,
    )


def _rounded_up(number: Fraction | float) -> float:
    nearest = float(number)
    return nearest if nearest >= number else math.nextafter(nearest, math.inf)


def _relaxation(problem: Instance | Columns, price: float) -> Relaxation:
    """Return the relaxation by the exact way if that is quick."""
    if isinstance(problem, Columns):
        streams, configs = problem.num_streams, len(problem.gpu_seconds)
        levels = len(problem.demand_gpus)
    else:
        streams = len(problem.streams)
        configs = sum(len(stream.retraining) for stream in problem.streams)
        levels = sum(len(stream.inference) for stream in problem.streams)
    # Each k takes the time of some options, however few there are.
    work = (configs / streams + 1) * (levels / streams + 1) + 8
    if work * streams * (problem.total_units + 1) <= MOST_EXACT_OPTIONS:
        instance = problem if isinstance(problem, Instance) else problem.instance()
        return ExactRelaxation(instance, price)
    from formulations.reproof_outward import OutwardRelaxation

    columns = problem if isinstance(problem, Columns) else columns_of(problem)
    return OutwardRelaxation(columns, price)


def _knows(problem: Instance | Columns, break_stream: str | int | None) -> bool:
    """Return whether the stream of the break is one of the problem's."""
    if break_stream is None:
        return True
    if isinstance(break_stream, int):
        count = (
            problem.num_streams
            if isinstance(problem, Columns)
            else len(problem.streams)
        )
        return break_stream < count
    if isinstance(problem, Instance):
        return any(stream.name == break_stream for stream in problem.streams)
    names = map(problem.stream_name, range(problem.num_streams))
    return any(name == break_stream for name in names)
