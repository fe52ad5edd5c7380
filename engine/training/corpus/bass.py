"""Bass lines that follow the harmony: the groove's pattern of chord degrees, or a walk."""

from __future__ import annotations

from random import Random

from engine.instruments import Instrument
from engine.score import Chord
from engine.theory import scale_over
from engine.training.corpus.sketch import STEPS_PER_BEAT, Event, Sketch, tokens

_GHOST_VELOCITY = 46.0
_PEDAL = "R" + "-" * 15  # where the groove rests, the bass holds


def bass_line(sketch: Sketch, played_by: Instrument, rng: Random) -> list[Event]:
    """The bass part. Its first note in a bar is the root; the last leads into the next root."""
    if sketch.groove.walking and rng.random() < 0.8:
        return walking_bass(sketch, played_by, rng)
    patterns = rng.sample(sketch.groove.bass, min(3, len(sketch.groove.bass)))
    events: list[Event] = []
    floor = _floor(played_by)
    for bar, chord in enumerate(sketch.chords):
        pattern = _pattern(sketch, patterns, bar)
        root = _root(chord, floor)
        following = _root(sketch.chords[(bar + 1) % sketch.bars], floor)
        for step, length, character in tokens(sketch.bar_pattern(pattern, bar)):
            at = bar * sketch.steps_per_bar + step
            pitch = _in_range(_pitch(character, chord, root, following, rng), played_by)
            ghost = character == "g"
            velocity = _GHOST_VELOCITY if ghost else 98.0 + (6.0 if step % 8 == 0 else 0.0)
            events.append(Event(at, 0.4 if ghost else length * 0.92, pitch, velocity))
    return events


def _pattern(sketch: Sketch, patterns: list[str], bar: int) -> str:
    """The section's pattern, another one in each fourth bar, a held note in breaks."""
    section = sketch.section_at(bar)
    if section.name in ("break", "intro", "outro"):
        return _PEDAL[: sketch.steps_per_bar]
    theme = patterns[-1] if section.theme == "B" else patterns[0]
    turning = (bar - section.first_bar) % 4 == 3 and len(patterns) > 1
    return patterns[1] if turning else theme


def _floor(played_by: Instrument) -> int:
    """Where roots start: small speakers hear little below E1, so not at the very bottom."""
    return max(played_by.low, 31)


def _root(chord: Chord, floor: int) -> int:
    return floor + (chord.root - floor) % 12


def _in_range(pitch: int, played_by: Instrument) -> int:
    while pitch > played_by.high:
        pitch -= 12
    return pitch


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


def walking_bass(sketch: Sketch, played_by: Instrument, rng: Random) -> list[Event]:
    """A walking bass: root, chord and scale tones in one direction, a step into the next root.

    After the usual teaching (Levine, ch. on bass lines): the root on one, a chord tone on three,
    the last beat a semitone or a scale step from where the line goes.
    """
    floor, ceiling = _floor(played_by), played_by.high
    events: list[Event] = []
    root = _root(sketch.chords[0], floor)
    for bar, chord in enumerate(sketch.chords):
        goal = _near_root(sketch.chords[(bar + 1) % sketch.bars], root, floor, ceiling, rng)
        line = _walked(sketch, chord, root, goal, (floor, ceiling), rng)
        for beat, pitch in enumerate(line):
            at = bar * sketch.steps_per_bar + beat * STEPS_PER_BEAT
            events.append(Event(at, STEPS_PER_BEAT * 0.94, pitch, 100.0 if beat % 2 else 95.0))
            if rng.random() < 0.08:
                events.append(Event(at + 2, 0.5, pitch, _GHOST_VELOCITY))
        root = goal
    return events


def _near_root(chord: Chord, near: int, floor: int, ceiling: int, rng: Random) -> int:
    """The next root, above or below as the range lets it; where both are near, by chance."""
    choices = [p for p in range(floor, ceiling + 1) if p % 12 == chord.root]
    choices.sort(key=lambda p: abs(p - near))
    close = [p for p in choices if abs(p - near) <= 7]
    return rng.choice(close or choices[:1])


def _walked(
    sketch: Sketch, chord: Chord, root: int, goal: int, span: tuple[int, int], rng: Random
) -> list[int]:
    """One pitch a beat, from `root` towards `goal`."""
    low, high = span
    scale = [p for p in range(low, high + 1) if p % 12 in scale_over(chord, sketch.key)]
    tones = [p for p in range(low, high + 1) if p % 12 in chord.pitch_classes]
    approach = goal + rng.choice((-1, 1)) if goal != low else goal + 1
    line = [root]
    between = sketch.beats_per_bar - 2
    for place in range(1, between + 1):
        aim = root + (approach - root) * place / (between + 1)
        if approach == root or abs(approach - root) < 3:
            aim = root + rng.choice((3, 4, 5, 7, -5)) * (1 if place % 2 else 0.5)
        ladder = tones if place == 2 or sketch.beats_per_bar == 3 else scale
        choices = [p for p in ladder if p != line[-1]]
        line.append(min(choices, key=lambda p: abs(p - aim)))
    return [*line, min(max(approach, low), high)]
