"""What all tests share."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from instances import Instance, read_instance

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("default"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")

RECORDED = Path(__file__).parents[2] / "shared" / "recorded"


@pytest.fixture(params=[1, 2, 3], ids=lambda window: f"window{window}")
def recorded(request: pytest.FixtureRequest) -> tuple[int, Instance]:
    """Return the number of a recorded window and its instance, where they are."""
    path = RECORDED / f"cityscapes-window{request.param}.json"
    if not path.exists():
        pytest.skip("the recorded instances are not on this machine")
    return request.param, read_instance(path)
