"""Bass lines: the groove's pattern of chord degrees, joined across the bar line."""

from __future__ import annotations

from random import Random

from engine.instruments import Instrument
from engine.score import Chord
from engine.training.corpus.sketch import Event, Sketch, tokens

_GHOST_VELOCITY = 46.0


def bass_line(sketch: Sketch, played_by: Instrument, rng: Random) -> list[Event]:
    """The bass part. Its first note in a bar is the root; "A" leads into the next root."""
    patterns = rng.sample(sketch.groove.bass, min(2, len(sketch.groove.bass)))
    events: list[Event] = []
    floor = _floor(played_by)
    for bar, chord in enumerate(sketch.chords):
        pattern = patterns[1] if len(patterns) > 1 and bar % 4 == 3 else patterns[0]
        root = _root(chord, floor)
        following = _root(sketch.chords[(bar + 1) % sketch.bars], floor)
        for step, length, character in tokens(sketch.bar_pattern(pattern, bar)):
            at = bar * sketch.steps_per_bar + step
            pitch = _pitch(character, chord, root, following, rng)
            while pitch > played_by.high:
                pitch -= 12
            ghost = character == "g"
            velocity = _GHOST_VELOCITY if ghost else 98.0 + (6.0 if step % 8 == 0 else 0.0)
            events.append(Event(at, 0.4 if ghost else length * 0.92, pitch, velocity))
    return events


def _floor(played_by: Instrument) -> int:
    """Where roots start: small speakers hear little below E1, so not at the very bottom."""
    return max(played_by.low, 31)


def _root(chord: Chord, floor: int) -> int:
    return floor + (chord.root - floor) % 12


def _pitch(character: str, chord: Chord, root: int, following: int, rng: Random) -> int:
    tones = [(tone - chord.root) % 12 for tone in chord.pitch_classes]
    match character:
        case "R" | "g":
            return root
        case "8":
            return root + 12
        case "3":
            return root + _degree(tones, (3, 4, 5, 2), 7)
        case "5":
            return root + _degree(tones, (7, 6, 8), 7)
        case "7":
            return root + _degree(tones, (10, 11, 9), 7)
        case "A":
            return following + rng.choice((-1, 1, 2) if following > root else (1, -1, -2))
    raise ValueError(f"{character!r} is no bass character")


def _degree(tones: list[int], wanted: tuple[int, ...], otherwise: int) -> int:
    """The first of `wanted` intervals that the chord has."""
    return next((tone for tone in wanted if tone in tones), otherwise)
