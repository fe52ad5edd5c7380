"""The takes on disk: a folder of lossless WAV files and an index beside them.

A take is first written whole, its settings inside, and then entered in the index, so that a
process killed at any moment loses nothing: the next start adopts the file. Safe to call from
several threads and to open in several processes.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from app.library import database as index
from app.library.repair import Repairs, repair
from app.library.take import LibraryError, Take, TakeState, thumbnail
from engine.api import Clip
from engine.audio.atomic import file_errors, sync_folder
from engine.audio.export import suggested_name
from engine.audio.files import FileFormat, read, write


class Library:
    """Open with `Library(folder)`; raises `LibraryError` when not even reading is possible.

    On a disk that cannot be written the takes can be listed and played, `writable` is False
    and every change raises `LibraryError`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repairs = Repairs()
        self.writable = True
        self._takes = folder / "takes"
        self._trash = folder / "trash"
        self._dragged = folder / "dragged"
        self._lock = threading.RLock()
        self._database = self._open(folder / "library.sqlite")

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def messages(self) -> list[tuple[str, str]]:
        """What a person should know about this opening: sentences with their remedies."""
        if self.writable:
            return self.repairs.messages()
        return [
            (
                f"The folder of takes “{self.folder}” cannot be written.",
                "New takes stay in memory: export them to a folder of your own.",
            )
        ]

    def all(self) -> list[Take]:
        """Every take that is not deleted, oldest first."""
        with self._lock, index.index_errors("list of takes could not be read"):
            rows = self._database.execute(
                "SELECT * FROM takes WHERE deleted_at IS NULL ORDER BY id"
            ).fetchall()
        return [index.take_from(row) for row in rows]

    def save(self, take: Take, clip: Clip) -> Take:
        """Write the sound, then the row; when this returns the take survives anything.

        Raises `AudioFileError` or `LibraryError`; saving again later is safe.
        """
        take = replace(take, thumbnail=thumbnail(clip), state=TakeState.SAVED)
        with self._changing("take could not be saved"):
            path = self.file_of(take)
            write(path, clip.audio, clip.sample_rate, FileFormat.WAV_FLOAT, clip.request)
            index.insert(self._database, take)
        return take

    def clip(self, take: Take) -> Clip:
        """Read the sound. Raises `AudioFileError`."""
        audio, sample_rate = read(self.file_of(take))
        return Clip(audio, sample_rate, take.request, take.elapsed_s, take.notices)

    def file_of(self, take: Take) -> Path:
        """Where the sound of a take lies that is saved and not deleted."""
        return self._takes / take.file_name

    def star(self, id: str, starred: bool) -> None:
        with self._changing("star could not be saved"):
            self._database.execute("UPDATE takes SET starred = ? WHERE id = ?", (starred, id))

    def delete(self, id: str) -> None:
        """Move the take to the trash, whence `restore` brings it back until a later start."""
        with self._changing("take could not be deleted"):
            self._database.execute(
                "UPDATE takes SET deleted_at = ? WHERE id = ?", (time.time(), id)
            )
            self._move(id, self._takes, self._trash)

    def restore(self, id: str) -> None:
        with self._changing("take could not be brought back"):
            self._database.execute("UPDATE takes SET deleted_at = NULL WHERE id = ?", (id,))
            self._move(id, self._trash, self._takes)

    def copy_to_drag(self, take: Take) -> Path:
        """A copy under a good name, for a drop target. It is kept: a project may refer to it.

        Raises `AudioFileError`.
        """
        folder = self._dragged / take.id
        path = folder / f"{suggested_name(take.request)}.wav"
        source = self.file_of(take)
        with file_errors("copied", path):
            folder.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.stat().st_size != source.stat().st_size:
                shutil.copyfile(source, path)
        return path

    def _open(self, path: Path) -> sqlite3.Connection:
        try:
            for folder in (self._takes, self._trash):
                folder.mkdir(parents=True, exist_ok=True)
            database = self._connect(path)
        except (OSError, sqlite3.OperationalError) as error:
            return self._open_read_only(path, error)
        try:
            with index.transaction(database):
                found = repair(database, self._takes, self._trash)
        except (OSError, sqlite3.OperationalError) as error:
            database.close()
            return self._open_read_only(path, error)
        self.repairs = replace(found, rebuilt=self.repairs.rebuilt)
        return database

    def _connect(self, path: Path) -> sqlite3.Connection:
        """The index; one that is damaged is set aside, and repairs fill a fresh one."""
        try:
            return index.connect(path)
        except sqlite3.DatabaseError as error:
            if not index.is_damaged(error):
                raise
        self.repairs = Repairs(rebuilt=True)
        aside = path.with_name(f"library-damaged-{int(time.time())}.sqlite")
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                Path(f"{path}{suffix}").replace(f"{aside}{suffix}")
        return index.connect(path)

    def _open_read_only(self, path: Path, error: Exception) -> sqlite3.Connection:
        self.writable = False
        try:
            return index.connect_read_only(path)
        except (OSError, sqlite3.Error):
            raise LibraryError(
                f"The folder of takes “{self.folder}” cannot be used: {error}.",
                "New takes stay in memory: export them to a folder of your own.",
            ) from error

    @contextlib.contextmanager
    def _changing(self, failure: str) -> Iterator[None]:
        if not self.writable:
            raise LibraryError(
                f"The {failure}: its folder cannot be written.",
                "Export the take to a folder of your own.",
            )
        with self._lock, index.index_errors(failure), index.transaction(self._database):
            yield

    def _move(self, id: str, source: Path, target: Path) -> None:
        path = source / f"{id}.wav"
        with file_errors("moved", path):
            if path.exists():  # a missing take has a row only
                path.replace(target / path.name)
                sync_folder(source)
                sync_folder(target)
