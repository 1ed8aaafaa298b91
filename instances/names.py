"""Columns of names: each distinct name once, and a code for every entry."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instances.checks import shown
from instances.errors import InvalidInstance


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Names of many entries, dictionary-encoded.

    Parameters
    ----------
    values
        The distinct names, each a non-empty printable string.
    codes
        Shape ``(n,)``, integers: entry i has the name ``values[codes[i]]``. Kept
        read-only, as the smallest unsigned integers that hold them.

    Raises
    ------
    InvalidInstance
        If a name is none or comes twice, or a code stands for no name.
    """

    values: tuple[str, ...]
    codes: NDArray[np.integer[Any]]

    def __post_init__(self) -> None:
        known: dict[str, int] = {}
        for idx, name in enumerate(self.values):
            if not isinstance(name, str) or not name.strip() or not name.isprintable():
                message = f"is {shown(name)}, expected a non-empty printable string"
                raise InvalidInstance(message, f"values[{idx}]")
            if known.setdefault(name, idx) != idx:
                message = f"is {shown(name)}, which values[{known[name]}] already is"
                raise InvalidInstance(message, f"values[{idx}]")
        codes = np.asarray(self.codes)
        if codes.ndim != 1 or codes.dtype.kind not in "iu":
            message = f"is {codes.dtype} of shape {codes.shape}, expected integers in"
            raise InvalidInstance(f"{message} one dimension", "codes")
        outside = (codes < 0) | (codes >= len(known))
        if outside.any():
            at = int(outside.argmax())
            message = f"is {codes[at]}, expected the position of one of {len(known)}"
            raise InvalidInstance(f"{message} values", f"codes[{at}]")
        kind = np.min_scalar_type(max(0, len(known) - 1))
        codes = codes.astype(kind, copy=False).view()
        codes.flags.writeable = False
        object.__setattr__(self, "values", tuple(self.values))
        object.__setattr__(self, "codes", codes)

    @classmethod
    def of(cls, names: Iterable[str]) -> "Names":
        """Return the column of some names."""
        known: dict[str, int] = {}
        codes = [known.setdefault(name, len(known)) for name in names]
        return cls(tuple(known), np.array(codes, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, idx: int) -> str:
        return self.values[int(self.codes[idx])]
