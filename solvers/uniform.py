"""Baselines that split the GPUs evenly by stream (Ekya, §6.1)."""

from formulations.pick_configs import PickConfigs, Share
from formulations.stream_model import NO_RETRAINING, StreamModel
from instances import Instance, InvalidOption
from solvers.allocations import answer_allocation, answer_choices, fair_split
from solvers.config_rules import ruled_config
from solvers.rerun import PlanAs, carry_out
from solvers.search import Answer, Search


def solve_uniform(
    instance: Instance,
    search: Search,
    *,
    config: str = "high",
    inference_share: float = 0.5,
    plan_as: PlanAs = "stream",
) -> Answer:
    """Even split by stream, each split into inference and one fixed retraining.

    A retraining that would not finish is not run, one that harms is (Ekya, §6.1).

    Parameters
    ----------
    instance
        The window.
    search
        The run's options, clock and incumbents.
    config
        Name of the retraining config, or a rule: ``high`` and ``low`` are the dearest
        and the cheapest on a stream's Pareto front of cost and accuracy.
    inference_share
        Part of a stream's units that serves, in [0, 1], rounded to the nearest unit.
    plan_as
        Under ``server``: the static reallocation to plan with.
    """

    def plan(window: Instance, _: Search) -> Answer:
        models = [StreamModel(window, stream) for stream in window.streams]
        shares = _even_shares(window, inference_share)
        retraining = [
            model.finishing(ruled_config(model.stream, config), share[1])
            for model, share in zip(models, shares, strict=True)
        ]
        return answer_choices(models, retraining, shares)

    return carry_out(plan, instance, search, plan_as)


def solve_fixed_res(
    instance: Instance,
    search: Search,
    *,
    inference_share: float = 0.5,
    plan_as: PlanAs = "stream",
) -> Answer:
    """Ekya-FixedRes: the uniform split of units with configs adapted to it.

    Parameters
    ----------
    instance
        The window.
    search
        The run's options, clock and incumbents.
    inference_share
        Part of a stream's units that serves, in [0, 1], rounded to the nearest unit.
    plan_as
        Under ``server``: the static reallocation to plan with.
    """

    def plan(window: Instance, _: Search) -> Answer:
        shares = _even_shares(window, inference_share)
        return answer_allocation(PickConfigs(window), shares)

    return carry_out(plan, instance, search, plan_as)


def solve_inference_only(instance: Instance, search: Search) -> Answer:
    """No retraining: all units serve, split evenly by stream.

    Each stream uses the inference config that is best on its share.
    """

    def plan(window: Instance, _: Search) -> Answer:
        models = [StreamModel(window, stream) for stream in window.streams]
        retraining = [NO_RETRAINING] * len(models)
        return answer_choices(models, retraining, _even_shares(window, 1))

    return carry_out(plan, instance, search, "never")


def _even_shares(instance: Instance, inference_share: float) -> list[Share]:
    """Return every stream's units, the inference part rounded to the nearest unit."""
    if not 0 <= inference_share <= 1:
        message = f"inference_share is {inference_share:g}, expected from 0 to 1"
        raise InvalidOption(message)
    shares = []
    for units in fair_split(instance.total_units, len(instance.streams)):
        inference = int(inference_share * units + 0.5)
        shares.append((inference, units - inference))
    return shares
