"""What all benchmarks report: where and when they were run."""

import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ekya_opt.versions import version_of, versions


@dataclass(slots=True, kw_only=True)
class Report:
    """Where and when a benchmark was run; what it measured is in its subclasses.

    Parameters
    ----------
    machine
        Platform, processor and number of cores.
    versions
        Of what is installed.
    date
        When it began, UTC.
    interrupted
        Whether Ctrl-C cut the benchmark short.
    """

    machine: dict[str, Any] = field(default_factory=lambda: machine())
    versions: dict[str, str] = field(default_factory=versions)
    date: str = field(
        default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds")
    )
    interrupted: bool = False

    def setting(self, *packages: str) -> str:
        """Return where and when as one line, with the versions of some packages."""
        found = [f"{name} {version_of(name)}" for name in packages]
        where = f"{self.machine['processor']}, {self.machine['cores']} cores"
        python = f"Python {self.versions['python']}"
        return ", ".join([where, python, *found, self.date[:10]])

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return asdict(self)


def machine() -> dict[str, Any]:
    """Return the name of this machine's processor and its number of cores."""
    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1] for line in lines if line.startswith("model name")]
    return names[0].strip() if names else platform.processor() or "unknown"
