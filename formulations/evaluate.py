"""The referee: what a schedule is worth on an instance, and what it breaks.

Plain Python from the rules alone. It shares no code with the models and solvers that
it judges; only the tolerances are common. The rules of a window:

- A stream has one retraining config or none, and segments: from when, which inference
  config or none, units for inference and for training. The first begins at 0; each
  lasts to the next one's start, the last to the window's end.
- A retraining starts when its ``delay_seconds`` have passed. Every second it gains the
  speed of its training units: their share of a GPU, or what ``training_throughput``
  says of it. When the sum reaches ``gpu_seconds`` it is complete, and the new model
  serves. It must complete inside the window.
- An inference config needs ceil(``gpus`` · ``units_per_gpu``) of the stream's
  inference units. A stream is served at the accuracy of its model times the config's
  ``relative_accuracy``; without a config at 0. That is never below its floor.
- At every instant the units of all streams together are at most those of the server.
- What may change during the window is told by :class:`instances.instance.Reallocation`.
- The objective is the weighted mean over the streams of their accuracies, averaged
  over the window.
"""

import itertools
import math
from dataclasses import dataclass

from formulations.schedule import Schedule, Segment, StreamPlan
from formulations.tolerances import ACCURACY_TOLERANCE, TIME_TOLERANCE
from instances import Instance, Reallocation, RetrainingConfig, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvaluation:
    """What one stream gets out of a schedule.

    Parameters
    ----------
    stream
        Name of the stream.
    accuracy
        Inference accuracy averaged over the window, in [0, 1].
    completion_seconds
        When the retraining finishes; ``None`` without one or if it never does.
    timeline
        Stretches ``(start_seconds, end_seconds, accuracy)`` that cover the window.
    """

    stream: str
    accuracy: float
    completion_seconds: float | None
    timeline: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The referee's verdict on a schedule.

    Parameters
    ----------
    objective
        Weighted mean of the streams' accuracies; what a violating stretch yields
        counts as 0 where its accuracy is not defined.
    streams
        One evaluation a stream, in the instance's order.
    violations
        Every broken rule as a sentence; empty for a feasible schedule.
    """

    objective: float
    streams: tuple[StreamEvaluation, ...]
    violations: tuple[str, ...]

    @property
    def feasible(self) -> bool:
        """Whether the schedule breaks no rule."""
        return not self.violations


def evaluate(instance: Instance, schedule: Schedule) -> Evaluation:
    """Return the objective, the timelines and all violations of a schedule.

    Exact for schedules that are constant between their segments' starts. The cost
    is linear in the number of segments, up to a sort.
    """
    violations: list[str] = []
    plans = {plan.stream: plan for plan in schedule.streams}
    known = {stream.name for stream in instance.streams}
    for name in plans:
        if name not in known:
            violations.append(f"Stream {name!r} is not in the instance.")
    verdicts = []
    for stream in instance.streams:
        plan = plans.get(stream.name)
        if plan is None:
            violations.append(f"Stream {stream.name!r} has no plan.")
            timeline = ((0.0, instance.window_seconds, 0.0),)
            verdict = StreamEvaluation(
                stream=stream.name,
                accuracy=0.0,
                completion_seconds=None,
                timeline=timeline,
            )
        else:
            verdict = _judge(instance, stream, plan, violations)
        verdicts.append(verdict)
    _check_capacity(instance, list(plans.values()), violations)
    weights = [stream.weight for stream in instance.streams]
    gained = math.fsum(
        weight * verdict.accuracy
        for weight, verdict in zip(weights, verdicts, strict=True)
    )
    return Evaluation(
        objective=gained / math.fsum(weights),
        streams=tuple(verdicts),
        violations=tuple(violations),
    )


def _judge(
    instance: Instance, stream: Stream, plan: StreamPlan, violations: list[str]
) -> StreamEvaluation:
    who = f"Stream {stream.name!r}"
    window = instance.window_seconds
    same = TIME_TOLERANCE * window
    segments = [part for part in plan.segments if part.start_seconds < window - same]
    if len(segments) < len(plan.segments):
        violations.append(f"{who} has a segment that starts after the window's end.")

    retraining = _named_retraining(stream, plan, violations)
    completion = None
    if retraining is not None:
        completion = _completion(instance, retraining, segments)
        if completion is None:
            violations.append(
                f"{who}: retraining {retraining.name!r} does not finish inside the "
                f"window of {window:g} s."
            )
    _check_reallocation(instance, who, segments, completion, violations)

    serving = math.inf
    if completion is not None:
        serving = _serving_from(instance, segments, completion)
    cuts = [part.start_seconds for part in segments]
    if serving < window - same and serving not in cuts:
        cuts = sorted([*cuts, serving])
    timeline = []
    for start, end in zip(cuts, [*cuts[1:], window], strict=True):
        segment = [part for part in segments if part.start_seconds <= start][-1]
        model = stream.accuracy
        if retraining is not None and serving <= start:
            model = retraining.accuracy
        kept = _relative_accuracy(instance, stream, segment, violations)
        accuracy = model * kept
        floor = instance.min_accuracy
        if stream.min_accuracy is not None:
            floor = stream.min_accuracy
        if end - start > same and accuracy < floor - ACCURACY_TOLERANCE:
            violations.append(
                f"{who} is served at accuracy {accuracy:.6g} from {start:g} s to "
                f"{end:g} s, below its floor of {floor:g}."
            )
        timeline.append((start, end, accuracy))
    area = math.fsum((end - start) * level for start, end, level in timeline)
    return StreamEvaluation(
        stream=stream.name,
        accuracy=area / window,
        completion_seconds=completion,
        timeline=tuple(timeline),
    )


def _named_retraining(
    stream: Stream, plan: StreamPlan, violations: list[str]
) -> RetrainingConfig | None:
    if plan.retraining is None:
        return None
    for config in stream.retraining:
        if config.name == plan.retraining:
            return config
    violations.append(
        f"Stream {stream.name!r} has no retraining config {plan.retraining!r}."
    )
    return None


def _completion(
    instance: Instance, retraining: RetrainingConfig, segments: list[Segment]
) -> float | None:
    """Return when the accumulated GPU-seconds reach what the retraining needs."""
    window = instance.window_seconds
    same = TIME_TOLERANCE * window
    missing = retraining.gpu_seconds
    if missing == 0:
        delay = retraining.delay_seconds
        return delay if delay <= window + same else None
    ends = [part.start_seconds for part in segments[1:]] + [window]
    for segment, end in zip(segments, ends, strict=True):
        start = max(segment.start_seconds, retraining.delay_seconds)
        rate = _speed(instance, segment.training_units / instance.units_per_gpu)
        late = end + same - start
        if rate > 0 and late >= 0 and missing <= rate * late:
            return min(start + missing / rate, end)
        missing -= rate * max(0.0, end - start)
    return None


def _speed(instance: Instance, gpus: float) -> float:
    """Return the GPU-seconds that a retraining gains a second on a share."""
    if instance.training_throughput is None:
        return gpus
    left = (0.0, 0.0)
    for right in instance.training_throughput:
        if gpus <= right[0]:
            slope = (right[1] - left[1]) / (right[0] - left[0])
            return left[1] + slope * (gpus - left[0])
        left = right
    return left[1] + (gpus - left[0])


def _serving_from(
    instance: Instance, segments: list[Segment], completion: float
) -> float:
    """Return when the new model starts to serve."""
    same = TIME_TOLERANCE * instance.window_seconds
    if instance.reallocation is Reallocation.SERVER:
        slot = instance.slot_seconds
        assert slot is not None
        return math.ceil((completion - same) / slot) * slot
    for segment in segments:
        if abs(segment.start_seconds - completion) <= same:
            return segment.start_seconds
    return completion


def _relative_accuracy(
    instance: Instance, stream: Stream, segment: Segment, violations: list[str]
) -> float:
    """Return the share of the model's accuracy that the segment's config keeps."""
    if segment.inference is None:
        return 0.0
    for config in stream.inference:
        if config.name == segment.inference:
            demand = config.gpus * instance.units_per_gpu
            needed = math.ceil(demand - 1e-9 * max(1.0, demand))
            if needed <= segment.inference_units:
                return config.relative_accuracy
            violations.append(
                f"Stream {stream.name!r}: inference config {config.name!r} needs "
                f"{needed} units, has {segment.inference_units} from "
                f"{segment.start_seconds:g} s."
            )
            return 0.0
    violations.append(
        f"Stream {stream.name!r} has no inference config {segment.inference!r}."
    )
    return 0.0


def _check_reallocation(
    instance: Instance,
    who: str,
    segments: list[Segment],
    completion: float | None,
    violations: list[str],
) -> None:
    """Check that only what the instance's reallocation mode allows changes."""
    mode = instance.reallocation
    same = TIME_TOLERANCE * instance.window_seconds
    for before, after in itertools.pairwise(segments):
        start = after.start_seconds
        if mode is Reallocation.SERVER:
            slot = instance.slot_seconds
            assert slot is not None
            if abs(start - round(start / slot) * slot) > same:
                violations.append(
                    f"{who} changes at {start:g} s, not at a multiple of {slot:g} s."
                )
            continue
        if completion is None or abs(start - completion) > same:
            violations.append(
                f"{who} changes at {start:g} s; with reallocation {mode} it may only "
                "at its own completion"
                + ("." if completion is None else f" ({completion:g} s).")
            )
        shares = (before.inference_units, before.training_units)
        new_shares = (after.inference_units, after.training_units)
        if mode is Reallocation.NEVER and shares != new_shares:
            violations.append(
                f"{who} changes its units at {start:g} s; with reallocation never it "
                "may not."
            )
        if mode is Reallocation.STREAM and sum(shares) != sum(new_shares):
            violations.append(
                f"{who} changes its total from {sum(shares)} to {sum(new_shares)} "
                f"units at {start:g} s; with reallocation stream it may not."
            )
        if mode is Reallocation.STREAM and new_shares[0] < shares[0]:
            violations.append(
                f"{who} takes units from its inference at {start:g} s; with "
                "reallocation stream only training units are freed."
            )


def _check_capacity(
    instance: Instance, plans: list[StreamPlan], violations: list[str]
) -> None:
    """Check that the units in use never exceed the total."""
    total = round(instance.gpus * instance.units_per_gpu)
    same = TIME_TOLERANCE * instance.window_seconds
    changes: list[tuple[float, int]] = []
    for plan in plans:
        held = 0
        for segment in plan.segments:
            units = segment.inference_units + segment.training_units
            changes.append((segment.start_seconds, units - held))
            held = units
    changes.sort()
    used = 0
    for idx, (start, change) in enumerate(changes):
        used += change
        settled = idx + 1 == len(changes) or changes[idx + 1][0] > start + same
        if settled and used > total:
            violations.append(f"{used} units are in use at {start:g} s, of {total}.")
