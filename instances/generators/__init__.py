"""Seeded generators of instances, one module a family."""

from instances.generators.contention import contention_sweep
from instances.generators.families import (
    FAMILIES,
    PROBLEM_FAMILIES,
    family_options,
    generate,
    generate_columns,
    generate_problem,
    regenerate,
    regenerate_columns,
    regenerate_problem,
)

__all__ = [
    "FAMILIES",
    "PROBLEM_FAMILIES",
    "contention_sweep",
    "family_options",
    "generate",
    "generate_columns",
    "generate_problem",
    "regenerate",
    "regenerate_columns",
    "regenerate_problem",
]
