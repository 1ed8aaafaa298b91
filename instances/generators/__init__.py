"""Seeded generators of instances, one module a family."""

from instances.generators.contention import contention_sweep
from instances.generators.families import (
    FAMILIES,
    family_options,
    generate,
    generate_columns,
    regenerate,
    regenerate_columns,
)

__all__ = [
    "FAMILIES",
    "contention_sweep",
    "family_options",
    "generate",
    "generate_columns",
    "regenerate",
    "regenerate_columns",
]
