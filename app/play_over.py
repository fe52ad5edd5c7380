"""Accompaniment: what the next take is to be played over, taken from a take or from a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from app.studio import Studio
from engine.audio.files import read_settings
from engine.errors import EngineError


class PlayOver(QObject):
    """Answers the action `play_over`, and files dropped or chosen for it."""

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        studio.actions["play_over"].triggered.connect(self.take)

    def take(self) -> None:
        """Write the next part over the current take."""
        takes = self._studio.takes
        if take := takes.current:
            self._studio.request.write_over(takes.file_of(take), take.request)

    def file(self, path: Path) -> None:
        """Write the next part over the sound in `path`, by the settings it carries, if any."""
        try:
            made = read_settings(path)
        except EngineError as error:
            self._studio.notices.error(error)
            return
        self._studio.request.write_over(path, made)

    def name_of(self, path: Path) -> str:
        """A take's prompt; the name of any other file."""
        take = self._studio.takes.get(path.stem)
        return " ".join(take.request.prompt.split()) if take else path.name
