"""Exact models, heuristics and optimality gaps for edge GPU windows.

Names load on first use, so that ``import ekya_opt`` takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import replace

    from ekya_opt.analysis.anytime import anytime_curve
    from ekya_opt.analysis.capacities import accuracy_curve, capacity_for
    from ekya_opt.analysis.gaps import contradictions, gap_table, gaps, proof_counts
    from ekya_opt.analysis.integrals import primal_integral, primal_integrals
    from ekya_opt.analysis.means import mean_times, shifted_geometric_mean
    from ekya_opt.analysis.paid import paid_accuracies, paid_accuracy
    from ekya_opt.analysis.profiles import performance_profile
    from ekya_opt.checking import Check, check
    from ekya_opt.comparison import compare, summarise
    from ekya_opt.estimator_study import EstimatorReport, estimator_report
    from ekya_opt.exploring import Explorer, explore
    from ekya_opt.landscapes import landscape
    from ekya_opt.noise_study import robustness, summarise_robustness
    from ekya_opt.paper.making import paper_page
    from ekya_opt.plots.anytime import plot_anytime
    from ekya_opt.plots.capacity import plot_accuracy_curve
    from ekya_opt.plots.gap_lines import plot_gaps_by
    from ekya_opt.plots.gap_spread import plot_gaps
    from ekya_opt.plots.gpus import plot_gpus
    from ekya_opt.plots.noise import plot_robustness
    from ekya_opt.plots.paid import plot_paid
    from ekya_opt.plots.pareto import plot_pareto
    from ekya_opt.plots.performance import plot_performance_profile
    from ekya_opt.plots.prices import plot_prices
    from ekya_opt.plots.stream_counts import plot_accuracy_by_streams
    from ekya_opt.plots.timeline import plot_timeline
    from ekya_opt.plots.value_curve import plot_value_curve
    from ekya_opt.plots.window_shares import plot_shares
    from ekya_opt.prices import price_list, summarise_prices
    from ekya_opt.pruning_study import pruning_report, summarise_pruning
    from ekya_opt.reading import read, read_columns
    from ekya_opt.reports.store_report import write_report
    from ekya_opt.solving import solve
    from ekya_opt.stress_report import stress
    from ekya_opt.studies.store import Store, open_store
    from ekya_opt.studies.study import Study
    from ekya_opt.studies.study_files import read_study
    from formulations import Evaluation, Schedule, Segment, StreamPlan
    from formulations.certificate import Certificate, Reproof
    from formulations.evaluate import evaluate
    from formulations.evaluate_horizon import HorizonEvaluation, evaluate_horizon
    from formulations.evaluate_placement import evaluate_placement
    from formulations.horizon_schedule import HorizonPlan, HorizonSchedule, WindowPlans
    from formulations.placed_schedule import PlacedPlan, PlacedSchedule
    from formulations.reproof import reprove
    from formulations.schedule_files import ScheduleFile, read_schedule, write_schedule
    from instances import (
        EkyaOptError,
        Estimate,
        InferenceConfig,
        Instance,
        InstanceTooLarge,
        InvalidData,
        InvalidInstance,
        InvalidOption,
        InvalidSchedule,
        Reallocation,
        RetrainingConfig,
        SolverDisagreement,
        SolverUnavailable,
        Stream,
        as_estimated,
        write_instance,
    )
    from instances.chaining import chain
    from instances.columns import Columns, columns_of
    from instances.generators import generate, generate_columns, generate_problem
    from instances.horizon import Held, Horizon
    from instances.horizon_stream import (
        Decay,
        HorizonConfig,
        HorizonStream,
        StreamWindow,
    )
    from instances.importers.ekya import import_ekya
    from instances.importers.table_frames import inference_table_of, table_of
    from instances.importers.tables import import_table
    from instances.library import load_shipped, shipped_names
    from instances.npz_files import write_columns
    from instances.placement import Gpu, Placement, placement_of
    from instances.problems import write_problem
    from instances.profiler.profile import Profile, profile
    from solvers import (
        Answer,
        Options,
        Result,
        Search,
        Status,
        StoppedBy,
        TimeUp,
        solver_names,
    )

    __version__: str

_HOMES = {
    "dataclasses": ("replace",),
    "ekya_opt.analysis.gaps": ("contradictions", "gap_table", "gaps", "proof_counts"),
    "ekya_opt.analysis.anytime": ("anytime_curve",),
    "ekya_opt.analysis.integrals": (
        "primal_integral",
        "primal_integrals",
    ),
    "ekya_opt.analysis.means": (
        "mean_times",
        "shifted_geometric_mean",
    ),
    "ekya_opt.analysis.profiles": ("performance_profile",),
    "ekya_opt.analysis.capacities": (
        "accuracy_curve",
        "capacity_for",
    ),
    "ekya_opt.analysis.paid": (
        "paid_accuracies",
        "paid_accuracy",
    ),
    "ekya_opt.checking": ("Check", "check"),
    "ekya_opt.comparison": ("compare", "summarise"),
    "ekya_opt.exploring": ("Explorer", "explore"),
    "ekya_opt.estimator_study": ("EstimatorReport", "estimator_report"),
    "ekya_opt.landscapes": ("landscape",),
    "ekya_opt.noise_study": ("robustness", "summarise_robustness"),
    "ekya_opt.paper.making": ("paper_page",),
    "ekya_opt.plots.noise": ("plot_robustness",),
    "ekya_opt.pruning_study": ("pruning_report", "summarise_pruning"),
    "ekya_opt.reading": ("read", "read_columns"),
    "ekya_opt.solving": ("solve",),
    "ekya_opt.stress_report": ("stress",),
    "ekya_opt.studies.store": ("Store", "open_store"),
    "ekya_opt.studies.study": ("Study",),
    "ekya_opt.studies.study_files": ("read_study",),
    "ekya_opt.versions": ("__version__",),
    "ekya_opt.reports.store_report": ("write_report",),
    "formulations": ("Evaluation", "Schedule", "Segment", "StreamPlan"),
    "formulations.certificate": ("Certificate", "Reproof"),
    "formulations.evaluate": ("evaluate",),
    "formulations.reproof": ("reprove",),
    "formulations.schedule_files": ("ScheduleFile", "read_schedule", "write_schedule"),
    "instances": (
        "EkyaOptError",
        "Estimate",
        "InferenceConfig",
        "Instance",
        "InstanceTooLarge",
        "InvalidData",
        "InvalidInstance",
        "InvalidOption",
        "InvalidSchedule",
        "Reallocation",
        "RetrainingConfig",
        "SolverDisagreement",
        "SolverUnavailable",
        "Stream",
        "as_estimated",
        "write_instance",
    ),
    "instances.columns": ("Columns", "columns_of"),
    "instances.generators": ("generate", "generate_columns", "generate_problem"),
    "instances.importers.ekya": ("import_ekya",),
    "instances.importers.table_frames": ("inference_table_of", "table_of"),
    "instances.importers.tables": ("import_table",),
    "instances.library": ("load_shipped", "shipped_names"),
    "instances.npz_files": ("write_columns",),
    "instances.profiler.profile": ("Profile", "profile"),
    "ekya_opt.prices": (
        "price_list",
        "summarise_prices",
    ),
    "ekya_opt.plots.gap_lines": ("plot_gaps_by",),
    "ekya_opt.plots.gap_spread": ("plot_gaps",),
    "ekya_opt.plots.performance": ("plot_performance_profile",),
    "ekya_opt.plots.anytime": ("plot_anytime",),
    "ekya_opt.plots.capacity": ("plot_accuracy_curve",),
    "ekya_opt.plots.stream_counts": ("plot_accuracy_by_streams",),
    "ekya_opt.plots.pareto": ("plot_pareto",),
    "ekya_opt.plots.value_curve": ("plot_value_curve",),
    "ekya_opt.plots.window_shares": ("plot_shares",),
    "ekya_opt.plots.paid": ("plot_paid",),
    "ekya_opt.plots.gpus": ("plot_gpus",),
    "ekya_opt.plots.prices": ("plot_prices",),
    "ekya_opt.plots.timeline": ("plot_timeline",),
    "formulations.evaluate_horizon": (
        "HorizonEvaluation",
        "evaluate_horizon",
    ),
    "formulations.evaluate_placement": ("evaluate_placement",),
    "formulations.horizon_schedule": (
        "HorizonPlan",
        "HorizonSchedule",
        "WindowPlans",
    ),
    "formulations.placed_schedule": (
        "PlacedPlan",
        "PlacedSchedule",
    ),
    "instances.chaining": ("chain",),
    "instances.horizon": (
        "Held",
        "Horizon",
    ),
    "instances.horizon_stream": (
        "Decay",
        "HorizonConfig",
        "HorizonStream",
        "StreamWindow",
    ),
    "instances.placement": (
        "Gpu",
        "Placement",
        "placement_of",
    ),
    "instances.problems": ("write_problem",),
    "solvers": (
        "Answer",
        "Options",
        "Result",
        "Search",
        "Status",
        "StoppedBy",
        "TimeUp",
        "solver_names",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Answer",
    "Certificate",
    "Check",
    "Columns",
    "Decay",
    "EkyaOptError",
    "Estimate",
    "EstimatorReport",
    "Evaluation",
    "Explorer",
    "Gpu",
    "Held",
    "Horizon",
    "HorizonConfig",
    "HorizonEvaluation",
    "HorizonPlan",
    "HorizonSchedule",
    "HorizonStream",
    "InferenceConfig",
    "Instance",
    "InstanceTooLarge",
    "InvalidData",
    "InvalidInstance",
    "InvalidOption",
    "InvalidSchedule",
    "Options",
    "PlacedPlan",
    "PlacedSchedule",
    "Placement",
    "Profile",
    "Reallocation",
    "Reproof",
    "Result",
    "RetrainingConfig",
    "Schedule",
    "ScheduleFile",
    "Search",
    "Segment",
    "SolverDisagreement",
    "SolverUnavailable",
    "Status",
    "StoppedBy",
    "Store",
    "Stream",
    "StreamPlan",
    "StreamWindow",
    "Study",
    "TimeUp",
    "WindowPlans",
    "__version__",
    "accuracy_curve",
    "anytime_curve",
    "as_estimated",
    "capacity_for",
    "chain",
    "check",
    "columns_of",
    "compare",
    "contradictions",
    "estimator_report",
    "evaluate",
    "evaluate_horizon",
    "evaluate_placement",
    "explore",
    "gap_table",
    "gaps",
    "generate",
    "generate_columns",
    "generate_problem",
    "import_ekya",
    "import_table",
    "inference_table_of",
    "landscape",
    "load_shipped",
    "mean_times",
    "open_store",
    "paid_accuracies",
    "paid_accuracy",
    "paper_page",
    "performance_profile",
    "placement_of",
    "plot_accuracy_by_streams",
    "plot_accuracy_curve",
    "plot_anytime",
    "plot_gaps",
    "plot_gaps_by",
    "plot_gpus",
    "plot_paid",
    "plot_pareto",
    "plot_performance_profile",
    "plot_prices",
    "plot_robustness",
    "plot_shares",
    "plot_timeline",
    "plot_value_curve",
    "price_list",
    "primal_integral",
    "primal_integrals",
    "profile",
    "proof_counts",
    "pruning_report",
    "read",
    "read_columns",
    "read_schedule",
    "read_study",
    "replace",
    "reprove",
    "robustness",
    "shifted_geometric_mean",
    "shipped_names",
    "solve",
    "solver_names",
    "stress",
    "summarise",
    "summarise_prices",
    "summarise_pruning",
    "summarise_robustness",
    "table_of",
    "write_columns",
    "write_instance",
    "write_problem",
    "write_report",
    "write_schedule",
]


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
