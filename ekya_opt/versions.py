"""Versions of this package and of what it depends on, without importing any."""

import platform
import re
from importlib import metadata

PACKAGE = "ekya-opt"
UNKNOWN = "not installed"


def version_of(package: str) -> str:
    """Return the installed version of a package."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return UNKNOWN


def versions() -> dict[str, str]:
    """Return the versions of ekya-opt, Python, the platform and the dependencies."""
    found = {PACKAGE: __version__, "python": platform.python_version()}
    found["platform"] = platform.platform()
    for dependency in _dependencies():
        found[dependency] = version_of(dependency)
    return found


def _dependencies() -> list[str]:
    """Return the packages that ekya-opt requires, without those of its extras."""
    try:
        required = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        required = [
            "numpy",
            "networkx",
            "pandas",
            "pulp",
            "highspy",
            "ortools",
            "numba",
        ]
    plain = [text for text in required if "extra ==" not in text]
    return [re.split(r"[^A-Za-z0-9._-]", text, maxsplit=1)[0] for text in plain]


__version__ = version_of(PACKAGE)
