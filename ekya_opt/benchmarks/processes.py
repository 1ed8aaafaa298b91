"""New Python processes that find this copy of the packages."""

import os
from pathlib import Path


def environment() -> dict[str, str]:
    """Return the environment of such a process."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
