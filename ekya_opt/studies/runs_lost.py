"""Runs whose workers die."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ekya_opt.studies.outcome import Failure, Outcome
from ekya_opt.studies.run_process import failed, utc_now

MOST_ATTEMPTS = 3


def lost(attempts: int, how: str, environment: Mapping[str, Any] | None) -> Outcome:
    """Return the outcome of a run whose workers died every time."""
    error = f"the worker died in each of {attempts} attempts, at last {how}"
    outcome = failed(Failure.WORKER_LOST, error, utc_now(), 0.0)
    return replace(outcome, attempts=attempts, environment=environment or {})
