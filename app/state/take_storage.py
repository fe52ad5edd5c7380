"""Where the takes' sound is: the library on disk, and a little memory before it."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from app.library import Library, Take
from engine.api import Clip

CACHE_BYTES = 32 * 2**20  # sound kept for instant switching: about nine takes of 10 s


class Shelf:
    """The library, opened on first use and again after it could not be used.

    Every method but `file_of`, `copy_to_drag` and `messages` runs on the disk's thread.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._library: Library | None = None

    def open(self) -> Library:
        """The library, writable if it can be. Raises `LibraryError`."""
        if self._library is not None and not self._library.writable:
            self.close()
        if self._library is None:
            self._library = Library(self._folder)
        return self._library

    def takes(self) -> list[Take]:
        return self.open().all()

    def clip(self, take: Take) -> Clip:
        return (self._library or self.open()).clip(take)

    def file_of(self, take: Take) -> Path:
        return (self._library or self.open()).file_of(take)

    def copy_to_drag(self, take: Take) -> Path:
        return (self._library or self.open()).copy_to_drag(take)

    def messages(self) -> list[tuple[str, str]]:
        """What there is to say about the library after it was opened."""
        return self._library.messages() if self._library is not None else []

    def close(self) -> None:
        if self._library is not None:
            self._library.close()
            self._library = None


class ClipCache:
    """Sound in memory: the most recently used within a budget, and what is not on disk yet."""

    def __init__(self) -> None:
        self._clips: OrderedDict[str, Clip] = OrderedDict()
        self._kept: set[str] = set()

    def get(self, id: str) -> Clip | None:
        if id in self._clips:
            self._clips.move_to_end(id)
        return self._clips.get(id)

    def put(self, id: str, clip: Clip, keep: bool = False) -> None:
        self._clips[id] = clip
        self._clips.move_to_end(id)
        if keep:
            self._kept.add(id)
        self._shrink()

    def release(self, id: str) -> None:
        """The clip is on disk now and may be forgotten."""
        self._kept.discard(id)
        self._shrink()

    def drop(self, id: str) -> None:
        self._clips.pop(id, None)
        self._kept.discard(id)

    def _shrink(self) -> None:
        over = sum(clip.audio.nbytes for clip in self._clips.values()) - CACHE_BYTES
        for id in list(self._clips)[:-1]:
            if over > 0 and id not in self._kept:
                over -= self._clips.pop(id).audio.nbytes
