"""Chords as voicings that move little, and the parts that play them: comping and pads."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, pairwise
from random import Random

from engine.instruments import Instrument
from engine.score import QUALITIES, Chord
from engine.training.corpus.sketch import Event, Sketch, tokens

Voicing = tuple[int, ...]  # MIDI pitches from below

_COMP_VELOCITY = {"X": 104.0, "x": 88.0, "o": 58.0}
_STRUM_STEPS = 0.06
_WIDEST = 19  # semitones between a voicing's outer voices


@lru_cache(maxsize=4096)
def voicings(chord: Chord, low: int, high: int, rootless: bool = False) -> tuple[Voicing, ...]:
    """Every close and drop-2 position of `chord` within [low, high].

    Chords of five tones leave out the fifth; `rootless` leaves the root to the bass when
    three tones remain without it.
    """
    tones = list(QUALITIES[chord.quality])
    if len(tones) > 4:
        tones.remove(7)
    if rootless and len(tones) > 3:
        tones.remove(0)
    classes = sorted((chord.root + tone) % 12 for tone in tones)
    found: set[Voicing] = set()
    for turn in range(len(classes)):
        close = _stacked(classes[turn:] + classes[:turn])
        shapes = [close]
        if len(close) == 4:
            shapes.append(tuple(sorted((close[0], close[1], close[2] - 12, close[3]))))
        for shape in shapes:
            first = low + (shape[0] - low) % 12 - shape[0]
            for shift in range(first, high + 1 - shape[-1], 12):
                found.add(tuple(pitch + shift for pitch in shape))
    fitting = [v for v in found if low <= v[0] and v[-1] <= high and v[-1] - v[0] <= _WIDEST]
    return tuple(sorted(fitting))


def _stacked(classes: list[int]) -> Voicing:
    pitches = [classes[0]]
    for pitch_class in classes[1:]:
        pitches.append(pitches[-1] + (pitch_class - pitches[-1]) % 12)
    return tuple(pitches)


def voice_lead(
    chords: tuple[Chord, ...], low: int, high: int, rootless: bool = False
) -> list[Voicing]:
    """One voicing a chord, each as near as possible to the one before and to the middle."""
    middle = (low + high) / 2
    led: list[Voicing] = []
    for chord in chords:
        choices = voicings(chord, low, high, rootless)
        before = led[-1] if led else None
        led.append(min(choices, key=lambda v: _cost(v, before, middle)))
    return led


def _cost(voicing: Voicing, before: Voicing | None, middle: float) -> float:
    centred = 0.35 * abs(sum(voicing) / len(voicing) - middle)
    mud = sum(2.0 for a, b in pairwise(voicing) if a < 52 and b - a < 3)
    if before is None:
        return centred + mud
    moved = sum(min(abs(pitch - old) for old in before) for pitch in voicing)
    outer = abs(voicing[-1] - before[-1])
    return moved + outer + centred + mud + 1.5 * parallels(before, voicing)


def parallels(before: Voicing, after: Voicing) -> int:
    """How many pairs of voices move in parallel fifths or octaves, which independence forbids.

    0 where the chords have different numbers of voices.
    """
    if len(before) != len(after):
        return 0
    count = 0
    for i, j in combinations(range(len(after)), 2):
        interval = (before[j] - before[i]) % 12
        same = interval == (after[j] - after[i]) % 12 and interval in (0, 7)
        count += same and before[i] != after[i]
    return count


def comping(sketch: Sketch, played_by: Instrument, rng: Random, has_bass: bool) -> list[Event]:
    """The chord part: a pattern for each theme, held chords where the music breathes."""
    low, high = max(played_by.low, 48), min(played_by.high, 77)
    led = voice_lead(sketch.chords, low, high, rootless=has_bass)
    chosen = rng.sample(sketch.groove.chords, min(2, len(sketch.groove.chords)))
    patterns = {"A": chosen[0], "B": chosen[-1]}
    calm = "x" + "-" * (sketch.steps_per_bar - 1)
    events: list[Event] = []
    for bar, voicing in enumerate(led):
        section = sketch.section_at(bar)
        held = section.name in ("break", "outro") and played_by.rings
        pattern = calm if held else sketch.bar_pattern(patterns[section.theme], bar)
        for step, length, character in tokens(pattern):
            at = bar * sketch.steps_per_bar + step
            events += _struck(at, length, character, voicing, sketch.groove.strum)
    return events


def _struck(at: int, length: int, character: str, voicing: Voicing, strum: bool) -> list[Event]:
    if character.isdigit():
        voice = int(character)
        octave, place = divmod(voice, len(voicing))
        accent = 6.0 if at % 4 == 0 else 0.0
        return [Event(at, max(length, 1.5), voicing[place] + 12 * min(octave, 1), 82.0 + accent)]
    velocity = _COMP_VELOCITY[character] + (4.0 if at % 4 == 0 else 0.0)
    spread = _STRUM_STEPS if strum else 0.0
    kept = 0.92 if length > 1 else 0.8
    return [
        Event(at + spread * i, max(length * kept - spread * i, 0.5), pitch, velocity)
        for i, pitch in enumerate(voicing)
    ]


def pad(sketch: Sketch, played_by: Instrument, rng: Random) -> list[Event]:
    """Held chords, struck anew where the harmony moves or after two bars."""
    low, high = max(played_by.low, 50), min(played_by.high, 79)
    led = voice_lead(sketch.chords, low, high)
    velocity = rng.uniform(72, 84)
    events: list[Event] = []
    bar = 0
    while bar < sketch.bars:
        same = bar + 1 < sketch.bars and sketch.chords[bar + 1] == sketch.chords[bar]
        held = 2 if same else 1
        at, length = bar * sketch.steps_per_bar, held * sketch.steps_per_bar - 0.25
        events += [Event(at, length, pitch, velocity) for pitch in led[bar]]
        bar += held
    return events
