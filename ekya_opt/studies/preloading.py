"""What runs load, learned from them, so that later runs find it in place.

Runs are forked from one worker. What a run imports, and the machine code that it
fetches from numba's cache, is gone when it ends; so it tells what that was, and the
worker loads the same before the next run. Nothing is solved in the worker itself.
"""

import contextlib
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from itertools import takewhile
from typing import Any

Signature = tuple[str, str, Any]
"""Module, function, and the types of the arguments that it was compiled for."""


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

    @property
    def anything(self) -> bool:
        """Whether there is something."""
        return bool(self.modules or self.compiled)


class Preloaded:
    """What a worker has in place."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._functions: dict[tuple[str, str], tuple[Any, set[Any]]] = {}

    def missing(self) -> Loaded:
        """Return what this process, a fork of the worker, has loaded since."""
        # From the end, since even looking at a name writes to memory that is a fork's.
        modules = tuple(takewhile(self._is_new, reversed(sys.modules)))
        self._find_functions(modules)
        compiled = [
            (module, name, signature)
            for (module, name), (function, known) in self._functions.items()
            if len(function.overloads) > len(known)
            for signature in function.overloads
            if signature not in known
        ]
        return Loaded(modules=modules, compiled=tuple(compiled))

    def load(self, loaded: Loaded) -> float:
        """Load what a run has loaded; return the seconds it took.

        What cannot be loaded here is not tried again.
        """
        start = time.perf_counter()
        for name in reversed(loaded.modules):
            with contextlib.suppress(Exception):
                import_module(name)
        self.note()
        self._known.update(loaded.modules)
        for module, name, signature in loaded.compiled:
            function, known = self._functions.get((module, name), (None, set()))
            known.add(signature)
            with contextlib.suppress(Exception):
                function.compile(signature)
        return time.perf_counter() - start

    def _is_new(self, module: str) -> bool:
        return module not in self._known

    def note(self) -> None:
        """Take the modules that are loaded now for known."""
        self._find_functions([name for name in sys.modules if name not in self._known])
        self._known.update(sys.modules)

    def _find_functions(self, modules: Iterable[str]) -> None:
        if "numba" not in sys.modules:
            return
        for module in modules:
            for name, thing in list(vars(sys.modules[module]).items()):
                compiles = type(thing).__name__ == "CPUDispatcher"
                if compiles and thing.__module__ == module:
                    self._functions[module, name] = thing, set()
