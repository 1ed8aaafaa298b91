"""The commands of ``ekya-opt``, one module each."""
