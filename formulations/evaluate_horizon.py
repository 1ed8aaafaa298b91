"""The referee of horizons: what a schedule of several windows is worth and breaks.

Plain Python from the rules alone, as :class:`instances.horizon.Horizon` states them.
Each window is judged by ``formulations/evaluate.py`` on an instance that is built here;
which models a stream has and what they score by now is worked out here again, so that
no code is shared with the models and solvers that are judged.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from formulations.evaluate import Evaluation, StreamEvaluation, evaluate
from formulations.horizon_schedule import HorizonPlan, HorizonSchedule
from formulations.schedule import Schedule, StreamPlan
from formulations.tolerances import MEMORY_TOLERANCE, TIME_TOLERANCE
from instances import Instance, Reallocation, RetrainingConfig, Stream
from instances.horizon import Horizon
from instances.horizon_stream import HorizonConfig, HorizonStream


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonStreamEvaluation:
    """What one stream gets out of a schedule of a horizon.

    Parameters
    ----------
    stream
        Name of the stream.
    accuracy
        Inference accuracy averaged over all windows, in [0, 1].
    held
        Name of the model held at the start of each window, and at last of the one
        held at the end.
    kept
        The earlier models at hand at the same instants.
    models
        Stretches ``(start_seconds, end_seconds, model)`` of the model in use, in
        seconds since the start of the first window; they cover the horizon.
    """

    stream: str
    accuracy: float
    held: tuple[str, ...]
    kept: tuple[tuple[str, ...], ...]
    models: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonEvaluation:
    """The referee's verdict on a schedule of a horizon.

    Parameters
    ----------
    objective
        Weighted mean over streams of the mean over windows of their accuracies; what
        a violating stretch yields counts as 0 where its accuracy is not defined.
    windows
        The verdict on each window, given the models that the streams have in it.
    streams
        One evaluation a stream, in the horizon's order.
    violations
        Every broken rule as a sentence that names the window, counted from 1; empty
        for a feasible schedule.
    """

    objective: float
    windows: tuple[Evaluation, ...]
    streams: tuple[HorizonStreamEvaluation, ...]
    violations: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """Whether the schedule breaks no rule."""
        return not self.violations


def evaluate_horizon(horizon: Horizon, schedule: HorizonSchedule) -> HorizonEvaluation:
    """Return the objective, the windows' verdicts and all violations of a schedule.

    A retraining or reuse that finishes inside its window, at the latest at its very
    end, changes the model held at the start of the next one; one that does not is a
    violation and changes nothing. The cost is linear in the number of segments, up to
    a sort in each window.
    """
    violations: list[str] = []
    num_windows = len(horizon.streams[0].windows)
    if len(schedule.windows) != num_windows:
        violations.append(
            f"The schedule has plans for {len(schedule.windows)} windows, the horizon "
            f"has {num_windows}."
        )
    walks = [_Walk(horizon, stream) for stream in horizon.streams]
    verdicts = []
    for w in range(num_windows):
        plans: Sequence[HorizonPlan] = ()
        if w < len(schedule.windows):
            plans = schedule.windows[w].streams
        verdict, problems = _judge_window(horizon, walks, w, plans)
        verdicts.append(verdict)
        violations += [f"Window {w + 1}: {problem}" for problem in problems]
    return HorizonEvaluation(
        objective=math.fsum(verdict.objective for verdict in verdicts) / num_windows,
        windows=tuple(verdicts),
        streams=tuple(
            HorizonStreamEvaluation(
                stream=walk.stream.name,
                accuracy=math.fsum(each.streams[v].accuracy for each in verdicts)
                / num_windows,
                held=tuple(walk.held),
                kept=tuple(walk.kept),
                models=tuple(walk.models),
            )
            for v, walk in enumerate(walks)
        ),
        violations=tuple(violations),
    )


class _Walk:
    """One stream on its way through the windows."""

    def __init__(self, horizon: Horizon, stream: HorizonStream) -> None:
        self.horizon = horizon
        self.stream = stream
        self.held = ["initial"]
        self.kept: list[tuple[str, ...]] = [()]
        self.models: list[tuple[float, float, str]] = []
        self.scores = {"initial": _scores(stream, stream, len(stream.windows))}

    def score(self, model: str, w: int) -> float:
        """Return what a model that was trained before scores in window w."""
        scores = self.scores[model]
        return scores[w - (len(self.stream.windows) - len(scores))]

    def problem(self, w: int, plan: HorizonPlan | None, problems: list[str]) -> Stream:
        """Return the stream as it enters window w, with what the plan may run."""
        window = self.stream.windows[w]
        configs: list[RetrainingConfig] = list(window.retraining)
        if plan is not None and plan.reuse is not None:
            if plan.reuse in self.kept[w]:
                delay = 0.0 if plan.warm else self.stream.load_seconds
                config = RetrainingConfig(
                    name=_run(plan) or "",
                    gpu_seconds=0,
                    accuracy=self.score(plan.reuse, w),
                    delay_seconds=delay,
                )
                configs.append(config)
            else:
                problems.append(
                    f"Stream {self.stream.name!r} has not kept the model "
                    f"{plan.reuse!r}, which it uses again."
                )
        return Stream(
            name=self.stream.name,
            accuracy=self.score(self.held[w], w),
            retraining=tuple(configs),
            inference=window.inference or self.stream.inference,
            weight=self.stream.weight,
            min_accuracy=self.stream.min_accuracy,
        )

    def step(
        self,
        w: int,
        plan: HorizonPlan | None,
        completion: float | None,
        problems: list[str],
    ) -> None:
        """Take over what the stream has at the end of window w."""
        before = after = self.held[w]
        if plan is not None and completion is not None:
            if plan.reuse is not None:
                after = plan.reuse
            elif plan.retraining is not None:
                after = f"{w + 1}/{plan.retraining}"
                for config in self.stream.windows[w].retraining:
                    if config.name == plan.retraining:
                        later = len(self.stream.windows) - w
                        self.scores[after] = _scores(self.stream, config, later)
        self.held.append(after)
        self._note(w, before, after, completion)
        at_hand = {*self.kept[w], before} - {after}
        wanted = () if plan is None else plan.kept
        most = self.horizon.cached_models
        if len(wanted) > most:
            problems.append(
                f"Stream {self.stream.name!r} keeps {len(wanted)} models, of at most "
                f"{most}."
            )
        for name in wanted:
            if name not in at_hand:
                problems.append(
                    f"Stream {self.stream.name!r} keeps the model {name!r}, which "
                    + ("it holds." if name == after else "it does not have.")
                )
        self.kept.append(tuple(name for name in wanted if name in at_hand))

    def _note(self, w: int, before: str, after: str, completion: float | None) -> None:
        """Note which model was in use in window w."""
        window = self.horizon.window_seconds
        same = TIME_TOLERANCE * window
        change = window
        if completion is not None and after != before:
            change = completion
            if self.horizon.reallocation is Reallocation.SERVER:
                slot = self.horizon.slot_seconds
                assert slot is not None
                change = math.ceil((completion - same) / slot) * slot
        if change <= same:
            change, before = window, after
        if change >= window - same:
            self.models.append((w * window, (w + 1) * window, before))
            return
        self.models.append((w * window, w * window + change, before))
        self.models.append((w * window + change, (w + 1) * window, after))


def _judge_window(
    horizon: Horizon, walks: list[_Walk], w: int, plans: Sequence[HorizonPlan]
) -> tuple[Evaluation, list[str]]:
    """Return the verdict on window w with all problems; the walks go on."""
    problems: list[str] = []
    named = {plan.stream: plan for plan in plans}
    streams = [walk.problem(w, named.get(walk.stream.name), problems) for walk in walks]
    instance = Instance(
        name=f"{horizon.name}-window{w + 1}",
        window_seconds=horizon.window_seconds,
        gpus=horizon.gpus,
        units_per_gpu=horizon.units_per_gpu,
        streams=tuple(streams),
        reallocation=horizon.reallocation,
        slot_seconds=horizon.slot_seconds,
        min_accuracy=horizon.min_accuracy,
        training_throughput=horizon.training_throughput,
    )
    _check_memory(horizon, named, problems)
    if plans:
        verdict = evaluate(instance, _window_schedule(instance, plans))
    else:
        verdict = _unplanned(instance)
    problems += verdict.violations
    for walk, judged in zip(walks, verdict.streams, strict=True):
        plan = named.get(walk.stream.name)
        walk.step(w, plan, judged.completion_seconds, problems)
    return verdict, problems


def _window_schedule(instance: Instance, plans: Sequence[HorizonPlan]) -> Schedule:
    """Return the plans of a window without what only a horizon knows."""
    at_hand = {
        stream.name: {config.name for config in stream.retraining}
        for stream in instance.streams
    }
    return Schedule(
        streams=tuple(
            StreamPlan(
                stream=plan.stream,
                retraining=_run(plan)
                if plan.reuse is None or _run(plan) in at_hand.get(plan.stream, ())
                else None,
                segments=plan.segments,
            )
            for plan in plans
        )
    )


def _run(plan: HorizonPlan) -> str | None:
    """Return the name of what a plan runs."""
    if plan.reuse is None:
        return plan.retraining
    return f"{'warm' if plan.warm else 'reuse'} {plan.reuse}"


def _check_memory(
    horizon: Horizon, named: dict[str, HorizonPlan], problems: list[str]
) -> None:
    """Check that the models used again at once fit into the memory for them."""
    warm = [
        stream
        for stream in horizon.streams
        if stream.name in named and named[stream.name].warm
    ]
    used = math.fsum(stream.model_gb for stream in warm)
    if warm and horizon.warm_gb == 0:
        names = ", ".join(repr(stream.name) for stream in warm)
        problems.append(f"There is no memory for warm models ({names}).")
    elif used > horizon.warm_gb * (1 + MEMORY_TOLERANCE):
        problems.append(f"Warm models take {used:g} GB, of {horizon.warm_gb:g}.")


def _unplanned(instance: Instance) -> Evaluation:
    """Return the verdict on a window without any plan."""
    whole = (0.0, instance.window_seconds, 0.0)
    return Evaluation(
        objective=0.0,
        streams=tuple(
            StreamEvaluation(
                stream=stream.name,
                accuracy=0.0,
                completion_seconds=None,
                timeline=(whole,),
            )
            for stream in instance.streams
        ),
        violations=tuple(
            f"Stream {stream.name!r} has no plan." for stream in instance.streams
        ),
    )


def _scores(
    stream: HorizonStream, source: HorizonStream | HorizonConfig, count: int
) -> list[float]:
    """Return a model's accuracy in its own window and the later ones, count in all."""
    if source.later_accuracy is not None:
        return [source.accuracy, *source.later_accuracy]
    decay = stream.decay
    scores = [source.accuracy]
    while len(scores) < count:
        least = min(scores[-1], decay.least)
        scores.append(max(least, decay.factor * scores[-1] - decay.loss))
    return scores
