"""Ekya-FixedConfig: the Thief's units with one fixed retraining config."""

from dataclasses import replace

from formulations.stream_model import NO_RETRAINING
from instances import Instance, Stream
from solvers.config_rules import ruled_config
from solvers.search import Answer, Search
from solvers.thief import solve_thief


def solve_fixed_config(
    instance: Instance, search: Search, *, config: str = "high"
) -> Answer:
    """Ekya-FixedConfig: the Thief's units, one fixed retraining config a stream.

    A stream retrains with that config or not at all; ``thief`` with its default
    settings says what it gets.

    Parameters
    ----------
    instance
        The window.
    search
        The run's options, clock and incumbents.
    config
        Name of the retraining config, or the rule ``high`` or ``low`` as in
        ``uniform``.
    """
    streams = tuple(_with_only(stream, config) for stream in instance.streams)
    return solve_thief(replace(instance, streams=streams), search)


def _with_only(stream: Stream, rule: str) -> Stream:
    idx = ruled_config(stream, rule)
    kept = () if idx == NO_RETRAINING else (stream.retraining[idx],)
    return replace(stream, retraining=kept)
