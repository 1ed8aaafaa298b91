"""The problem: what is decided, what it is worth, and the exact models of it.

A server with G GPUs serves video streams. The model of each stream goes stale, so that
in every window of T seconds one decides for each stream v which retraining config γ to
run, if any, which inference config λ to serve with, and how much of a GPU its
retraining (R) and its inference (I) get, in units of 1/``units_per_gpu``. With φ = 1
for the tuple chosen, Ekya (Bhardwaj et al., NSDI 2022) states the window in Eq. 1::

    max  Σ_v w_v Σ φ_{vγλRI} · A(v, γ, λ, R, I)  /  Σ_v w_v
    s.t. Σ φ · C(v, γ)   ≤  G · T                GPU time
         Σ φ · (R + I)   ≤  G · units_per_gpu    units at any instant
         Σ_{γλRI} φ      =  1   for each v       one choice a stream

A is the inference accuracy averaged over the window: until the new model is ready that
of the old one, then that of the new one, each times the share that λ keeps. C are the
GPU-seconds of a retraining. At no instant may a stream be served below
``min_accuracy``. The weights w are 1 in the paper.

A retraining that ends inside the window takes C ≤ R/units_per_gpu · T, so the first
constraint follows from the second; and A depends on the stream's own choice alone. With
F(v, k) the best A of a stream on k units in all, what is left is a multiple-choice
knapsack of capacity K = G · units_per_gpu, which a dynamic program solves in O(V · K²).
What is really hard couples the streams in time and in place:

- reallocation ``server``: everything may change at multiples of ``slot_seconds``, so
  that there is a capacity in every slot;
- horizons: several windows in a row, where today's retraining is tomorrow's model, and
  earlier models can be used again;
- placements: each job on one physical GPU of its own speed and memory.

What plans are worth if the profiles are wrong is the business of the solvers
``expected`` and ``cvar`` and of the command ``stress``.
"""

from formulations.evaluate import Evaluation, StreamEvaluation
from formulations.feasibility import is_infeasible
from formulations.replaying import replay
from formulations.schedule import Schedule, Segment, StreamPlan
from formulations.stream_model import StreamModel
from formulations.tolerances import OBJECTIVE_TOLERANCE
from formulations.value_tables import ValueTable, value_table

__all__ = [
    "OBJECTIVE_TOLERANCE",
    "Evaluation",
    "Schedule",
    "Segment",
    "StreamEvaluation",
    "StreamModel",
    "StreamPlan",
    "ValueTable",
    "is_infeasible",
    "replay",
    "value_table",
]
