"""What ``ekya-opt help`` tells, by topic: docstrings, where they are at home."""

from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches

from ekya_opt import docstrings
from ekya_opt.docstrings import docstring_of, plain_text, summary_of
from instances import InvalidOption, SolverUnavailable
from instances.problems import Kind

TOPICS: dict[str, dict[str, tuple[str, ...]]] = {
    "The problem": {
        "model": ("formulations",),
        "words": ("instances",),
        "reallocation": ("instances.instance:Reallocation",),
        "referee": ("formulations.evaluate",),
        "horizons": ("instances.horizon", "instances.horizon:Horizon"),
        "placements": ("instances.placement:Placement", "instances.placement:Shares"),
    },
    "Files": {
        "instance-file": (
            "instances.instance_files",
            "instances.instance:Instance",
            "instances.instance:Stream",
            "instances.instance:RetrainingConfig",
            "instances.instance:Estimate",
            "instances.instance:InferenceConfig",
        ),
        "horizon-file": (
            "instances.horizon_files",
            "instances.horizon:Horizon",
            "instances.horizon_stream:HorizonStream",
            "instances.horizon_stream:StreamWindow",
            "instances.horizon_stream:HorizonConfig",
            "instances.horizon_stream:Decay",
        ),
        "placement-file": (
            "instances.placement_files",
            "instances.placement:Placement",
            "instances.placement:Gpu",
            "instances.placement:Shares",
        ),
        "columns-file": ("instances.npz_files", "instances.npz_files:write_columns"),
        "table-file": (
            "instances.importers.tables",
            "instances.importers.tables:import_table",
        ),
        "schedule-file": (
            "formulations.schedule_files",
            "formulations.schedule_files:ScheduleFile",
            "formulations.claims:Claims",
            "formulations.schedule:StreamPlan",
            "formulations.schedule:Segment",
            "formulations.horizon_schedule:HorizonPlan",
            "formulations.placed_schedule:PlacedPlan",
        ),
        "certificate": (
            "formulations.certificate",
            "formulations.certificate:Certificate",
        ),
    },
    "Where problems come from": {
        "families": (
            "instances.generators.families",
            "instances.generators.families:generate",
            "instances.generators.recorded_like:recorded_like",
            "instances.generators.contention:contention",
            "instances.generators.trap:trap",
            "instances.generators.ties:ties",
            "instances.generators.hard_knapsack:hard_knapsack",
            "instances.generators.drift:drift",
            "instances.generators.memory_tight:memory_tight",
            "instances.generators.fleet:fleet",
        ),
        "recordings": (
            "instances.importers.ekya",
            "instances.importers.ekya:import_ekya",
        ),
        "profiling": (
            "instances.profiler.profile",
            "instances.profiler.profile:profile",
            "instances.profiler.settings:Settings",
            "instances.profiler.recipes:Preset",
            "instances.profiler.profiled:Server",
        ),
        "frames": ("instances.profiler.frames",),
        "estimators": ("instances.profiler.estimators",),
    },
    "Solving": {
        "own-solver": ("solvers", "solvers.search:Answer", "solvers.search:Search"),
        "options": ("solvers.options", "solvers.options:Options"),
        "result": ("solvers.result:Result", "solvers.result:TracePoint"),
    },
    "Experiments": {
        "studies": ("ekya_opt.studies.study", "ekya_opt.studies.study:Study"),
        "study-file": ("ekya_opt.studies.study_files",),
        "store": ("ekya_opt.studies.store",),
        "analysis": (
            "ekya_opt.analysis",
            "ekya_opt.analysis.gaps:gaps",
            "ekya_opt.analysis.gaps:gap_table",
            "ekya_opt.analysis.gaps:proof_counts",
            "ekya_opt.analysis.gaps:contradictions",
            "ekya_opt.analysis.means:mean_times",
            "ekya_opt.analysis.profiles:performance_profile",
            "ekya_opt.analysis.integrals:primal_integrals",
            "ekya_opt.analysis.anytime:anytime_curve",
            "ekya_opt.analysis.capacities:accuracy_curve",
            "ekya_opt.analysis.capacities:capacity_for",
            "ekya_opt.analysis.paid:paid_accuracies",
        ),
        "landscapes": ("ekya_opt.landscapes", "ekya_opt.landscapes:landscape"),
        "uncertainty": (
            "instances.scenarios",
            "instances.scenarios:ErrorModel",
            "ekya_opt.stress_report:stress",
            "ekya_opt.noise_study:robustness",
        ),
    },
}
"""Topics in groups, each with the modules, classes and functions that tell it."""

SOLVERS = "solvers"
COMMANDS = "commands"
PYTHON = "python"
RUN = "The run's options, clock and incumbents."


def topic_names() -> list[str]:
    """Return all topics but for the public names of ``ekya_opt``, as one types them."""
    from solvers import solver_names

    own = [name for group in TOPICS.values() for name in group]
    lists = (SOLVERS, COMMANDS, PYTHON)
    return list(dict.fromkeys([*own, *lists, *solver_names(), *_commands()]))


