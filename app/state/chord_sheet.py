"""The chords of what is shown, bar by bar, and what they shall be in the next take."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QObject, Signal

from app.state.request import RequestModel
from app.state.time_axis import TimeAxis
from app.state.viewing import Viewing
from engine.api import Chord, Key, Mode, Score

_TRIADS: dict[tuple[int, ...], str] = {(4, 7): "", (3, 7): "m", (3, 6): "dim", (4, 8): "aug"}
_SEVENTHS: dict[tuple[int, ...], str] = {
    (4, 7, 11): "maj7",
    (4, 7, 10): "7",
    (3, 7, 10): "m7",
    (3, 6, 10): "m7b5",
}


class ChordSheet(QObject):
    """Bars are counted from 0. What was written differs from what is heard until the next take.

    `bars` is 0 while tempo or chords are unknown. Written chords are forgotten when the draft's
    chords change by other hands, such as undo's, or when something else is shown.
    """

    changed = Signal()

    def __init__(
        self,
        viewing: Viewing,
        request: RequestModel,
        axis: TimeAxis,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewing = viewing
        self._request = request
        self._axis = axis
        self._written: tuple[Score, str, tuple[Chord, ...]] | None = None
        viewing.score_changed.connect(self.changed)
        axis.view_changed.connect(self.changed)
        axis.meter_changed.connect(self.changed)
        request.changed.connect(lambda name: self.changed.emit() if name == "chords" else None)

    @property
    def key(self) -> Key | None:
        return self._viewing.score.key if self._viewing.score else None

    @property
    def bars(self) -> int:
        """How many there are to see, the last one perhaps in part."""
        meter = self._axis.meter
        if meter is None or not self._heard:
            return 0
        return math.ceil(self._axis.duration_s / meter.bar_s - 1e-6)

    def name(self, bar: int) -> str:
        """The chord of a bar as musicians in this key spell it: as written, else as heard."""
        return spelt(self._chords[bar % len(self._chords)], self.key)

    def is_written(self, bar: int) -> bool:
        """Whether another chord than the one heard is written there."""
        return self._chords[bar % len(self._chords)] != self._heard[bar % len(self._heard)]

    def write(self, bar: int, text: str) -> None:
        """Ask the next take for another chord in this bar and wherever it comes again.

        Nothing brings back what is heard. Raises `InvalidRequest` for what is no chord.
        """
        score = self._viewing.score
        if score is None or not self.bars:
            return
        place = bar % len(self._chords)
        chord = Chord.parse(text) if text.strip() else self._heard[place]
        if chord == self._chords[place]:
            return
        chords = (*self._chords[:place], chord, *self._chords[place + 1 :])
        told = Score(key=self.key, chords=chords).chord_names
        self._written = (score, told, chords)
        self._request.edit(chords=told)

    def offered(self) -> list[str]:
        """The key's own chords, the triads first."""
        return [spelt(chord, self.key) for chord in diatonic(self.key)] if self.key else []

    @property
    def _heard(self) -> tuple[Chord, ...]:
        return (self._viewing.score.chords if self._viewing.score else None) or ()

    @property
    def _chords(self) -> tuple[Chord, ...]:
        if self._written is not None:
            over, told, chords = self._written
            if over is self._viewing.score and told == self._request.draft.chords:
                return chords
        return self._heard


@lru_cache(maxsize=1024)
def spelt(chord: Chord, key: Key | None) -> str:
    """The chord's name as it is written in `key`."""
    return Score(key=key, chords=(chord,)).chord_names


def diatonic(key: Key) -> list[Chord]:
    """Triads and sevenths on each degree; minor has the major dominant as well."""
    chords = [_stacked(key, degree, 3) for degree in range(7)]
    sevenths = [_stacked(key, degree, 4) for degree in range(7)]
    if key.mode is Mode.MINOR:
        dominant = key.pitch_classes[4]
        chords.insert(5, Chord(dominant))
        sevenths.insert(5, Chord(dominant, "7"))
    return chords + sevenths


def _stacked(key: Key, degree: int, tones: int) -> Chord:
    """Thirds of the key's own scale, one upon another."""
    root, *upper = (key.pitch_classes[(degree + 2 * third) % 7] for third in range(tones))
    intervals = tuple((tone - root) % 12 for tone in upper)
    return Chord(root, (_TRIADS if tones == 3 else _SEVENTHS)[intervals])
