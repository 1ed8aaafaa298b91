"""Recordings of Ekya's authors, and of whoever runs their profiler, as instances."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from instances.errors import EkyaOptError, InvalidOption
from instances.importers.ekya_clone import find_clone, root_below
from instances.instance import Instance

if TYPE_CHECKING:
    from instances.generators.assembly import ServerOptions


def import_ekya(
    path: str | Path,
    *,
    window: int | None = None,
    streams: Sequence[str] | int | None = None,
    gpus: float = 4.0,
    camera: str | None = None,
    mps: bool = False,
    partial: bool = False,
    epochs: Sequence[int] | None = None,
    sampling_curves: str | Path | None = None,
    hyperparameter_map: str | Path | None = None,
    name: str | None = None,
    **server: "Unpack[ServerOptions]",
) -> list[Instance]:
    """Return an instance for each window recorded at a path; nothing is executed.

    Parameters
    ----------
    path
        A clone of the authors' public repository (see :func:`find_clone`), or what
        their profiler wrote (see :func:`read_tree`). Files of the profiler at the path
        itself go before a clone above it.
    window
        The only window to return; ``None`` is all of them.
    streams
        Names of streams, or how many of the first; ``None`` is all of them.
    gpus
        GPUs of the server.
    camera
        The frame-sampling curve of every stream; ``None`` takes them in turn.
    mps, partial
        For a clone only, see :func:`read_windows`.
    epochs, sampling_curves, hyperparameter_map, name
        For the profiler's files only, see :func:`read_tree`.
    server
        Other fields of :class:`Instance`; by default 20 units a GPU and 200 s.

    Raises
    ------
    EkyaOptError
        If a file cannot be read or the path holds no recording.
    InvalidInstance
        If a file has another shape than expected, or a number is outside its domain.
    InvalidOption
        If an option is not for this kind of recording, or there is no such window,
        stream or camera.
    """
    root = Path(path)
    if not root.exists():
        raise EkyaOptError(f"{root}: cannot be read: no such file or directory")
    for_clones = {"mps": mps or None, "partial": partial or None}
    for_trees = {
        "epochs": epochs,
        "sampling_curves": sampling_curves,
        "hyperparameter_map": hyperparameter_map,
        "name": name,
    }
    if _is_tree(root):
        from instances.importers.ekya_trees import read_tree

        _refuse(root, "holds files of the profiler", for_clones)
        given = {key: value for key, value in for_trees.items() if value is not None}
        return read_tree(
            root,
            window=window,
            streams=streams,
            gpus=gpus,
            camera=camera,
            **given,  # type: ignore[arg-type]
            **server,
        )
    clone = find_clone(root)
    if clone is None:
        message = "holds neither a clone of the Ekya authors' repository nor files "
        raise EkyaOptError(f"{root}: {message}of their profiler")
    from instances.importers.ekya_profiles import read_profiles
    from instances.importers.ekya_windows import read_windows

    _refuse(root, "is a clone", for_trees)
    return read_windows(
        clone,
        read_profiles(clone.profiles, partial=partial),
        window=window,
        streams=streams,
        gpus=gpus,
        camera=camera,
        mps=mps,
        partial=partial,
        **server,
    )


def _is_tree(path: Path) -> bool:
    """Return whether a path holds the profiler's files and no clone.

    A tree may lie inside a clone, and a clone holds files that a tree has too.
    """
    if path.suffix == ".ipynb" or root_below(path) is not None:
        return False
    from instances.importers.ekya_trees import is_tree

    return is_tree(path)


def _refuse(path: Path, what: str, options: Mapping[str, object]) -> None:
    """Raise ``InvalidOption`` if one of the options is given."""
    for option, value in options.items():
        if value is not None:
            raise InvalidOption(
                f"{path}: {what}, for which there is no option {option}"
            )