def topic_list() -> str:
    """Return all topics with a line each, in groups."""
    groups = {
        title: {name: summary_of(docstring_of(at[0])) for name, at in group.items()}
        for title, group in TOPICS.items()
    }
    groups["Solvers"] = dict(_solver_lines(None))
    groups["Commands"] = _commands()
    width = max(len(name) for group in groups.values() for name in group)
    blocks = [_lines(title, group, width) for title, group in groups.items()]
    last = (
        f"Topics as well: {SOLVERS}, {COMMANDS}, and what {PYTHON} lists, the names of"
    )
    return "\n\n".join([*blocks, f"{last} ekya_opt such as plot_timeline."])


def topic_text(topic: str) -> str:
    """Return what there is to tell of a topic.

    Raises
    ------
    InvalidOption
        If there is no such topic; the message names those nearest to it.
    """
    import ekya_opt

    if topic in ekya_opt.__all__ and topic not in _commands():
        return _public_text(topic)
    name = topic.lower().replace("_", "-")
    for group in TOPICS.values():
        if name in group:
            return _told(group[name])
    if name == SOLVERS:
        return "\n\n".join(map(_solvers_of, Kind))
    if name == COMMANDS:
        return _lines("Commands of ekya-opt", _commands())
    if name == PYTHON:
        return _lines("Names of the package ekya_opt", _public_names())
    if name in _commands():
        return _command_text(name)
    from solvers.registry import kinds_of

    kinds = kinds_of(name)
    if kinds:
        return "\n\n\n".join(_solver_text(name, kind) for kind in kinds)
    known = [*topic_names(), *ekya_opt.__all__]
    nearest = get_close_matches(topic, known, n=4, cutoff=0.5)
    hint = f"the nearest: {', '.join(nearest)}" if nearest else "'help' lists them all"
    raise InvalidOption(f"there is no topic {topic!r}; {hint}")


def _told(places: tuple[str, ...]) -> str:
    """Return the docstrings of places, those of classes and functions under a head."""
    parts = []
    for place in places:
        _, _, name = place.partition(":")
        text = plain_text(docstring_of(place))
        parts.append(f"{name}\n{'=' * len(name)}\n{text}" if name else text)
    return "\n\n".join(parts)


def _public_names() -> dict[str, str]:
    """Return the public names with what they are in one line."""
    import ekya_opt

    lines = {}
    for name in ekya_opt.__all__:
        with suppress(LookupError):
            lines[name] = summary_of(docstring_of(f"{ekya_opt._HOME_OF[name]}:{name}"))
    return lines


def _public_text(name: str) -> str:
    import ekya_opt

    home = ekya_opt._HOME_OF[name]
    try:
        head = docstrings.signature_of(f"{home}:{name}")
        text = plain_text(docstring_of(f"{home}:{name}"))
    except LookupError:
        value = getattr(ekya_opt, name)
        head, text = name, plain_text(getattr(value, "__doc__", None) or "")
    return f"ekya_opt.{head}\n\n{text}"


def _solver_text(name: str, kind: Kind) -> str:
    """Return what a solver is for a kind of problem, its source and its settings."""
    import inspect

    from ekya_opt.solver_specs import settings_text
    from solvers import get_solver

    solver = get_solver(name, kind)
    own = inspect.cleandoc(solver.function.__doc__ or "No documentation.")
    text, told = docstrings.parameters_of(own)
    lines = [f"{name} ({solver.kind}) for a {kind}", "", plain_text(text)]
    settings = {setting.name: setting for setting in solver.settings}
    described = {name for key in told for name in key.split(", ")}
    told |= dict.fromkeys(settings.keys() - described, "")
    for key, description in told.items():
        names = key.split(", ")
        if description == RUN or names[0] not in (*settings, "search"):
            continue
        lines.append("")
        for part in names:
            setting = settings.get(part)
            value = setting and settings_text({part: setting.default})
            lines.append(f"{value}  [{setting.domain}]" if setting else part)
        lines += [f"    {line}" for line in plain_text(description).splitlines()]
    if not settings:
        lines += ["", "It has no settings."]
    return "\n".join(lines)


def _solvers_of(kind: Kind) -> str:
    return _lines(f"Solvers of a {kind}", dict(_solver_lines(kind)))


def _solver_lines(kind: Kind | None) -> Iterator[tuple[str, str]]:
    """Yield each solver's name and what it is in one line; load plug-ins alone."""
    from solvers import get_solver, solver_names
    from solvers.registry import built_in

    for name in solver_names(kind):
        if own := built_in(name, kind):
            role, place = own
            yield name, f"{summary_of(docstring_of(place))} ({role})"
            continue
        try:
            solver = get_solver(name, kind)
        except SolverUnavailable as problem:
            yield name, f"not available: {problem}"
        else:
            yield name, f"{summary_of(solver.summary)} ({solver.kind})"


def _commands() -> dict[str, str]:
    """Return the commands as one types them, with what they do in one line."""
    from ekya_opt.cli import COMMANDS as NAMES
    from ekya_opt.cli import module_of

    return {
        name.replace("_", "-"): summary_of(docstring_of(module_of(name)))
        for name in NAMES
    }


def _command_text(name: str) -> str:
    """Return the command's own help."""
    from contextlib import redirect_stdout
    from io import StringIO

    from ekya_opt.cli import main

    with redirect_stdout(StringIO()) as written:
        main([name, "--help"])
    return written.getvalue().rstrip()


def _lines(title: str, lines: dict[str, str], width: int = 0) -> str:
    width = width or max(map(len, lines))
    shown = (f"  {name:{width}}  {text}" for name, text in lines.items())
    return "\n".join([title, *shown])
