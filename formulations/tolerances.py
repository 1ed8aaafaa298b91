"""How much two computations of the same number may differ."""

OBJECTIVE_TOLERANCE = 1e-6
"""Difference of two objectives, or of bound and objective, that counts as none."""

ACCURACY_TOLERANCE = 1e-9
"""How far an accuracy may lie below its floor and still count as at it."""

TIME_TOLERANCE = 1e-9
"""Difference of two instants that counts as none, as a share of the window."""

MEMORY_TOLERANCE = 1e-9
"""How far memory in use may exceed what there is, as a share of it."""

LEAST_IMPROVEMENT = 1e-12
"""What a step of a local search must add to the mean accuracy, beyond rounding."""
