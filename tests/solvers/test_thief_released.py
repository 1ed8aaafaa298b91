"""The released code's Thief: its scoring, its steps, its rounding."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from formulations.pick_configs import PickConfigs
from formulations.released_window import ReleasedWindow
from instances import InvalidOption
from solvers import Options, Status, StoppedBy, solve
from solvers.thief_released import _amounts, best_rounding
from tests.small import retraining, serving, stream, window

CURVE = (serving(0.25, 0.5), serving(0.5, 1))


def test_a_freed_share_goes_to_the_streams_own_inference() -> None:
    """Alone, 20 GPU-seconds on half a GPU end at 40 s and leave a whole GPU."""
    camera = stream(inference=CURVE, retraining=(retraining(20, 0.9),))
    scored = ReleasedWindow(window(camera)).alone(0, 0, 0.25, 0.5)
    assert scored == pytest.approx(0.4 * 0.5 * 0.5 + 0.6 * 0.9)


def test_inference_is_interpolated_in_the_sampling_factor() -> None:
    """A share of 1/3 GPU lies halfway between factors 2 and 4: 0.75 is kept."""
    scored = ReleasedWindow(window(stream(inference=CURVE))).alone(0, -1, 1 / 3, 0)
    assert scored == pytest.approx(0.5 * 0.75)
    below = ReleasedWindow(window(stream(inference=CURVE))).alone(0, -1, 0.24, 0)
    assert below == pytest.approx(0, abs=1e-6)


def test_a_freed_share_is_split_over_all_jobs_still_running() -> None:
    """A's retraining frees 0.3 GPU at 50 s: 0.1 each to B's and both inferences.

    B then trains at 0.2 instead of 0.1 and needs 10 more GPU-seconds: 50 s more, the
    end. Both infer at 0.35 after 50 s instead of 0.25.
    """
    a = stream("A", inference=CURVE, retraining=(retraining(15, 0.9),))
    b = stream("B", inference=CURVE, retraining=(retraining(15.0001, 0.9),))
    scored = ReleasedWindow(window(a, b)).objective(
        [0, 0], np.array([0.25, 0.25]), np.array([0.3, 0.1])
    )
    kept = np.interp(1 / 0.35, [2, 4], [1, 0.5])
    a_mean = 0.5 * 0.5 * 0.5 + 0.5 * 0.9 * kept
    b_mean = 0.5 * 0.5 * 0.5 + 0.5 * 0.5 * kept
    assert scored == pytest.approx((a_mean + b_mean) / 2)


def test_a_share_may_stay_where_the_instance_keeps_it() -> None:
    """Not handed on, a share freed at 40 s idles under never, serves under stream.

    A quarter of a GPU keeps half of the accuracy, three quarters all of it.
    """
    camera = stream(inference=CURVE, retraining=(retraining(20, 0.9),))
    shares = [0], np.array([0.25]), np.array([0.5])
    idle = ReleasedWindow(window(camera), hand_on=False).objective(*shares)
    assert idle == pytest.approx(0.4 * 0.25 + 0.6 * 0.45)
    joined = window(camera, reallocation="stream")
    served = ReleasedWindow(joined, hand_on=False).objective(*shares)
    assert served == pytest.approx(0.4 * 0.25 + 0.6 * 0.9)
    assert served == pytest.approx(ReleasedWindow(joined).objective(*shares))


def test_every_amount_up_to_the_whole_share_is_tried() -> None:
    """A share of 0.25 in steps of 0.1: 0.1, 0.2 and all of it."""
    assert _amounts(0.25, 0.1) == pytest.approx([0.1, 0.2, 0.25])
    assert _amounts(0.2, 0.1) == pytest.approx([0.1, 0.2])


def test_it_crosses_the_flat_step_that_stops_the_printed_thief() -> None:
    """Two streams that need 0.5 GPU of one: it steals a whole share at once.

    The fair share is 0.25 of a GPU and serves nobody; with both training shares gone,
    each has what it needs.
    """
    cameras = [stream(name, 0.8, inference=(serving(0.5, 1),)) for name in "AB"]
    result = solve(window(*cameras), "thief-released")
    assert result.objective == pytest.approx(0.8)
    assert result.status is Status.FEASIBLE


@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=1, max_size=3),
    st.sampled_from([1, 3, 10]),
)
def test_the_rounding_is_the_best_of_all(
    parts: list[tuple[float, float]], per: int
) -> None:
    """No way to round each job down or up within the total is better."""
    shares = np.array(parts).T
    cameras = [
        stream(f"s{v}", inference=CURVE, retraining=(retraining(20, 0.9),))
        for v in range(len(parts))
    ]
    gpus = max(1.0, float(np.ceil(shares.sum())))
    instance = window(*cameras, gpus=gpus, units_per_gpu=per)
    picks = PickConfigs(instance)
    found = best_rounding(instance, picks, shares)
    assert sum(map(sum, found)) <= instance.total_units
    low = np.floor(shares * per + 1e-9).astype(int).ravel()
    high = np.ceil(shares * per - 1e-9).astype(int).ravel()
    values = []
    for units in product(*({a, b} for a, b in zip(low, high, strict=True))):
        if sum(units) <= instance.total_units:
            pairs = np.array(units).reshape(2, -1).T
            values.append(picks.objective([(int(i), int(r)) for i, r in pairs]))
    assert picks.objective(found) == pytest.approx(max(values))


def test_it_keeps_its_time_limit() -> None:
    """Stopped early, it returns the shares it has and says so."""
    cameras = [
        stream(f"s{v}", inference=CURVE, retraining=(retraining(20, 0.9),))
        for v in range(30)
    ]
    instance = window(*cameras, gpus=10)
    result = solve(instance, "thief-released", Options(time_limit=0.2))
    assert result.stopped_by is StoppedBy.TIME_LIMIT
    assert result.schedule is not None
    assert result.runtime < 1.3


def test_a_server_smaller_than_the_step_is_solved() -> None:
    """A twentieth of a GPU is less than the usual step; whole shares are stolen."""
    levels = (serving(0.05, 1),)
    small = window(stream(inference=levels), gpus=0.05, units_per_gpu=20)
    assert solve(small, "thief-released").objective == pytest.approx(0.5)


def test_settings_outside_their_domain_are_refused() -> None:
    """No round and no step are errors."""
    for settings in ({"rounds": 0}, {"steal_gpus": 0.0}, {"steal_gpus": 1e-12}):
        with pytest.raises(InvalidOption, match="thief-released"):
            solve(window(stream()), "thief-released", Options(settings=settings))
