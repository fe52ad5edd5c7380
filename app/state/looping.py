"""What repeats: the whole take or a marked region, by the user's choice or because it is a loop."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.playback.messages import SHORTEST_LOOP_S


class Looping(QObject):
    """Loop takes repeat by themselves; for all others the user's own choice is in force."""

    loop_changed = Signal(bool)
    region_changed = Signal(object)  # (start_s, end_s) or None
    bounds_changed = Signal()  # what the player is to repeat may be another

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._duration_s: float | None = None  # of the sound that is active
        self._is_loop = False
        self._chosen = False  # by the user, for what is no loop
        self._on = False
        self._region: tuple[float, float] | None = None

    @property
    def on(self) -> bool:
        return self._on

    @property
    def is_loop(self) -> bool:
        """Whether what is active was made to go on into its own beginning."""
        return self._is_loop

    @property
    def region_s(self) -> tuple[float, float] | None:
        return self._region

    @property
    def bounds_s(self) -> tuple[float, float] | None:
        """What repeats, in seconds; None while nothing does."""
        if not self._on or self._duration_s is None:
            return None
        return self._region or (0.0, self._duration_s)

    def follow(self, duration_s: float | None, is_loop: bool) -> None:
        """Another sound is active, or none."""
        self._duration_s, self._is_loop = duration_s, is_loop
        self._turn(is_loop or self._chosen)
        self.bounds_changed.emit()

    def set_on(self, on: bool) -> None:
        """The user's choice. Made while a loop is heard, it counts for that one."""
        if not self._is_loop:
            self._chosen = on
        self._turn(on)

    def set_region(self, region_s: tuple[float, float] | None) -> None:
        """Mark a region. One too short to hear is none."""
        if region_s is not None:
            most = self._duration_s or 0.0
            start, end = sorted(min(max(0.0, edge), most) for edge in region_s)
            region_s = (start, end) if end - start >= SHORTEST_LOOP_S else None
        if region_s != self._region:
            self._region = region_s
            self.bounds_changed.emit()
            self.region_changed.emit(region_s)

    def _turn(self, on: bool) -> None:
        if on != self._on:
            self._on = on
            self.bounds_changed.emit()
            self.loop_changed.emit(on)
