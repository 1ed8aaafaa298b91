"""Seeded generators of instances, one module a family."""
