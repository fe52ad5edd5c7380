"""The transport: what plays, where, how loud, through which output. A QObject, no widgets.

Two slots hold takes A and B; both follow one position.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.playback.history import Levels
from app.state.level_match import LevelMatch
from app.state.looping import Looping
from app.state.output import Output
from app.state.slots import LoadedTake, Slots, TakeSlot
from app.state.volume import Volume

TICK_MS = 16


class Transport(QObject):
    """Everything the transport bar, the meter and the playheads show, and all they can ask."""

    position_changed = Signal(float)  # seconds
    playing_changed = Signal(bool)
    loaded = Signal()  # another sound is active: a new take, or the other slot
    slots_changed = Signal()  # what A and B hold, or which of them is active
    loop_changed = Signal(bool)
    region_changed = Signal(object)  # (start_s, end_s) or None
    volume_changed = Signal(float)
    muted_changed = Signal(bool)
    levels_changed = Signal(object)  # playback.history.Levels
    match_changed = Signal(float)  # dB applied to the active slot by the level match
    notice = Signal(str, str)  # what happened, what to do

    def __init__(self, device: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._slots = Slots()
        self._active = TakeSlot.A
        self._position_s = 0.0
        self._playing = False
        self.output = Output(device, self)
        self.output.notice.connect(self.notice)
        self._player = self.output.player
        self._match = LevelMatch(self._slots, self)
        self._match.changed.connect(self._apply_match)
        self._looping = Looping(self)
        self._looping.loop_changed.connect(self.loop_changed)
        self._looping.region_changed.connect(self.region_changed)
        self._looping.bounds_changed.connect(self._update_loop)
        self._volume = Volume(self)
        self._volume.place_changed.connect(self.volume_changed)
        self._volume.muted_changed.connect(self.muted_changed)
        self._volume.amplitude_changed.connect(self._player.set_volume)
        self._timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def close(self) -> None:
        """Fade out and let go of the output."""
        self._timer.stop()
        self._player.close()

    # What is loaded.

    @property
    def take(self) -> LoadedTake | None:
        """What the active slot holds."""
        return self._slots[self._active]

    @property
    def slot(self) -> TakeSlot:
        return self._active

    def take_in(self, slot: TakeSlot) -> LoadedTake | None:
        return self._slots[slot]

    @property
    def duration_s(self) -> float:
        return self.take.duration_s if self.take else 0.0

    def load(
        self,
        audio: NDArray[np.float32],
        sample_rate: int,
        title: str = "",
        slot: TakeSlot = TakeSlot.A,
        *,
        is_loop: bool = False,
    ) -> None:
        """Put a take into a slot; loading A also makes A active, at its start and stopped.

        `audio` is (frames, channels) and must not be changed afterwards. A loop repeats by itself.
        """
        take = LoadedTake(audio, sample_rate, title, is_loop)
        if slot is TakeSlot.A:
            self._load_afresh(take)
        else:
            self._put(slot, take)

    def form(self, take: LoadedTake, begin_s: float) -> None:
        """Load A with what only begins to sound, and play it from `begin_s` on."""
        self._load_afresh(take)
        self.seek(begin_s)
        self.play()

    def lay(self, begin: int, piece: NDArray[np.float32]) -> None:
        """Hear (frames, channels) in A instead of what was there, from its frame `begin` on."""
        self._player.lay(TakeSlot.A, begin, piece)

    def complete(self, take: LoadedTake) -> None:
        """Put what was to become of A's sound in its place: playing, place and region stay."""
        self._put(TakeSlot.A, take)

    def _load_afresh(self, take: LoadedTake) -> None:
        self.stop()
        self._make_active(TakeSlot.A)
        self.set_region(None)
        self._put(TakeSlot.A, take, from_start=True)

    def _put(self, slot: TakeSlot, take: LoadedTake, *, from_start: bool = False) -> None:
        self._slots.put(slot, take)
        self._player.load(slot, take.audio, take.sample_rate, take.is_loop)
        self._match.update()
        if from_start:
            self.seek(0.0)
        if slot is self._active:
            self._follow_take()
            self.loaded.emit()
        self.slots_changed.emit()

    def unload(self, slot: TakeSlot) -> None:
        """Empty a slot. An emptied B gives way to A."""
        if self._slots[slot] is None:
            return
        if slot is self._active:
            self.stop()
        self._slots.put(slot, None)
        self._player.load(slot, np.zeros((0, 2), np.float32), 44_100)
        if slot is self._active:
            self._make_active(TakeSlot.A)
            self.set_region(None)
            self._follow_take()
            self.seek(0.0)
            self.loaded.emit()
        self._match.update()
        self.slots_changed.emit()

    def choose_slot(self, slot: TakeSlot) -> None:
        """Hear the other take at the same place; nothing happens when that slot is empty."""
        if slot is not self._active and self._slots[slot] is not None:
            self._make_active(slot)
            self._follow_take()
            self.slots_changed.emit()
            self.match_changed.emit(self.match_db(slot))
            self.loaded.emit()

    def toggle_slot(self) -> None:
        self.choose_slot(self._active.other)

    def _make_active(self, slot: TakeSlot) -> None:
        self._active = slot
        self._player.set_active(slot)

    def match_db(self, slot: TakeSlot) -> float:
        """The gain in dB that the level match gives to a slot."""
        return self._slots.match_db(slot)

    def _apply_match(self) -> None:
        self._player.set_gains(self._slots.gains())
        self.match_changed.emit(self.match_db(self._active))

    # Playing.

    @property
    def position_s(self) -> float:
        return self._position_s

    @property
    def is_playing(self) -> bool:
        return self._playing

    def play(self) -> None:
        """Go on from the position; from outside the loop or from the end, start over."""
        if self._playing or self.take is None:
            return
        start, end = self._looping.bounds_s or (0.0, self.duration_s)
        if self._position_s >= end - 1e-3 or (self.loop and self._position_s < start):
            self.seek(start)
        self._player.play()
        self._set_playing(True)

    def stop(self) -> None:
        """Stop where the music is."""
        if self._playing:
            self._player.stop()
            self._move_to(self._player.heard().position_s)
            self._set_playing(False)

    def toggle(self) -> None:
        if self._playing:
            self.stop()
        else:
            self.play()

    def seek(self, position_s: float) -> None:
        position_s = min(max(0.0, position_s), self.duration_s)
        self._player.seek(position_s)
        self._move_to(position_s)

    def home(self) -> None:
        """To the start of the region that loops, or of the take."""
        self.seek((self._looping.bounds_s or (0.0, 0.0))[0])

    def end(self) -> None:
        self.stop()
        self.seek(self.duration_s)

    def _set_playing(self, playing: bool) -> None:
        self._playing = playing
        if playing:
            self._timer.start()
        else:
            self._timer.stop()
            self.levels_changed.emit(Levels())
        self.playing_changed.emit(playing)

    def _move_to(self, position_s: float) -> None:
        if position_s != self._position_s:
            self._position_s = position_s
            self.position_changed.emit(position_s)

    def _tick(self) -> None:
        heard = self._player.heard()
        self._move_to(min(heard.position_s, self.duration_s))
        if heard.levels is not None:
            self.levels_changed.emit(heard.levels)
        if not heard.playing:
            self._player.stop()
            self._set_playing(False)

    # Loop and region.

    @property
    def loop(self) -> bool:
        return self._looping.on

    @property
    def is_loop(self) -> bool:
        """Whether what is active was made as a loop."""
        return self._looping.is_loop

    @property
    def region_s(self) -> tuple[float, float] | None:
        return self._looping.region_s

    def set_loop(self, on: bool) -> None:
        """Repeat the region, or the whole take where none is marked."""
        self._looping.set_on(on)

    def set_region(self, region_s: tuple[float, float] | None) -> None:
        """Mark a region. One too short to hear is none."""
        self._looping.set_region(region_s)

    def _follow_take(self) -> None:
        take = self.take
        self._looping.follow(take.duration_s if take else None, bool(take and take.is_loop))

    def _update_loop(self) -> None:
        self._player.set_loop(self._looping.bounds_s)

    # Volume.

    @property
    def volume(self) -> float:
        """The slider's place in 0..1; see `volume_db`."""
        return self._volume.place

    @property
    def volume_db(self) -> float:
        return self._volume.level_db

    @property
    def muted(self) -> bool:
        return self._volume.muted

    def set_volume(self, volume: float) -> None:
        self._volume.set_place(volume)

    def set_muted(self, muted: bool) -> None:
        self._volume.set_muted(muted)
