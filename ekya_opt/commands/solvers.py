"""List the solvers and their settings."""

import argparse
from typing import Any

from ekya_opt.commands.arguments import add_json
from ekya_opt.text import to_json
from instances.problems import Kind


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the solvers; return the exit status."""
    from solvers import solver_names

    if arguments.json:
        print(to_json([_of_all_kinds(name) for name in solver_names()]))
        return 0
    for kind in Kind:
        own = [describe(name, kind) for name in solver_names(kind)]
        print(f"Solvers of a {kind}\n")
        print("\n\n".join(map(_shown, own)) + "\n")
    return 0


def _of_all_kinds(name: str) -> dict[str, Any]:
    """Return what a solver is for its first kind of problem, and for the others."""
    from solvers.registry import kinds_of

    kinds = kinds_of(name) or [Kind.WINDOW]
    first, *others = (describe(name, kind) for kind in kinds)
    return {**first, "others": others}


def describe(name: str, kind: Kind | None = None) -> dict[str, Any]:
    """Return what is known of a solver, or why it cannot be loaded."""
    from solvers import get_solver

    try:
        solver = get_solver(name, kind)
        settings = solver.settings
    except Exception as problem:
        return {
            "name": name,
            "problem": str(kind or Kind.WINDOW),
            "kind": None,
            "summary": f"Not available: {problem}",
            "settings": [],
        }
    return {
        "name": name,
        "problem": str(solver.problem),
        "kind": solver.kind,
        "summary": solver.summary,
        "settings": [
            {
                "name": setting.name,
                "default": setting.default,
                "choices": list(setting.choices),
                "domain": setting.domain,
            }
            for setting in settings
        ],
    }


def _shown(solver: dict[str, Any]) -> str:
    kind = f" ({solver['kind']})" if solver["kind"] else ""
    lines = [f"{solver['name']}{kind}", f"    {solver['summary']}"]
    for setting in solver["settings"]:
        default = str(setting["default"])
        if isinstance(setting["default"], bool):
            default = default.lower()
        domain = setting["domain"]
        lines.append(f"    {setting['name']} = {default}  [{domain}]")
    return "\n".join(lines)
