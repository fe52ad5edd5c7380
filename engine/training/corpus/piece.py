"""What the composer writes: notes, the parts that play them, and the truth about them."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Any

from engine.score import Score, Stem

DRUM_CHANNEL = 9
DRUM_BANK = 128
ROLES = ("drums", "bass", "chords", "lead", "pad")
MIX = "mix"  # what a clip's stem is called when everyone plays
STEMS = (MIX, *ROLES)


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

    role: str  # one of ROLES
    name: str
    channel: int
    program: int
    bank: int = 0
    volume: int = 100
    pan: int = 64
    reverb: int = 30


@dataclass(frozen=True)
class Section:
    """Bars of a piece that belong together: who plays in them, and with how much force."""

    name: str  # "groove", "intro", "build", …
    first_bar: int
    bars: int
    roles: tuple[str, ...]  # those that play; the others rest
    theme: str = "A"  # sections of one theme share harmony and patterns
    energy: float = 1.0  # factor of the velocities; 1 is the usual force

    @property
    def end_bar(self) -> int:
        """The first bar after it."""
        return self.first_bar + self.bars


@dataclass(frozen=True)
class Piece:
    """A composed piece. Bar 1 starts at exactly 0 s and the tempo is constant.

    `score` is exact: `score.chords` has one chord for each bar of the whole piece. `sections`
    tell which parts rest where; a part that rests nowhere plays from start to end.
    A `loop` lasts exactly `score.bars` bars and is meant to be repeated without a gap.
    """

    notes: tuple[Note, ...]  # by start
    parts: tuple[Part, ...]
    score: Score
    style: str  # an id of engine.styles
    duration_s: float
    seed: int
    sections: tuple[Section, ...] = ()
    mode: str = ""  # a name of engine.theory.SCALES: finer than the key's major or minor
    swing: float = 0.5  # where off-beats lie within their pair, as engine.styles has it
    stem: str = MIX  # one of STEMS
    loop: bool = False

    @property
    def told(self) -> Score:
        """The score with all that a model may be told: also who plays, and whether it loops."""
        return replace(self.score, stem=Stem(self.stem), loop=self.loop)

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

    def alone(self, role: str) -> Piece:
        """The stem of one part: the same notes, nobody else. Raises `KeyError` if none plays it."""
        return replace(self.only({role}), stem=role)

    def only(self, roles: Set[str]) -> Piece:
        """The same notes of `roles`, nobody else's. Raises `KeyError` if nobody plays them."""
        parts = tuple(part for part in self.parts if part.role in roles)
        if not parts:
            raise KeyError(f"nobody plays {', '.join(sorted(roles))} in this piece")
        channels = {part.channel for part in parts}
        return replace(
            self,
            notes=tuple(note for note in self.notes if note.channel in channels),
            parts=parts,
            score=replace(self.score, drums=self.has_drums and "drums" in roles),
            sections=tuple(
                replace(section, roles=tuple(r for r in section.roles if r in roles))
                for section in self.sections
            ),
        )

    def truth(self) -> dict[str, Any]:
        """What is known about the piece, for a JSON file beside its sound."""
        return {
            "seed": self.seed,
            "style": self.style,
            "tempo_bpm": self.score.tempo_bpm,
            "beats_per_bar": self.score.beats_per_bar,
            "key": str(self.score.key),
            "mode": self.mode,
            "swing": round(self.swing, 4),
            "chords": self.score.chord_names,
            "bars": self.score.bars,
            "drums": self.has_drums,
            "stem": self.stem,
            "loop": self.loop,
            "parts": {part.role: part.name for part in self.parts},
            "instruments": list(self.instruments),
            "sections": [
                {
                    "name": section.name,
                    "first_bar": section.first_bar,
                    "bars": section.bars,
                    "roles": list(section.roles),
                }
                for section in self.sections
            ],
            "duration_s": self.duration_s,
        }
