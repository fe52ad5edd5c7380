"""The output: which there are, which one is played through, and the player behind it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.playback.devices import DeviceState
from app.playback.messages import PlayerEvents
from app.playback.remote import RemotePlayer


class Output(QObject):
    """The `player` runs on threads of its own; its news is brought to the window's thread here."""

    changed = Signal(object)  # playback.devices.DeviceState
    notice = Signal(str, str)  # what happened, what to do

    _state_news = Signal(object)
    _player_news = Signal(str, str)

    def __init__(self, wanted: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = DeviceState(wanted=wanted)
        queued = Qt.ConnectionType.QueuedConnection
        self._state_news.connect(self._on_state, queued)
        self._player_news.connect(self.notice, queued)
        events = PlayerEvents(self._state_news.emit, self._player_news.emit)
        self.player = RemotePlayer(events, wanted=wanted)

    @property
    def state(self) -> DeviceState:
        return self._state

    @property
    def underruns(self) -> int:
        """How often it ran dry since the start."""
        return self.player.underruns

    def find(self) -> None:
        """Look for outputs in the background; call once the window is shown."""
        self.player.find_devices()

    def choose(self, name: str) -> None:
        """Play through the output called `name`, "" for the system's default."""
        self.player.choose_device(name)

    def rescan(self) -> None:
        """Look for outputs again, in the background."""
        self.player.rescan()

    @Slot(object)
    def _on_state(self, state: DeviceState) -> None:
        self._state = state
        self.changed.emit(state)
