"""What the music is to keep to, as data: tempo, metre, key, chords by bar, style, who plays, loop.

A `Score` may be open in any part (None). `engine.planner` fills what is open;
`engine.score_columns` writes it into the network's input.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from engine.errors import InvalidRequest

TEMPO_BPM = (40.0, 240.0)
BEATS_PER_BAR = (2, 7)
BARS = (1, 512)
SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLATS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}

QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7), "m": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8),
    "sus2": (0, 2, 7), "sus4": (0, 5, 7), "5": (0, 7), "6": (0, 4, 7, 9), "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10), "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9), "9": (0, 4, 7, 10, 2), "maj9": (0, 4, 7, 11, 2),
    "m9": (0, 3, 7, 10, 2), "add9": (0, 4, 7, 2),
}  # fmt: skip
_QUALITY_ALIASES = {
    "maj": "", "M": "", "min": "m", "-": "m", "M7": "maj7", "Δ": "maj7", "min7": "m7",
    "-7": "m7", "ø": "m7b5", "°": "dim", "+": "aug", "sus": "sus4", "min9": "m9", "M9": "maj9",
}  # fmt: skip


class Stem(StrEnum):
    """Who plays: everyone, or one part of the arrangement alone."""

    MIX = "mix"
    DRUMS = "drums"
    BASS = "bass"
    CHORDS = "chords"
    LEAD = "lead"
    PAD = "pad"


class Mode(StrEnum):
    MAJOR = "major"
    MINOR = "minor"

    @property
    def scale(self) -> tuple[int, ...]:
        """Semitones above the tonic: the major or the natural minor scale."""
        return (0, 2, 4, 5, 7, 9, 11) if self is Mode.MAJOR else (0, 2, 3, 5, 7, 8, 10)


@dataclass(frozen=True)
class Key:
    tonic: int  # pitch class, C = 0
    mode: Mode

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read "F# minor", "Bb", "c sharp min", "Am". Raises `InvalidRequest`."""
        pattern = r"\s*([A-Ga-g])\s*(#|♯|b|♭|sharp|flat)?\s*(major|maj|minor|min|m)?\s*"
        match = re.fullmatch(pattern, text.strip(), re.IGNORECASE)
        if not match:
            raise InvalidRequest(
                "key", f"“{text}” is not a key.", "Write it like C, F# minor or Bb major."
            )
        letter, accidental, mode = match.groups()
        tonic = _LETTERS[letter.upper()] + _ACCIDENTALS[(accidental or "").lower()]
        minor = mode is not None and (mode == "m" or mode.lower().startswith("min"))
        return cls(tonic % 12, Mode.MINOR if minor else Mode.MAJOR)

    def __str__(self) -> str:
        return f"{(FLATS if self.flat else SHARPS)[self.tonic]} {self.mode}"

    @property
    def flat(self) -> bool:
        """Whether musicians write it with flats: F, Bb, Eb, Ab and Db major, and their minors."""
        major = self.tonic if self.mode is Mode.MAJOR else self.tonic + 3
        return major % 12 in (5, 10, 3, 8, 1)

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        return tuple((self.tonic + step) % 12 for step in self.mode.scale)


@dataclass(frozen=True)
class Chord:
    root: int  # pitch class, C = 0
    quality: str = ""  # a key of QUALITIES

    def __post_init__(self) -> None:
        if self.quality not in QUALITIES:
            known = " ".join(name for name in QUALITIES if name)
            raise InvalidRequest(
                "chords", f"“{self.quality}” is not a chord quality.", f"Known: {known}."
            )

    @classmethod
    def parse(cls, text: str) -> Chord:
        """Read "F#m7", "Bb", "Csus4", "Dmaj7". Raises `InvalidRequest`."""
        match = re.fullmatch(r"([A-Ga-g])(#|♯|b|♭)?(.*)", text.strip())
        quality = _QUALITY_ALIASES.get(match[3], match[3]) if match else None
        if match is None or quality not in QUALITIES:
            raise InvalidRequest(
                "chords", f"“{text}” is not a chord.", "Write chords like F#m7 D A Esus4."
            )
        return cls((_LETTERS[match[1].upper()] + _ACCIDENTALS[match[2] or ""]) % 12, quality)

    def __str__(self) -> str:
        return SHARPS[self.root] + self.quality

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        return tuple((self.root + step) % 12 for step in QUALITIES[self.quality])


def parse_chords(text: str) -> tuple[Chord, ...]:
    """Read chords separated by blanks, commas or bar lines, one a bar."""
    return tuple(Chord.parse(word) for word in re.split(r"[\s,|]+", text) if word)


@dataclass(frozen=True)
class Score:
    """None is open. `chords` has one entry a bar and repeats when the music is longer.

    A `loop` lasts exactly `bars` bars and goes on into its own beginning.
    """

    tempo_bpm: float | None = None
    beats_per_bar: int | None = None
    key: Key | None = None
    chords: tuple[Chord, ...] | None = None
    bars: int | None = None
    drums: bool | None = None  # whether anything is struck
    stem: Stem | None = None
    loop: bool | None = None
    style: str | None = None  # an id of `engine.styles`
    instruments: tuple[str, ...] | None = None  # names of `engine.instruments`; all that sound

    def __post_init__(self) -> None:
        _check("tempo_bpm", "Tempo", self.tempo_bpm, TEMPO_BPM, "bpm")
        _check("beats_per_bar", "Beats per bar", self.beats_per_bar, BEATS_PER_BAR)
        _check("bars", "Bars", self.bars, BARS)

    def filled_by(self, other: Score) -> Score:
        """This score, its open parts taken from `other`."""
        given = {part.name: getattr(self, part.name) for part in fields(self)}
        return replace(other, **{k: v for k, v in given.items() if v is not None})

    @property
    def seconds_per_bar(self) -> float | None:
        if self.tempo_bpm is None or self.beats_per_bar is None:
            return None
        return 60.0 / self.tempo_bpm * self.beats_per_bar

    @property
    def loop_s(self) -> float | None:
        """How long one turn lasts, in seconds; None where the music is no loop."""
        bar_s = self.seconds_per_bar
        return self.bars * bar_s if self.loop and self.bars and bar_s else None

    @property
    def bars_told(self) -> str:
        """ "4 bars", "1 bar"; "" when open."""
        return "" if self.bars is None else f"{self.bars} bar{'s' * (self.bars != 1)}"

    @property
    def chord_names(self) -> str:
        """The chords as `parse_chords` reads them, spelt as the key is; "" when open."""
        names = FLATS if self.key is not None and self.key.flat else SHARPS
        return " ".join(names[chord.root] + chord.quality for chord in self.chords or ())

    def chord_at(self, bar: int) -> Chord | None:
        return self.chords[bar % len(self.chords)] if self.chords else None


def _check(
    field: str, label: str, value: float | None, limits: tuple[float, float], unit: str = ""
) -> None:
    low, high = limits
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        raise InvalidRequest(
            field,
            f"{label} {value:.12g} is out of range.",
            f"Choose a value from {low:g} to {high:g}{' ' + unit if unit else ''}.",
        )
