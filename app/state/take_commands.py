"""The undoable changes of the list of takes."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QUndoCommand

from app.library import Take, TakeState
from engine.api import Clip

_NAME_CHARS = 32


def _title(take: Take) -> str:
    prompt = " ".join(take.request.prompt.split())
    return prompt if len(prompt) <= _NAME_CHARS else prompt[: _NAME_CHARS - 1].rstrip() + "…"


class Listing(Protocol):
    """What the changes need of the list; `Takes` says what each does."""

    def put_back(self, take: Take, clip: Clip | None) -> None: ...
    def take_away(self, id: str) -> None: ...
    def set_star(self, id: str, starred: bool) -> None: ...
    def select(self, id: str | None) -> None: ...


class RemoveTake(QUndoCommand):
    """Deletes a take. What is not on disk yet is held here, so that undo can save it again."""

    def __init__(self, takes: Listing, take: Take, clip: Clip | None) -> None:
        text = QCoreApplication.translate("Undo", "Delete “{take}”")
        super().__init__(text.format(take=_title(take)))
        self._takes = takes
        self._take = take
        on_disk = take.state in (TakeState.SAVED, TakeState.MISSING)
        self._clip = None if on_disk else clip

    def redo(self) -> None:
        self._takes.take_away(self._take.id)

    def undo(self) -> None:
        self._takes.put_back(self._take, self._clip)
        self._takes.select(self._take.id)


class StarTake(QUndoCommand):
    """Stars a take, or takes its star away."""

    def __init__(self, takes: Listing, take: Take, starred: bool) -> None:
        text = QCoreApplication.translate("Undo", "Star “{take}”")
        if not starred:
            text = QCoreApplication.translate("Undo", "Unstar “{take}”")
        super().__init__(text.format(take=_title(take)))
        self._takes = takes
        self._id = take.id
        self._starred = starred

    def redo(self) -> None:
        self._takes.set_star(self._id, self._starred)

    def undo(self) -> None:
        self._takes.set_star(self._id, not self._starred)
