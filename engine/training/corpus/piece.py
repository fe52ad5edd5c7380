"""What the composer writes: notes, the parts that play them, and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.score import Score

DRUM_CHANNEL = 9
DRUM_BANK = 128


@dataclass(frozen=True, slots=True)
class Note:
    start_s: float
    duration_s: float
    pitch: int  # MIDI, middle C = 60; on the drum channel the General MIDI percussion key
    velocity: int  # 1 to 127
    channel: int  # 0 to 15


@dataclass(frozen=True)
class Part:
    """One player: a sound, its place in the mix, and its MIDI channel.

    `volume`, `pan` and `reverb` are MIDI controller values, 0 to 127; pan 64 is the middle.
    """

    role: str  # "drums", "bass", "chords", "lead" or "pad"
    name: str
    channel: int
    program: int
    bank: int = 0
    volume: int = 100
    pan: int = 64
    reverb: int = 30


@dataclass(frozen=True)
class Piece:
    """A composed piece. Bar 1 starts at exactly 0 s, the tempo is constant, and every part
    plays from start to end, so that what is true of the piece is true of any crop of it.

    `score` is exact: `score.chords` has one chord for each bar of the whole piece.
    """

    notes: tuple[Note, ...]  # by start
    parts: tuple[Part, ...]
    score: Score
    style: str  # an id of engine.styles
    duration_s: float
    seed: int

    @property
    def has_drums(self) -> bool:
        return bool(self.score.drums)

    def part_notes(self, role: str) -> tuple[Note, ...]:
        channels = {part.channel for part in self.parts if part.role == role}
        return tuple(note for note in self.notes if note.channel in channels)

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the pitched instruments, each once."""
        return tuple(dict.fromkeys(p.name for p in self.parts if p.role != "drums"))

    def truth(self) -> dict[str, Any]:
        """What is known about the piece, for a JSON file beside its sound."""
        return {
            "seed": self.seed,
            "style": self.style,
            "tempo_bpm": self.score.tempo_bpm,
            "beats_per_bar": self.score.beats_per_bar,
            "key": str(self.score.key),
            "chords": self.score.chord_names,
            "bars": self.score.bars,
            "drums": self.has_drums,
            "parts": {part.role: part.name for part in self.parts},
            "duration_s": self.duration_s,
        }
