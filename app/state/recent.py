"""The files that were exported or opened last."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

MOST_FILES = 10


class RecentFiles(QObject):
    """Newest first. `stored` holds them as text and is updated in place, for the settings."""

    changed = Signal()

    def __init__(self, stored: list[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stored = stored

    @property
    def paths(self) -> list[Path]:
        return [Path(each) for each in self._stored]

    def add(self, path: Path) -> None:
        self._replace([str(path), *(each for each in self._stored if each != str(path))])

    def remove(self, path: Path) -> None:
        """Forget a file that is no longer there."""
        self._replace([each for each in self._stored if each != str(path)])

    def _replace(self, files: list[str]) -> None:
        self._stored[:] = files[:MOST_FILES]
        self.changed.emit()
