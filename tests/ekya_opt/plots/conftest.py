"""What the tests of figures share."""

from collections.abc import Iterator

import pytest

pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a test has drawn."""
    import matplotlib.pyplot as plt

    yield
    plt.close("all")
