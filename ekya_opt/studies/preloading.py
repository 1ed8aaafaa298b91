"""What runs load, learned from them, so that later runs find it in place.

Runs are forked from one worker. What a run imports, and the machine code that it
fetches from numba's cache, is gone when it ends; so it tells what that was, and the
worker loads the same before the next run. Nothing is solved in the worker itself.
"""

import contextlib
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

Signature = tuple[str, str, Any]
"""Module, function, and the types of the arguments that it was compiled for."""

OWN = ("formulations", "solvers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a run loaded beyond what it began with.

    Parameters
    ----------
    modules
        Names of the modules.
    compiled
        Functions compiled by numba, or fetched from its cache.
    """

    modules: tuple[str, ...] = ()
    compiled: tuple[Signature, ...] = ()


class Preloaded:
    """What a worker has in place."""

    def __init__(self) -> None:
        self._tried: set[str] = set()
        self._compiled: dict[tuple[str, str], int] = {}

    def missing(self, package: str) -> Loaded:
        """Return what this process, a fork of the worker, has loaded since.

        Parameters
        ----------
        package
            Package of a solver whose compiled functions count beside our own.
        """
        modules = tuple(name for name in list(sys.modules) if name not in self._tried)
        compiled: list[Signature] = []
        for (module, name), function in _compiled_functions({*OWN, package}):
            known = self._compiled.get((module, name), 0)
            compiled += [(module, name, each) for each in function.signatures[known:]]
        return Loaded(modules=modules, compiled=tuple(compiled))

    def note(self) -> None:
        """Take what is loaded now for known."""
        self._tried.update(sys.modules)

    def load(self, loaded: Loaded) -> float:
        """Load what a run has loaded; return the seconds it took.

        What cannot be loaded here is not tried again.
        """
        start = time.perf_counter()
        for name in loaded.modules:
            with contextlib.suppress(Exception):
                import_module(name)
        for module, name, signature in loaded.compiled:
            with contextlib.suppress(Exception):
                function = getattr(sys.modules[module], name)
                function.compile(signature)
            count = self._compiled.get((module, name), 0)
            self._compiled[module, name] = count + 1
        self._tried.update(loaded.modules)
        self.note()
        return time.perf_counter() - start


def _compiled_functions(packages: set[str]) -> list[tuple[tuple[str, str], Any]]:
    if "numba" not in sys.modules:
        return []
    return [
        ((module, name), thing)
        for module, content in list(sys.modules.items())
        if module.split(".", 1)[0] in packages
        for name, thing in list(vars(content).items())
        if type(thing).__name__ == "CPUDispatcher" and thing.__module__ == module
    ]
