"""The order in which people number files."""

import re


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts ``window10`` after ``window9``."""
    parts = re.split(r"([0-9]+)", name)
    return [
        (1, int(part), "") if idx % 2 else (0, 0, part)
        for idx, part in enumerate(parts)
    ]
