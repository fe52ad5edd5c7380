"""The takes as the window sees them: listed at once, saved and read in the background.

All disk work happens in order on one thread, so a take that was added is saved before it is
deleted. A take that the disk refuses stays in memory, where it can be played and exported, and
`retry_unsaved` tries it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack
from shiboken6 import isValid

from app.library import Take, TakeState, new_take
from app.state.disk_thread import DiskThread
from app.state.take_commands import RemoveTake, StarTake
from app.state.take_storage import ClipCache, Shelf
from engine.api import Clip, GenerationRequest
from engine.errors import EngineError


class Takes(QObject):
    """Newest first. `undo` is the window's stack where one is given."""

    opened = Signal()  # the library's takes are listed
    added = Signal(object)  # Take
    removed = Signal(str)  # id
    changed = Signal(object)  # Take: its star, its state or its thumbnail
    selected = Signal(object)  # Take or None
    filtered = Signal()  # `visible` may hold other takes now
    clip_ready = Signal(object, object)  # Take, Clip: answers `load`
    notice = Signal(str, str)  # what happened, what to do

    def __init__(
        self, folder: Path, undo: QUndoStack | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.undo = undo if undo is not None else QUndoStack(self)
        self._shelf = Shelf(folder)
        self._disk = DiskThread(self)
        self._takes: dict[str, Take] = {}
        self._clips = ClipCache()
        self._selected: str | None = None
        self._words: list[str] = []
        self._starred_only = False
        self._disk.run(self._shelf.takes, self._on_opened, self._fail)

    # What there is

    def __len__(self) -> int:
        return len(self._takes)

    def get(self, id: str) -> Take | None:
        return self._takes.get(id)

    def visible(self) -> list[Take]:
        """What search and star filter let through, newest first."""
        newest_first = (self._takes[id] for id in sorted(self._takes, reverse=True))
        return [take for take in newest_first if self.shows(take)]

    def shows(self, take: Take) -> bool:
        return take.matches(self._words) and (take.starred or not self._starred_only)

    @property
    def current(self) -> Take | None:
        return self._takes.get(self._selected) if self._selected else None

    def use_settings(self, take: Take) -> GenerationRequest:
        """The request that makes this take again, seed and score included."""
        return take.request

    # What can be done

    def add(self, clip: Clip) -> Take:
        """List a finished clip and save it in the background; `changed` tells how that went."""
        take = replace(new_take(clip), state=TakeState.SAVING)
        self.put_back(take, clip)
        return take

    def remove(self, id: str) -> None:
        """Delete, with undo."""
        take = self._takes.get(id)
        if take is not None:
            self.undo.push(RemoveTake(self, take, self._clips.get(id)))

    @property
    def can_undo_removal(self) -> bool:
        """Whether the next undo brings a deleted take back.

        A stack tells once more, while it is destroyed, that it is empty.
        """
        if not isValid(self.undo):
            return False
        last = self.undo.command(self.undo.index() - 1) if self.undo.canUndo() else None
        return isinstance(last, RemoveTake)

    def star(self, id: str, starred: bool) -> None:
        """Mark as a favourite or not, with undo."""
        take = self._takes.get(id)
        if take is not None and take.starred != starred:
            self.undo.push(StarTake(self, take, starred))

    def select(self, id: str | None) -> None:
        """Make a take current; `selected` follows, and `clip_ready` once its sound is read."""
        if id == self._selected or (id is not None and id not in self._takes):
            return
        self._selected = id
        self.selected.emit(self.current)
        if id is not None:
            self.load(id)

    def load(self, id: str) -> None:
        """Ask for the sound: `clip_ready` answers, at once where it is in memory."""
        self.fetch(id, self.clip_ready.emit)

    def fetch(self, id: str, then: Callable[[Take, Clip], None]) -> None:
        """Give the sound to `then`, at once where it is in memory; never where it is missing."""
        take = self._takes[id]
        clip = self._clips.get(id)
        if clip is not None:
            then(take, clip)
            return
        self._disk.run(
            partial(self._shelf.clip, take),
            partial(self._on_read, id, then),
            partial(self._on_unreadable, id),
        )

    def set_search(self, text: str) -> None:
        """Show only takes with every word of `text` in prompt, model or seed."""
        self._words = text.casefold().split()
        self.filtered.emit()

    def set_starred_only(self, starred_only: bool) -> None:
        self._starred_only = starred_only
        self.filtered.emit()

    def file_of(self, take: Take) -> Path:
        """Where the take's sound lies, or will as soon as it is saved."""
        return self._shelf.file_of(take)

    def file_to_drag(self, id: str) -> Path | None:
        """A copy under a good name for a drop target; None after saying why there is none."""
        try:
            return self._shelf.copy_to_drag(self._takes[id])
        except EngineError as error:
            self._fail(error)
            return None

    def retry_unsaved(self) -> None:
        """Try again to save what the disk refused."""
        for take in [take for take in self._takes.values() if take.state is TakeState.UNSAVED]:
            clip = self._clips.get(take.id)
            assert clip is not None  # the cache never lets go of an unsaved take
            self._put(replace(take, state=TakeState.SAVING))
            self._save(take, clip)

    def wait_until_saved(self) -> None:
        """Block until everything asked of the disk so far is done."""
        self._disk.wait()

    def close(self) -> None:
        """Finish what is being saved and close the library. Safe to call twice."""
        self._disk.close()
        self._shelf.close()

    # What the undo commands do

    def put_back(self, take: Take, clip: Clip | None) -> None:
        """List `take`: saved afresh from `clip` where that is given, else out of the trash."""
        self._takes[take.id] = take
        if clip is not None:
            self._takes[take.id] = replace(take, state=TakeState.SAVING)
            self._clips.put(take.id, clip, keep=True)
        self.added.emit(self._takes[take.id])
        if clip is not None:
            self._save(take, clip)
        else:
            self._disk.run(
                lambda: self._shelf.open().restore(take.id),
                lambda _: None,
                partial(self._on_unreadable, take.id),
            )

    def take_away(self, id: str) -> None:
        """Unlist `id` and move its file to the trash."""
        take, neighbour = self._takes[id], self._neighbour(id)
        del self._takes[id]
        self._clips.drop(id)
        self.removed.emit(id)
        if self._selected == id:
            self.select(neighbour)
        if take.state is not TakeState.UNSAVED:
            self._disk.run(
                lambda: self._shelf.open().delete(id),
                lambda _: None,
                partial(self._on_not_deleted, take),
            )

    def set_star(self, id: str, starred: bool) -> None:
        take = self._takes.get(id)
        if take is None:
            return
        self._put(replace(take, starred=starred))
        if take.state is not TakeState.UNSAVED:
            self._disk.run(
                lambda: self._shelf.open().star(id, starred),
                lambda _: None,
                partial(self._on_not_starred, take),
            )

    # What the disk answers

    def _save(self, take: Take, clip: Clip) -> None:
        self._disk.run(
            lambda: self._shelf.open().save(take, clip),
            self._on_saved,
            partial(self._on_unsaved, take.id),
        )

    def _on_opened(self, listed: list[Take]) -> None:
        for take in listed:
            self._takes.setdefault(take.id, take)
        self.opened.emit()
        for message, remedy in self._shelf.messages():
            self.notice.emit(message, remedy)

    def _on_saved(self, saved: Take) -> None:
        if saved.id in self._takes:
            self._clips.release(saved.id)
            self._put(replace(saved, starred=self._takes[saved.id].starred))

    def _on_unsaved(self, id: str, error: EngineError) -> None:
        self._change_state(id, TakeState.UNSAVED)
        self._fail(error)

    def _on_read(self, id: str, then: Callable[[Take, Clip], None], clip: Clip) -> None:
        if id in self._takes:
            self._clips.put(id, clip)
            self._change_state(id, TakeState.SAVED)
            then(self._takes[id], clip)

    def _on_unreadable(self, id: str, error: EngineError) -> None:
        self._change_state(id, TakeState.MISSING)
        self._fail(error)

    def _on_not_deleted(self, take: Take, error: EngineError) -> None:
        self._takes[take.id] = take
        self.added.emit(take)
        self._fail(error)

    def _on_not_starred(self, before: Take, error: EngineError) -> None:
        if before.id in self._takes:
            self._put(replace(self._takes[before.id], starred=before.starred))
        self._fail(error)

    def _fail(self, error: EngineError) -> None:
        self.notice.emit(error.message, error.remedy)

    def _change_state(self, id: str, state: TakeState) -> None:
        take = self._takes.get(id)
        if take is not None and take.state is not state:
            self._put(replace(take, state=state))

    def _put(self, take: Take) -> None:
        self._takes[take.id] = take
        self.changed.emit(take)

    def _neighbour(self, id: str) -> str | None:
        """The take to show when `id` goes: the next older one in the list, else the next newer."""
        ids = [take.id for take in self.visible()]
        if id not in ids:
            return None
        place = ids.index(id)
        rest = ids[place + 1 : place + 2] or ids[max(place - 1, 0) : place]
        return rest[0] if rest else None
