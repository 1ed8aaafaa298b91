"""What a schedule is, what it is worth, and the exact models of the window."""

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
