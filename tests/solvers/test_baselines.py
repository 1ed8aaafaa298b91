"""Baselines against plans worked out by hand."""

import pytest

from instances import Instance, InvalidOption
from solvers import Options, Result, Status, solve
from solvers.config_rules import pareto_front
from tests.small import retraining, serving, stream, window

HIGH = retraining(20, 0.9, name="dear")
LOW = retraining(4, 0.6, name="cheap")
BEATEN = retraining(10, 0.55, name="beaten")
TWO = (serving(0.2, 0.5, "half"), serving(0.5, 1, "full"))


def run(instance: Instance, solver: str, **settings: object) -> Result:
    """Solve with settings."""
    return solve(instance, solver, Options(settings=settings))


def camera(name: str = "A") -> Instance:
    """Return one stream with two inference and three retraining configs."""
    return window(stream(name, inference=TWO, retraining=(HIGH, BEATEN, LOW)))


def test_the_pareto_front_leaves_out_the_beaten() -> None:
    """By rising cost: cheap, then dear; 10 GPU-seconds for 0.55 are beaten."""
    assert pareto_front(camera().streams[0]) == [2, 0]


def test_uniform_runs_the_config_of_its_rule() -> None:
    """Half of ten units train: dear ends at 40 s, cheap at 8 s."""
    high = run(camera(), "uniform")
    assert high.objective == pytest.approx(0.4 * 0.5 + 0.6 * 0.9)
    low = run(camera(), "uniform", config="low")
    assert low.objective == pytest.approx(0.08 * 0.5 + 0.92 * 0.6)
    named = run(camera(), "uniform", config="beaten")
    assert named.objective == pytest.approx(0.2 * 0.5 + 0.8 * 0.55)


def test_uniform_splits_by_its_inference_share() -> None:
    """With 30 % of ten units for inference the half config serves; 7 units train."""
    result = run(camera(), "uniform", inference_share=0.3)
    share = 20 / 0.7 / 100
    assert result.objective == pytest.approx(share * 0.25 + (1 - share) * 0.45)


def test_uniform_runs_a_retraining_that_harms() -> None:
    """A fixed config is fixed, also where it ends below the start."""
    instance = window(stream(retraining=(retraining(20, 0.1),)))
    assert run(instance, "uniform").objective == pytest.approx(0.4 * 0.5 + 0.6 * 0.1)


def test_uniform_does_not_run_what_cannot_finish() -> None:
    """100 GPU-seconds on half a GPU do not end in 100 s."""
    instance = window(stream(retraining=(retraining(100, 1.0),)))
    assert run(instance, "uniform").objective == pytest.approx(0.5)


def test_fixed_res_adapts_the_config_to_the_uniform_split() -> None:
    """On 5 + 5 units dear is worth 0.74, cheap 0.592: dear."""
    result = run(camera(), "fixed-res")
    assert result.schedule is not None
    assert result.schedule.streams[0].retraining == "dear"
    assert result.objective == pytest.approx(0.74)


def test_fixed_config_lets_the_thief_split_the_units() -> None:
    """The Thief with the cheap config alone is what fixed-config finds."""
    only = window(stream(inference=TWO, retraining=(LOW,)))
    result = run(camera(), "fixed-config", config="low")
    assert result.objective == pytest.approx(solve(only, "thief").objective)
    assert result.schedule is not None
    assert result.schedule.streams[0].retraining == "cheap"


def test_inference_only_serves_with_all_units() -> None:
    """Two streams on nine units: five for the first serve in full, four half."""
    cameras = [stream(name, 0.8, inference=TWO) for name in "AB"]
    result = solve(window(*cameras, gpus=0.9), "inference-only")
    assert result.objective == pytest.approx((0.8 + 0.4) / 2)


def test_baselines_that_break_a_floor_have_no_solution() -> None:
    """A floor of 0.5 is not kept by half of ten units when six are needed."""
    six = (serving(0.6, 1),)
    instance = window(stream(inference=six, retraining=(LOW,)), min_accuracy=0.5)
    for solver in ("uniform", "fixed-res"):
        result = solve(instance, solver)
        assert result.status is Status.NO_SOLUTION
        assert result.schedule is None
        assert result.metadata["below_floor"] == ["A"]
    assert solve(instance, "inference-only").status is Status.FEASIBLE


def test_random_is_a_function_of_its_seed() -> None:
    """Same seed, same schedule; more samples are no worse; seeds differ."""
    instance = window(*(stream(n, inference=TWO, retraining=(LOW,)) for n in "ABCD"))
    runs = [solve(instance, "random", Options(seed=seed)) for seed in (1, 1, 2, 3, 4)]
    assert runs[0].schedule == runs[1].schedule
    assert len({run.schedule for run in runs}) > 1
    many = solve(instance, "random", Options(seed=1, settings={"samples": 50}))
    assert many.objective is not None
    assert runs[0].objective is not None
    assert many.objective >= runs[0].objective


@pytest.mark.parametrize(
    ("solver", "settings"),
    [
        ("uniform", {"config": "nothing"}),
        ("uniform", {"inference_share": 1.5}),
        ("fixed-res", {"inference_share": -0.1}),
        ("fixed-config", {"config": "nothing"}),
        ("random", {"samples": 0}),
    ],
)
def test_settings_outside_their_domain_are_refused(
    solver: str, settings: dict[str, object]
) -> None:
    """Unknown configs, shares outside [0, 1] and no samples are errors."""
    with pytest.raises(InvalidOption):
        run(camera(), solver, **settings)
