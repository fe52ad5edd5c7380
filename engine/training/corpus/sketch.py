"""The frame a piece is written in, and events on its grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from engine.score import Chord, Key
from engine.styles import Style
from engine.training.corpus.form import one_groove
from engine.training.corpus.patterns import Groove, groove_for
from engine.training.corpus.piece import ROLES, Section

STEPS_PER_BEAT = 4


class Event(NamedTuple):
    """A note on the grid: `step` and `length` in sixteenths from the piece's start."""

    step: float
    length: float
    pitch: int
    velocity: float


@dataclass(frozen=True)
class Sketch:
    """Style, tempo, metre, key, the chord of every bar, and the sections they lie in."""

    style: Style
    tempo_bpm: float
    beats_per_bar: int
    key: Key
    chords: tuple[Chord, ...]  # one a bar
    duration_s: float
    sections: tuple[Section, ...] = ()  # none: one groove throughout
    swing: float | None = None  # as `Style.swing`, which None takes
    loop: bool = False

    @property
    def groove(self) -> Groove:
        return groove_for(self.style.groove, self.beats_per_bar)

    @property
    def bars(self) -> int:
        return len(self.chords)

    @property
    def steps_per_bar(self) -> int:
        return self.beats_per_bar * STEPS_PER_BEAT

    @property
    def step_s(self) -> float:
        return 60.0 / self.tempo_bpm / STEPS_PER_BEAT

    @property
    def form(self) -> tuple[Section, ...]:
        return self.sections or one_groove(self.bars, ROLES)

    def section_at(self, bar: int) -> Section:
        """The section that bar number `bar` lies in; the last one for bars beyond."""
        form = self.form
        return next((section for section in form if bar < section.end_bar), form[-1])

    def bar_pattern(self, pattern: str, bar: int) -> str:
        """The characters of `pattern` that bar number `bar` plays."""
        width = self.steps_per_bar
        start = bar * width % max(len(pattern), width)
        return pattern[start : start + width]

    def swung(self, step: float) -> float:
        """Where `step` sounds: the first half of each pair is stretched, the second squeezed."""
        half = self.style.swing_steps
        swing = self.style.swing if self.swing is None else self.swing
        pair, inside = divmod(step, 2 * half)
        if inside < half:
            warped = inside * swing / 0.5
        else:
            warped = 2 * half * swing + (inside - half) * (1 - swing) / 0.5
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
