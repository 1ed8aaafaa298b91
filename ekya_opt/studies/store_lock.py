"""One writer at a time: a lock that dies with the process that holds it."""

import fcntl
import os
import weakref
from types import TracebackType
from typing import Self

from ekya_opt.studies.errors import StoreUnavailable


class StoreLock:
    """The right to write to a store, held while a block runs.

    A file beside the store is locked, not the store itself: SQLite locks that one, and
    would lose its locks when another handle of the file is closed.

    Parameters
    ----------
    path
        The store.

    Raises
    ------
    StoreUnavailable
        If another process, or another part of this one, holds the lock.
    """

    def __init__(self, path: str) -> None:
        self._file = f"{os.path.realpath(path)}.lock"
        self._store = path
        self._handle: int | None = None

    def __enter__(self) -> Self:
        while self._handle is None:
            handle = self._open()
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
                os.close(handle)
                message = f"{self._store}: a study is writing to this store"
                raise StoreUnavailable(f"{message} (process {holder})") from None
            if self._is_current(handle):
                self._handle = handle
            else:
                os.close(handle)
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, str(os.getpid()).encode(), 0)
        # A fork would keep the lock beyond the death of the process that took it.
        lock = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _forget(lock()))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle is not None:
            os.unlink(self._file)
            self.close()

    def close(self) -> None:
        """Give up the lock, or in a fork this process's part in it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _open(self) -> int:
        try:
            return os.open(self._file, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as problem:
            message = f"{self._store}: cannot be written: {problem.strerror}"
            raise StoreUnavailable(message) from None

    def _is_current(self, handle: int) -> bool:
        """Return whether the file locked is still the one of that name."""
        try:
            return os.path.samestat(os.fstat(handle), os.stat(self._file))
        except FileNotFoundError:
            return False


def _forget(lock: StoreLock | None) -> None:
    if lock is not None:
        lock.close()
