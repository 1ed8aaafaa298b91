"""Benchmarks: of the window problem, of the kernels, and of whole fleets."""
