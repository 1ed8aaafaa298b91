"""Who plays Ekya, who plays the paper's baselines, and who plays the optimum.

"Ekya" is ``thief``, Algorithms 1 and 2 as printed, with Δ of 0.1 GPU, planned again
whenever a retraining completes: reallocation ``server`` with slots of 5 s, as in the
paper's evaluation. ``thief-released`` stands beside it. The uniform baselines keep
every stream's share for good, and its freed training units serve its own inference,
as in Fig. 4. Their Config 1 and Config 2 are the same for all streams and windows and
chosen on streams held out, as the paper has it (§6.1). Windows come one after the
other; the optimum of each is that of the same window with the same freedom, given the
models that its own decisions left.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from ekya_opt.paper.finding import Scale
from ekya_opt.solver_specs import solver_specs
from formulations.horizon_plans import advance, window_plans
from formulations.horizon_schedule import HorizonSchedule
from instances import Instance
from instances.generators import generate_problem
from instances.generators.assembly import LARGEST_SEED
from instances.horizon import Held, Horizon
from solvers import Options, StoppedBy, solve

if TYPE_CHECKING:
    from instances.problems import Problem

EKYA, RELEASED, NONE = "thief", "thief-released", "inference-only"

INFORMED = "uniform:config=high:inference_share=0.5"
"""No baseline of the paper's: each stream's best config of each window, 50 %."""

OPTIMUM = "decomposition:gap=0.01"
"""Proves the optimum of a server's window to 1 % or better, and is mostly nearer: with
0.005 some windows take minutes, and the schedules found hardly differ."""

SLOT_SECONDS, UNITS = 5.0, 20

HELD_OUT_STREAMS, HELD_OUT_WINDOWS = 2, 8
LEAST_GAIN = 0.5
"""Part of the front's gain that Config 2 reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What a policy reached over the windows of a horizon.

    Parameters
    ----------
    objective
        Mean over the windows; NaN if it had no schedule in one of them.
    bound
        Mean of the bounds proven in each window on its own; NaN without.
    windows
        Mean accuracy in each window.
    schedule
        What it did; ``None`` if it had no schedule in one of the windows.
    """

    objective: float
    bound: float
    windows: tuple[float, ...]
    schedule: HorizonSchedule | None = None


@cache
def fixed_configs() -> tuple[str, str]:
    """Return Config 1 and Config 2, chosen on two streams that nothing else uses.

    On the Pareto front of mean cost and mean accuracy over their windows, Config 1 is
    the dearest, and Config 2 the cheapest that gains at least half of what the dearest
    gains over the cheapest.
    """
    horizon = drift(HELD_OUT_STREAMS, 1, LARGEST_SEED, windows=HELD_OUT_WINDOWS)
    points: dict[str, list[tuple[float, float]]] = {}
    for stream in horizon.streams:
        for window in stream.windows:
            for each in window.retraining:
                point = each.gpu_seconds, each.accuracy
                points.setdefault(each.name, []).append(point)
    means = {
        name: tuple(sum(values) / len(values) for values in zip(*each, strict=True))
        for name, each in points.items()
    }
    front: list[str] = []
    for name in sorted(means, key=lambda name: means[name][0]):
        if not front or means[name][1] > means[front[-1]][1]:
            front.append(name)
    low, high = means[front[0]][1], means[front[-1]][1]
    least = low + LEAST_GAIN * (high - low)
    return front[-1], next(name for name in front if means[name][1] >= least)


def uniform_baselines() -> dict[str, str]:
    """Return the paper's four uniform baselines (Config c, p %), names and specs."""
    configs = fixed_configs()
    cases = ((1, 0.5), (2, 0.9), (2, 0.5), (2, 0.3))
    return {
        f"uniform ({config}, {share:.0%})".replace("%", " %"): (
            f"uniform:config={configs[config - 1]}:inference_share={share}"
        )
        for config, share in cases
    }


def drift(streams: int, gpus: float, seed: int, **options: Any) -> Horizon:
    """Return windows of drifting streams on a server that may move everything."""
    options = {"units_per_gpu": UNITS, "reallocation": "server"} | options
    if options["reallocation"] == "server":
        options.setdefault("slot_seconds", SLOT_SECONDS)
    problem: Problem = generate_problem("drift", streams, gpus, seed, **options)
    assert isinstance(problem, Horizon)
    return problem


def play(horizon: Horizon, spec: str, seed: int = 0) -> Played:
    """Return what a solver of single windows reaches, window after window.

    Each window begins with the models that the policy's own decisions left, as
    :func:`solvers.myopic.solve_myopic` has it, here with settings.

    Parameters
    ----------
    horizon
        The windows.
    spec
        A solver of single windows with its settings, ``uniform:config=low``.
    seed
        Of the solver.
    """
    (parsed,) = solver_specs([spec])
    options = Options(settings=parsed.settings, seed=seed)
    held = [Held()] * len(horizon.streams)
    values, bounds, windows = [], [], []
    for w in range(horizon.num_windows):
        result = solve(horizon.window(w, held), parsed.solver, options)
        if result.stopped_by is StoppedBy.INTERRUPT:
            raise KeyboardInterrupt
        if result.schedule is None or result.objective is None:
            return Played(objective=float("nan"), bound=float("nan"), windows=())
        plans = window_plans(horizon, w, held, result.schedule)
        held = [
            advance(horizon, w, models, plan)
            for models, plan in zip(held, plans.streams, strict=True)
        ]
        windows.append(plans)
        values.append(result.objective)
        bounds.append(float("nan") if result.bound is None else result.bound)
    return Played(
        objective=sum(values) / len(values),
        bound=sum(bounds) / len(bounds),
        windows=tuple(values),
        schedule=HorizonSchedule(windows=tuple(windows)),
    )


def play_window(instance: Instance, spec: str, seed: int = 0) -> float:
    """Return what a solver reaches in one window; NaN without a schedule."""
    (parsed,) = solver_specs([spec])
    options = Options(settings=parsed.settings, seed=seed)
    result = solve(instance, parsed.solver, options)
    if result.stopped_by is StoppedBy.INTERRUPT:
        raise KeyboardInterrupt
    return float("nan") if result.objective is None else result.objective


def with_only(horizon: Horizon, config: str) -> Horizon:
    """Return the horizon in which streams retrain with one config or not at all."""
    streams = tuple(
        replace(
            stream,
            windows=tuple(
                replace(
                    window,
                    retraining=tuple(c for c in window.retraining if c.name == config),
                )
                for window in stream.windows
            ),
        )
        for stream in horizon.streams
    )
    return replace(horizon, streams=streams)


def describe(sizes: str, windows: int, scale: Scale, gap: float) -> str:
    """Return what was measured on: sizes, windows, seeds, mode, and the largest gap."""
    return (
        f"family drift, {sizes}, {windows} windows of 200 s, seeds "
        f"{', '.join(map(str, scale.seeds))}, units of 1/{UNITS}, reallocation server "
        f"in slots of {SLOT_SECONDS:g} s; each window's optimum proven to "
        f"{100 * gap:.2f} %"
    )
