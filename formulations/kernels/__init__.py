"""Kernels: the window's rules over millions of candidates, on the CPU or with CUDA.

Loading a module of this package loads numba; nothing outside imports one before it
is needed.
"""
