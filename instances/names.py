"""Columns of names: each distinct name once, and a code for every entry."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instances.errors import InvalidInstance


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Names of many entries, dictionary-encoded.

    Parameters
    ----------
    values
        The distinct names.
    codes
        Shape ``(n,)``, unsigned integers: entry i has the name ``values[codes[i]]``.
    """

    values: tuple[str, ...]
    codes: NDArray[np.unsignedinteger]

    def __post_init__(self) -> None:
        if len(self.codes) and int(self.codes.max()) >= len(self.values):
            message = f"is {int(self.codes.max())}, expected below {len(self.values)}"
            raise InvalidInstance(message, "codes")
        for idx, name in enumerate(self.values):
            if not name.strip() or not name.isprintable():
                message = f"is {name!r}, expected a non-empty printable string"
                raise InvalidInstance(message, f"values[{idx}]")

    @classmethod
    def of(cls, names: Iterable[str]) -> "Names":
        """Return the column of some names."""
        known: dict[str, int] = {}
        codes = [known.setdefault(name, len(known)) for name in names]
        kind = np.min_scalar_type(max(0, len(known) - 1))
        return cls(tuple(known), np.array(codes, dtype=kind))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, idx: int) -> str:
        return self.values[int(self.codes[idx])]
