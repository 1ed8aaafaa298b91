"""Docstrings as plain text, read from the sources, which are not imported for it."""

import ast
import inspect
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_ROLE = re.compile(r":[a-z]+:`~?([^`]+)`")
_ENTRY = re.compile(r"[^\s:]+(, [^\s:]+)*")

Definition = ast.ClassDef | ast.FunctionDef


def docstring_of(place: str) -> str:
    """Return the docstring of a ``module``, or of ``module:Name`` in it, as it is.

    Raises
    ------
    LookupError
        If there is no such module, or no class or function of that name.
    """
    module, _, name = place.partition(":")
    node: Any = _definition(module, name) if name else _parsed(module)
    return inspect.cleandoc(ast.get_docstring(node) or "")


def signature_of(place: str) -> str:
    """Return how ``module:Name`` is called: a function's parameters, a class's fields.

    Raises
    ------
    LookupError
        If there is no class or function of that name.
    """
    module, _, name = place.partition(":")
    node = _definition(module, name)
    if isinstance(node, ast.ClassDef):
        return name
    return f"{name}({ast.unparse(node.args)})"


def summary_of(docstring: str) -> str:
    """Return the first sentence of a docstring, on one line."""
    return " ".join(plain_text(docstring).split("\n\n")[0].split())


def plain_text(docstring: str) -> str:
    """Return a docstring without the marks of reStructuredText."""
    text = _ROLE.sub(r"\1", docstring)
    text = re.sub(r"::$", ":", text, flags=re.MULTILINE)
    return text.replace("``", "`").strip()


def parameters_of(docstring: str) -> tuple[str, dict[str, str]]:
    """Return a docstring without its section of parameters, and what that says.

    Parameters that are described together are one key, such as ``"seed, workers"``.
    """
    before, _, rest = docstring.partition("\nParameters\n----------\n")
    own, after = _until_next_section(rest)
    entries: dict[str, list[str]] = {}
    name = ""
    for line in own.splitlines():
        if _ENTRY.fullmatch(line):
            name = line
            entries[name] = []
        elif name:
            entries[name].append(line)
    texts = {key: inspect.cleandoc("\n".join(text)) for key, text in entries.items()}
    return f"{before.rstrip()}\n\n{after}".strip(), texts


def _until_next_section(text: str) -> tuple[str, str]:
    found = re.search(r"^\S[^\n]*\n-{3,}$", text, flags=re.MULTILINE)
    return (
        (text, "") if found is None else (text[: found.start()], text[found.start() :])
    )


def _definition(module: str, name: str) -> Definition:
    """Return a class or function, where it is defined if the module imports it."""
    for node in ast.walk(_parsed(module)):
        if isinstance(node, Definition) and node.name == name:
            return node
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if name in (alias.asname, alias.name):
                    return _definition(node.module, alias.name)
    raise LookupError(f"{module} has no {name}")


@cache
def _parsed(module: str) -> ast.Module:
    top, *parts = module.split(".")
    # Modules further down would be imported to be found.
    package = find_spec(top)
    if package is None or not package.submodule_search_locations:
        raise LookupError(f"there is no module {module}")
    path = Path(package.submodule_search_locations[0], *parts)
    for file in (path / "__init__.py", path.with_suffix(".py")):
        if file.exists():
            return ast.parse(file.read_text(encoding="utf-8"))
    raise LookupError(f"there is no module {module}")
