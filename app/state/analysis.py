"""What the views draw of the active take: its spectrogram and its outline, made in the background.

Kept for as long as a take is loaded, so that switching between A and B redraws at once.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, Signal

from app.state.background import Background
from app.state.slots import LoadedTake
from app.state.transport import Transport
from engine.api import Picture
from engine.audio.peaks import Peaks
from engine.audio.spectrogram import log_mel


class Analysis(NamedTuple):
    picture: Picture
    peaks: Peaks

    @classmethod
    def of(cls, take: LoadedTake) -> Analysis:
        return cls(log_mel(take.audio, take.sample_rate), Peaks.of(take.audio))


class TakeAnalysis(QObject):
    """Follows the transport; both signals carry None when nothing is loaded."""

    picture_changed = Signal(object)  # Picture or None
    peaks_changed = Signal(object)  # Peaks or None

    def __init__(self, transport: Transport, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._transport = transport
        self._background = Background(self)
        self._known: WeakKeyDictionary[LoadedTake, Analysis] = WeakKeyDictionary()
        transport.loaded.connect(self._follow)

    @property
    def current(self) -> Analysis | None:
        """Of the active take; None while it is being made."""
        take = self._transport.take
        return self._known.get(take) if take is not None else None

    def _follow(self) -> None:
        take = self._transport.take
        if take is None or take.forms or not len(take.audio):
            self._tell(None)
        elif take in self._known:
            self._tell(self._known[take])
        else:
            self._background.run(lambda: (take, Analysis.of(take)), self._keep)

    def _keep(self, made: tuple[LoadedTake, Analysis]) -> None:
        take, analysis = made
        self._known[take] = analysis
        if take is self._transport.take:
            self._tell(analysis)

    def _tell(self, analysis: Analysis | None) -> None:
        self.picture_changed.emit(analysis.picture if analysis else None)
        self.peaks_changed.emit(analysis.peaks if analysis else None)
