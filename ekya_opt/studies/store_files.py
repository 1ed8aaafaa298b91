"""SQLite files of stores: opening, and errors in one line."""

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from ekya_opt.studies.errors import StoreUnavailable
from ekya_opt.studies.store_schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    statements,
)

BUSY_SECONDS = 30.0
"""How long a read or a write waits for another one."""


@contextmanager
def reading(path: str) -> Iterator[sqlite3.Connection]:
    """Open a store to read, also while a study writes to it.

    Raises
    ------
    StoreUnavailable
        If it is missing, no store, of a newer schema, or damaged.
    """
    if not Path(path).is_file():
        found = "is a directory" if Path(path).is_dir() else "there is no such file"
        raise StoreUnavailable(f"{path}: {found}, expected a store")
    with _told(path, "read"):
        connection = _connect(path, "ro")
        try:
            check_schema(connection, path)
            yield connection
        finally:
            connection.close()


@contextmanager
def writing(path: str) -> Iterator[sqlite3.Connection]:
    """Open a store to write, made if missing; the caller holds its lock.

    Raises
    ------
    StoreUnavailable
        If it is no store, of a newer schema, damaged, or cannot be written.
    """
    with _told(path, "written"):
        connection = _connect(path, "rwc")
        try:
            if _is_empty(connection):
                with transaction(connection):
                    for statement in statements():
                        connection.execute(statement)
            check_schema(connection, path)
            # Readers and the writer do not wait for each other in this mode; a power
            # cut may take the last commits with it, but tears none.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            try:
                yield connection
            finally:
                _settle(connection)
        finally:
            connection.close()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what a block writes, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def decoding(path: str) -> Iterator[None]:
    """Tell in one line that names the store what is no JSON, or not compressed."""
    try:
        yield
    except (ValueError, zlib.error) as problem:
        raise StoreUnavailable(f"{path}: is damaged: {problem}") from None


def check_schema(connection: sqlite3.Connection, path: str) -> None:
    """Raise ``StoreUnavailable`` unless this is a store of a schema known here."""
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise StoreUnavailable(f"{path}: is no store of studies")
    version = _pragma(connection, "user_version")
    if version != SCHEMA_VERSION:
        message = f"{path}: has schema version {version}, expected {SCHEMA_VERSION}"
        newer = "; a newer ekya-opt wrote it" if version > SCHEMA_VERSION else ""
        raise StoreUnavailable(message + newer)


def _connect(path: str, mode: str) -> sqlite3.Connection:
    address = f"file:{quote(str(Path(path).absolute()))}?mode={mode}"
    return sqlite3.connect(
        address, uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )


def _is_empty(connection: sqlite3.Connection) -> bool:
    (count,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return not count and _pragma(connection, "application_id") == 0


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (value,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(value)


def _settle(connection: sqlite3.Connection) -> None:
    """Leave one file that needs no companions, unless somebody reads it now."""
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error:
        return


@contextmanager
def _told(path: str, verb: str) -> Iterator[None]:
    """Tell errors of SQLite in one line that names the store."""
    try:
        yield
    except sqlite3.OperationalError as problem:
        raise StoreUnavailable(f"{path}: cannot be {verb}: {problem}") from None
    except sqlite3.DatabaseError as problem:
        message = f"{path}: is damaged or no store of studies: {problem}"
        raise StoreUnavailable(message) from None
