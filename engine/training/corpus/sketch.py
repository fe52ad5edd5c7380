"""The frame a piece is written in, and events on its grid before they are performed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from engine.score import Chord, Key
from engine.styles import Style
from engine.training.corpus.patterns import Groove, groove_for
from engine.training.corpus.piece import Note

STEPS_PER_BEAT = 4
_JITTER_S = 0.003  # how unevenly people play, one standard deviation
_MOST_JITTER_S = 0.008
_SHORTEST_S = 0.04
_GAP_S = 0.005  # a repeated pitch is let go this long before it sounds again


class Event(NamedTuple):
    """A note on the grid: `step` and `length` in sixteenths from the piece's start."""

    step: float
    length: float
    pitch: int
    velocity: float


@dataclass(frozen=True)
class Sketch:
    """Style, tempo, metre, key and the chord of every bar."""

    style: Style
    tempo_bpm: float
    beats_per_bar: int
    key: Key
    chords: tuple[Chord, ...]  # one a bar
    duration_s: float

    @property
    def groove(self) -> Groove:
        return groove_for(self.style.groove)

    @property
    def bars(self) -> int:
        return len(self.chords)

    @property
    def steps_per_bar(self) -> int:
        return self.beats_per_bar * STEPS_PER_BEAT

    @property
    def step_s(self) -> float:
        return 60.0 / self.tempo_bpm / STEPS_PER_BEAT

    def bar_pattern(self, pattern: str, bar: int) -> str:
        """The characters of `pattern` that bar number `bar` plays."""
        width = self.steps_per_bar
        start = bar * width % max(len(pattern), width)
        return pattern[start : start + width]


def perform(
    events: list[Event], sketch: Sketch, channel: int, rng: Random, looseness: float = 1.0
) -> list[Note]:
    """Events as notes in seconds: swung, slightly uneven, inside the piece, never overlapping
    on one pitch (a note-off would silence the later note)."""
    notes: list[Note] = []
    sounding: dict[int, int] = {}  # pitch → index of its last note
    for event in sorted(events):
        start = _swung(event.step, sketch.style) * sketch.step_s
        jitter = rng.gauss(0.0, _JITTER_S * looseness)
        start = max(0.0, start + min(max(jitter, -_MOST_JITTER_S), _MOST_JITTER_S))
        if start >= sketch.duration_s - _SHORTEST_S:
            continue
        end = _swung(event.step + event.length, sketch.style) * sketch.step_s
        end = min(max(end, start + _SHORTEST_S), sketch.duration_s)
        velocity = round(min(max(event.velocity * rng.uniform(0.94, 1.06), 1), 127))
        before = sounding.get(event.pitch)
        if before is not None:
            notes[before] = _cut(notes[before], start - _GAP_S)
        sounding[event.pitch] = len(notes)
        notes.append(Note(start, end - start, event.pitch, velocity, channel))
    return notes


def _cut(note: Note, end_s: float) -> Note:
    length = max(min(note.duration_s, end_s - note.start_s), 0.01)
    return Note(note.start_s, length, note.pitch, note.velocity, note.channel)


def _swung(step: float, style: Style) -> float:
    """Where `step` sounds: the first half of each pair is stretched, the second squeezed."""
    half = style.swing_steps
    pair, inside = divmod(step, 2 * half)
    if inside < half:
        warped = inside * style.swing / 0.5
    else:
        warped = 2 * half * style.swing + (inside - half) * (1 - style.swing) / 0.5
    return pair * 2 * half + warped


def tokens(pattern: str) -> list[tuple[int, int, str]]:
    """Each sounding character of a bar's pattern as (step, length, character)."""
    found: list[tuple[int, int, str]] = []
    for step, character in enumerate(pattern):
        if character == "-":
            if found and found[-1][0] + found[-1][1] == step:
                found[-1] = (found[-1][0], found[-1][1] + 1, found[-1][2])
        elif character != ".":
            found.append((step, 1, character))
    return found
