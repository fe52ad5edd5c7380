"""How loud the output is: the slider's place, and silence at a touch."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.playback.taper import volume_to_db
from engine.audio.levels import from_db


class Volume(QObject):
    """`place` is the slider's in 0..1; `amplitude` what the output is multiplied by."""

    place_changed = Signal(float)
    muted_changed = Signal(bool)
    amplitude_changed = Signal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._place = 1.0
        self._muted = False

    @property
    def place(self) -> float:
        return self._place

    @property
    def muted(self) -> bool:
        return self._muted

    @property
    def level_db(self) -> float:
        return volume_to_db(self._place)

    @property
    def amplitude(self) -> float:
        return 0.0 if self._muted else from_db(self.level_db)

    def set_place(self, place: float) -> None:
        place = min(max(0.0, place), 1.0)
        if place != self._place:
            self._place = place
            self.amplitude_changed.emit(self.amplitude)
            self.place_changed.emit(place)

    def set_muted(self, muted: bool) -> None:
        if muted != self._muted:
            self._muted = muted
            self.amplitude_changed.emit(self.amplitude)
            self.muted_changed.emit(muted)
