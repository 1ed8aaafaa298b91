"""The content of a file that is imported, and the hash that its provenance names."""

import hashlib
from pathlib import Path

from instances.errors import EkyaOptError


def content_of(path: str | Path) -> bytes:
    """Return the bytes of a file; raise ``EkyaOptError`` if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise EkyaOptError(f"{path}: cannot be read: {reason}") from None
    except ValueError as problem:
        raise EkyaOptError(f"{path}: cannot be read: {problem}") from None


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes; raise ``EkyaOptError`` as above."""
    return hashlib.sha256(content_of(path)).hexdigest()
