"""Seeded generators of instances, one module a family."""

from instances.generators.contention import contention_sweep
from instances.generators.families import (
    FAMILIES,
    family_options,
    generate,
    regenerate,
)

__all__ = ["FAMILIES", "contention_sweep", "family_options", "generate", "regenerate"]
