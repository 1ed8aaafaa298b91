"""Rules that fix a stream's retraining config without looking at its units."""

from formulations.stream_model import NO_RETRAINING
from instances import InvalidOption, Stream


def ruled_config(stream: Stream, rule: str) -> int:
    """Return the index of the retraining config that a rule fixes for a stream.

    ``high`` and ``low`` are the dearest and the cheapest config on the Pareto front
    of GPU-seconds and accuracy (Ekya's "Config 1" and "Config 2"); anything else is a
    config's name. A stream without retraining configs has none to fix.

    Raises
    ------
    InvalidOption
        If the stream has no config of that name.
    """
    if not stream.retraining:
        return NO_RETRAINING
    if rule in ("high", "low"):
        front = pareto_front(stream)
        return front[-1] if rule == "high" else front[0]
    names = [config.name for config in stream.retraining]
    if rule not in names:
        message = f"stream {stream.name!r} has no retraining config {rule!r}; it has "
        raise InvalidOption(f"{message}{', '.join(names)} and the rules high and low")
    return names.index(rule)


def pareto_front(stream: Stream) -> list[int]:
    """Return the configs that no other beats in cost and accuracy, by rising cost."""
    order = sorted(
        range(len(stream.retraining)),
        key=lambda idx: (
            stream.retraining[idx].gpu_seconds,
            -stream.retraining[idx].accuracy,
        ),
    )
    front: list[int] = []
    for idx in order:
        if (
            not front
            or stream.retraining[idx].accuracy > stream.retraining[front[-1]].accuracy
        ):
            front.append(idx)
    return front
