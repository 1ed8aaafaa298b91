"""The models of a profile on disk: generic ones, and each window's of each stream."""

import io
import re
import time
from pathlib import Path
from typing import Any

import numpy as np

from instances.errors import EkyaOptError
from instances.json_files import write_atomically
from instances.profiler.exemplars import Memory
from instances.profiler.network import Shape, new_network

PRETRAINED = "pretrained"


class Lineage:
    """A folder of models, each file replaced as a whole and read without unpickling.

    Parameters
    ----------
    folder
        Made if it is missing.
    shape, num_classes
        Of the frames that the models see.
    device
        To which models are loaded.
    """

    def __init__(
        self, folder: Path, shape: Shape, num_classes: int, device: str
    ) -> None:
        self.folder = folder
        self.shape = shape
        self.num_classes = num_classes
        self.device = device
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise EkyaOptError(f"{folder}: cannot be made: {reason}") from None

    def has(self, stream: str, origin: str, width: int) -> bool:
        """Return whether a model is stored."""
        return self._path(stream, origin, f"w{width}").is_file()

    def save(self, network: Any, stream: str, origin: str, width: int) -> None:
        """Store a model's weights."""
        state = {name: each.cpu() for name, each in network.state_dict().items()}
        self._write(self._path(stream, origin, f"w{width}"), state)

    def load(self, stream: str, origin: str, width: int) -> tuple[Any, float]:
        """Return a model on the device, and the wall seconds from its file to there.

        Raises
        ------
        EkyaOptError
            If the file cannot be read or holds no such model.
        """
        path = self._path(stream, origin, f"w{width}")
        # The initial weights are drawn only to be replaced, and not timed.
        network = new_network(
            width, self.shape, self.num_classes, np.random.default_rng(0)
        )
        start = time.perf_counter()
        state = self._read(path)
        try:
            network.load_state_dict(state)
            network = network.to(self.device)
        except (RuntimeError, TypeError, AttributeError):
            message = f"holds no model of width {width} for frames of {self.shape}"
            raise EkyaOptError(f"{path}: {message}; remove it") from None
        self._wait()
        return network, time.perf_counter() - start

    def save_memory(self, memory: Memory, stream: str, origin: str) -> None:
        """Store the exemplars that a stream holds after a window."""
        import torch

        value = {
            "images": torch.tensor(memory.images),
            "labels": torch.tensor(memory.labels),
        }
        self._write(self._path(stream, origin, "memory"), value)

    def load_memory(self, stream: str, origin: str) -> Memory | None:
        """Return the stored exemplars, ``None`` if there are none."""
        path = self._path(stream, origin, "memory")
        if not path.is_file():
            return None
        value = self._read(path)
        try:
            return Memory(
                images=value["images"].numpy(), labels=value["labels"].numpy()
            )
        except (KeyError, TypeError, AttributeError):
            raise EkyaOptError(f"{path}: holds no exemplars; remove it") from None

    def _path(self, stream: str, origin: str, kind: str) -> Path:
        plain = re.sub(r"[^\w-]", lambda match: f"%{ord(match[0]):x}", stream)
        name = "-".join(part for part in (plain, origin, kind) if part)
        return self.folder / f"{name}.pt"

    def _write(self, path: Path, value: Any) -> None:
        import torch

        content = io.BytesIO()
        torch.save(value, content)
        try:
            write_atomically(path, content.getvalue())
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise EkyaOptError(f"{path}: cannot be written: {reason}") from None

    def _read(self, path: Path) -> Any:
        import pickle

        import torch

        try:
            return torch.load(path, map_location=self.device, weights_only=True)
        except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError):
            raise EkyaOptError(f"{path}: holds no weights; remove it") from None

    def _wait(self) -> None:
        if self.device == "cuda":
            import torch

            torch.cuda.synchronize()
