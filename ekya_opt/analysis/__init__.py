"""What the runs of a study say; pandas in, pandas out.

Every function takes the table of runs that ``Store.runs()`` returns, whole or in part,
and gives a table; the order of the rows does not matter. ``gaps`` measures runs against
what is proven, found and known of their instances, and ``gap_table`` and
``proof_counts`` sum up; ``contradictions`` finds pairs of runs that cannot both be
right. ``mean_times`` and ``performance_profile`` compare solvers by time and quality,
``primal_integrals`` and ``anytime_curve`` by what they had found by when, and
``paid_accuracies`` charges the window for the decision. ``accuracy_curve`` and
``capacity_for`` take a window instead of runs. All are found in ``ekya_opt``.
"""
