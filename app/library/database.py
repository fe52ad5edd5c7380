"""The library's index in SQLite: its schema, its errors in words, and its lock.

The write lock of the database is the lock of the whole library: every change of the files
happens inside `transaction`, so that two running windows never repair what the other is
writing. The system releases the lock of a killed process.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from app.library.take import LibraryError, Take, TakeState
from engine.audio.settings import request_from_json, request_to_json

LOCK_TIMEOUT_S = 15.0

# One entry a schema version, each a list of statements; never edit one that was released.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE takes (
            id TEXT PRIMARY KEY,
            request TEXT NOT NULL,
            sample_rate INTEGER NOT NULL,
            frames INTEGER NOT NULL,
            thumbnail BLOB NOT NULL,
            elapsed_s REAL NOT NULL,
            notices TEXT NOT NULL,
            starred INTEGER NOT NULL DEFAULT 0,
            missing INTEGER NOT NULL DEFAULT 0,
            deleted_at REAL
        ) STRICT""",
    ),
)


def connect(path: Path) -> sqlite3.Connection:
    """Open for reading and writing, the schema brought up to date.

    Raises `sqlite3.Error`, and `LibraryError` for an index of a newer version.
    """
    database = _connection(str(path))
    try:
        _use_wal(database)
        database.execute("PRAGMA synchronous = FULL")
        _migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _use_wal(database: sqlite3.Connection) -> None:
    """Switch a fresh index to WAL. SQLite does not wait by itself where two do so at once."""
    deadline = time.monotonic() + LOCK_TIMEOUT_S
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open an index on a disk that cannot be written; the last unmerged changes may be unseen."""
    database = _connection(f"{path.resolve().as_uri()}?mode=ro&immutable=1")
    try:
        _check_version(database)
    except BaseException:
        database.close()
        raise
    return database


def _connection(name: str) -> sqlite3.Connection:
    database = sqlite3.connect(
        name,
        timeout=LOCK_TIMEOUT_S,
        isolation_level=None,  # transactions are begun and ended in `transaction`
        check_same_thread=False,  # `Library` serialises its callers
        uri=name.startswith("file:"),
    )
    database.row_factory = sqlite3.Row
    return database


def _check_version(database: sqlite3.Connection) -> int:
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise LibraryError(
            "The library of takes was written by a newer version of Undertone.",
            "Update Undertone; the takes are untouched.",
        )
    return version


def _migrate(database: sqlite3.Connection) -> None:
    if _check_version(database) == len(MIGRATIONS):
        return
    with transaction(database):
        for version in range(_check_version(database), len(MIGRATIONS)):
            for statement in MIGRATIONS[version]:
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {version + 1}")


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Hold the library's write lock; commit at the end, roll back on any exception."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def index_errors(doing: str) -> Iterator[None]:
    """Turn SQLite's refusals into `LibraryError`; `doing` completes "… could not be"."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code
        reason, remedy = _REASONS.get(code, (str(error), "Restart Undertone and try again."))
        raise LibraryError(f"The {doing}: {reason}.", remedy) from error


_REASONS = {
    sqlite3.SQLITE_BUSY: (
        "another program holds the library",
        "Close other windows of Undertone and try again.",
    ),
    sqlite3.SQLITE_FULL: ("the disk is full", "Free some space, or export the take elsewhere."),
    sqlite3.SQLITE_IOERR: ("the disk fails", "Export the take to another disk."),
    sqlite3.SQLITE_READONLY: (
        "its folder cannot be written",
        "Export the take to a folder of your own.",
    ),
}


def is_damaged(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def insert(database: sqlite3.Connection, take: Take) -> None:
    """Add the take's row, or replace it where another process has adopted its file already."""
    database.execute(
        "INSERT OR REPLACE INTO takes "
        "(id, request, sample_rate, frames, thumbnail, elapsed_s, notices, starred) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            take.id,
            request_to_json(take.request),
            take.sample_rate,
            take.frames,
            take.thumbnail,
            float(take.elapsed_s),
            json.dumps(take.notices),
            int(take.starred),
        ),
    )


def take_from(row: sqlite3.Row) -> Take:
    """The take of a row. Raises `InvalidRequest` where its settings are damaged."""
    return Take(
        id=row["id"],
        request=request_from_json(row["request"]),
        sample_rate=row["sample_rate"],
        frames=row["frames"],
        thumbnail=row["thumbnail"],
        elapsed_s=row["elapsed_s"],
        notices=tuple(json.loads(row["notices"])),
        starred=bool(row["starred"]),
        state=TakeState.MISSING if row["missing"] else TakeState.SAVED,
    )
