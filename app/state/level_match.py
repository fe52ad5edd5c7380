"""The level match: both sides of the A/B switch made equally loud, once they are measured."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.state.background import Background
from app.state.slots import LoadedTake, Slots


class LevelMatch(QObject):
    """Measures what the slots hold in the background, and tells when a gain may be another."""

    changed = Signal()

    def __init__(self, slots: Slots, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slots = slots
        self._background = Background(self)

    def update(self) -> None:
        """Call when a slot was filled or emptied; only what is compared is measured."""
        self.changed.emit()
        for take in self._slots.unmeasured():
            self._background.run(
                lambda take=take: (take, take.loudness_lufs()),  # type: ignore[misc]
                self._on_loudness,
            )

    def _on_loudness(self, measured: tuple[LoadedTake, float]) -> None:
        self._slots.set_loudness(*measured)
        self.changed.emit()
