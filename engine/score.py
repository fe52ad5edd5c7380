"""What the music is to keep to, as data: tempo, metre, key, chords by bar, bars, drums or none.

A `Score` may be open in any part (None). `engine.planner` fills what is open; `columns` turns
a score into the network's concatenative conditioning, one column a latent frame, so that time
and harmony are written into the network's input instead of hoped for from the prompt.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

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
    """None is open. `chords` has one entry a bar and repeats when the music is longer."""

    tempo_bpm: float | None = None
    beats_per_bar: int | None = None
    key: Key | None = None
    chords: tuple[Chord, ...] | None = None
    bars: int | None = None
    drums: bool | None = None  # whether anything is struck

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


# The columns, in order: what each row of `columns` holds.
PHASES_PER_BEAT = (2.0, 1.0)  # half-beats and beats; bars and four-bar phrases follow
RHYTHM_ROWS = slice(0, 11)  # known, log2(tempo/120), triple metre, 4 phases as sin and cos
HARMONY_ROWS = slice(11, 48)  # known, chord tones (12), root (12), scale of the key (12)
DRUMS_ROWS = slice(48, 50)  # with, without
SCORE_CHANNELS = 50


def columns(
    score: Score, frames: int, frame_rate: float, start_s: float = 0.0
) -> NDArray[np.float32]:
    """The score as conditioning, (SCORE_CHANNELS, frames); what is open stays zero.

    Each column describes the middle of its latent frame. `frame_rate` is in frames a second;
    `start_s` is where the first frame lies in the music, so that a crop keeps its place.
    """
    out = np.zeros((SCORE_CHANNELS, frames), np.float32)
    time_s = start_s + (np.arange(frames) + 0.5) / frame_rate
    if score.tempo_bpm is not None:
        _write_rhythm(out[RHYTHM_ROWS], score, time_s)
    if score.key is not None or score.chords:
        _write_harmony(out[HARMONY_ROWS], score, time_s)
    if score.drums is not None:
        out[DRUMS_ROWS][0 if score.drums else 1] = 1.0
    return out


def _write_rhythm(rows: NDArray[np.float32], score: Score, time_s: NDArray[np.floating]) -> None:
    assert score.tempo_bpm is not None
    beats_per_bar = score.beats_per_bar or 4
    beat = time_s * score.tempo_bpm / 60.0
    rows[0] = 1.0
    rows[1] = math.log2(score.tempo_bpm / 120.0)
    rows[2] = float(beats_per_bar == 3)
    rates = (*PHASES_PER_BEAT, 1.0 / beats_per_bar, 0.25 / beats_per_bar)
    for i, per_beat in enumerate(rates):
        rows[3 + 2 * i] = np.sin(2 * np.pi * beat * per_beat)
        rows[4 + 2 * i] = np.cos(2 * np.pi * beat * per_beat)


def _write_harmony(rows: NDArray[np.float32], score: Score, time_s: NDArray[np.floating]) -> None:
    rows[0] = 1.0
    if score.key is not None:
        rows[[25 + pitch for pitch in score.key.pitch_classes]] = 1.0
    bar_s = score.seconds_per_bar
    if not score.chords or bar_s is None:
        return
    bars = np.floor(time_s / bar_s).astype(int)
    for bar in np.unique(bars):
        here, chord = bars == bar, score.chord_at(int(bar))
        assert chord is not None
        for pitch in chord.pitch_classes:
            rows[1 + pitch, here] = 1.0
        rows[13 + chord.root, here] = 1.0
