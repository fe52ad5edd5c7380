"""A take as the library lists it: everything but the sound."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np

from engine.api import Clip, GenerationRequest
from engine.audio.spectrogram import log_mel, pooled
from engine.errors import EngineError

THUMBNAIL_SHAPE = (32, 96)  # (mels, columns), one byte each, lowest frequency first
THUMBNAIL_RANGE_DB = 60.0
_ID_TIME = "%Y%m%dT%H%M%S%f"


class LibraryError(EngineError):
    """The library could not be opened, read or written."""


class TakeState(StrEnum):
    """Where the sound of a take is."""

    SAVING = "saving"  # in memory, on its way to disk
    SAVED = "saved"
    UNSAVED = "unsaved"  # in memory only: the disk refused it
    MISSING = "missing"  # its file was removed from outside


@dataclass(frozen=True)
class Take:
    """`id` is also the stem of the file's name and tells when the take was made."""

    id: str
    request: GenerationRequest
    sample_rate: int
    frames: int
    thumbnail: bytes = b""  # THUMBNAIL_SHAPE bytes, or none yet
    elapsed_s: float = 0.0
    notices: tuple[str, ...] = ()
    starred: bool = False
    state: TakeState = TakeState.SAVED

    @property
    def duration_s(self) -> float:
        return self.frames / self.sample_rate

    @property
    def created_at(self) -> datetime:
        return time_of(self.id)

    @property
    def file_name(self) -> str:
        return f"{self.id}.wav"

    def matches(self, words: list[str]) -> bool:
        """Whether every casefolded word occurs in the prompt, the model or the seed."""
        text = f"{self.request.prompt} {self.request.model} {self.request.seed}".casefold()
        return all(word in text for word in words)


def new_take(clip: Clip, made_at: datetime | None = None) -> Take:
    """Describe `clip` under a fresh id, at once: the thumbnail is drawn when it is saved."""
    return describe(new_id(made_at), clip)


def describe(id: str, clip: Clip) -> Take:
    return Take(
        id=id,
        request=clip.request,
        sample_rate=clip.sample_rate,
        frames=len(clip.audio),
        elapsed_s=clip.elapsed_s,
        notices=clip.notices,
    )


def new_id(made_at: datetime | None = None) -> str:
    """Sorts by time, names a file, and is unique."""
    return f"{(made_at or datetime.now(UTC)).strftime(_ID_TIME)}-{secrets.token_hex(4)}"


def time_of(id: str) -> datetime:
    """When the take of this id was made. Raises `ValueError` for a name that is no id."""
    time, _, unique = id.partition("-")
    if len(bytes.fromhex(unique)) != 4:
        raise ValueError(f"{id} is not the id of a take")
    return datetime.strptime(time, _ID_TIME).replace(tzinfo=UTC)


def thumbnail(clip: Clip) -> bytes:
    """A small spectrogram, 0 to 255 over the loudest 60 dB, as THUMBNAIL_SHAPE bytes."""
    rows, columns = THUMBNAIL_SHAPE
    if not np.isfinite(clip.audio).all():
        return bytes(rows * columns)
    mono = clip.audio.mean(axis=1, keepdims=True)
    picture = log_mel(mono, clip.sample_rate, mels=2 * rows, columns=4 * columns)
    level_db = pooled(picture.level_db, THUMBNAIL_SHAPE)
    floor_db = max(float(level_db.max()), -60.0) - THUMBNAIL_RANGE_DB
    shade = np.clip((level_db - floor_db) / THUMBNAIL_RANGE_DB, 0.0, 1.0)
    return np.rint(shade * 255).astype(np.uint8).tobytes()
