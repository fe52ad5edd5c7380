"""What the library sets right when it opens, after a crash or a hand in its folder.

The files are the truth and the index follows them, save for what was deleted: there the index
is the truth and the file follows it into the trash.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass, replace
from pathlib import Path

from app.library import database as index
from app.library.take import describe, thumbnail, time_of
from engine.api import Clip
from engine.audio.atomic import sweep_temporary_files
from engine.audio.files import read, read_settings
from engine.errors import AudioFileError, InvalidRequest

TRASH_KEEPS_S = 24 * 3600.0  # another window may still undo


@dataclass(frozen=True)
class Repairs:
    """What was set right. `adopted` counts takes that a crash had kept from the index."""

    adopted: int = 0
    missing: int = 0
    unreadable: tuple[str, ...] = ()
    rebuilt: bool = False

    def messages(self) -> list[tuple[str, str]]:
        """Plain sentences, each with its remedy."""
        out: list[tuple[str, str]] = []
        if self.rebuilt:
            out.append(
                (
                    "The list of takes was damaged and has been rebuilt from the files.",
                    "Stars were lost; the damaged list lies beside the takes.",
                )
            )
        if self.adopted:
            out.append((f"{_takes(self.adopted)} from before the last exit came back.", ""))
        if self.missing:
            out.append(
                (
                    f"The sound of {_takes(self.missing)} is no longer in the folder.",
                    "Their settings are kept: use them to make the takes again.",
                )
            )
        for name in self.unreadable:
            out.append((f"“{name}” in the folder of takes cannot be read.", "Remove the file."))
        return out


def _takes(count: int) -> str:
    return "one take" if count == 1 else f"{count} takes"


def repair(database: sqlite3.Connection, takes: Path, trash: Path) -> Repairs:
    """Bring index and files together. Call inside `index.transaction`."""
    sweep_temporary_files(takes)
    _drop_damaged_rows(database)
    _settle_trash(database, takes, trash)
    adopted, unreadable = _adopt(database, takes)
    return Repairs(adopted, _mark_missing(database, takes), unreadable)


def _drop_damaged_rows(database: sqlite3.Connection) -> None:
    """Forget rows whose settings cannot be read: their files are adopted again."""
    for row in database.execute("SELECT * FROM takes").fetchall():
        try:
            index.take_from(row)
        except (InvalidRequest, ValueError):
            database.execute("DELETE FROM takes WHERE id = ?", (row["id"],))


def _settle_trash(database: sqlite3.Connection, takes: Path, trash: Path) -> None:
    """Finish deletions and restorations that were cut short, then purge what is old."""
    deleted: set[str] = set()
    for row in database.execute("SELECT id, deleted_at FROM takes").fetchall():
        name = f"{row['id']}.wav"
        here, there = (takes, trash) if row["deleted_at"] is None else (trash, takes)
        if not (here / name).exists() and (there / name).exists():
            (there / name).replace(here / name)
        if row["deleted_at"] is not None:
            if time.time() - row["deleted_at"] < TRASH_KEEPS_S:
                deleted.add(name)
            else:
                database.execute("DELETE FROM takes WHERE id = ?", (row["id"],))
    for path in trash.glob("*.wav"):
        if path.name not in deleted:
            path.unlink(missing_ok=True)


def _adopt(database: sqlite3.Connection, takes: Path) -> tuple[int, tuple[str, ...]]:
    known = {row["id"] for row in database.execute("SELECT id FROM takes")}
    adopted, unreadable = 0, []
    for path in sorted(takes.glob("*.wav")):
        if path.stem in known or not _is_id(path.stem):
            continue
        try:
            request = read_settings(path)
            audio, sample_rate = read(path)
        except AudioFileError:
            request = None
        if request is None or not len(audio):
            unreadable.append(path.name)
            continue
        clip = Clip(audio, sample_rate, request)
        take = replace(describe(path.stem, clip), thumbnail=thumbnail(clip))
        index.insert(database, take)
        adopted += 1
    return adopted, tuple(unreadable)


def _is_id(stem: str) -> bool:
    try:
        time_of(stem)
    except ValueError:
        return False
    return True


def _mark_missing(database: sqlite3.Connection, takes: Path) -> int:
    """Note which files are gone; returns how many were still there at the last start."""
    present = {path.stem for path in takes.glob("*.wav")}
    newly = 0
    for row in database.execute(
        "SELECT id, missing FROM takes WHERE deleted_at IS NULL"
    ).fetchall():
        missing = row["id"] not in present
        if missing != bool(row["missing"]):
            database.execute("UPDATE takes SET missing = ? WHERE id = ?", (missing, row["id"]))
            newly += missing
    return newly
