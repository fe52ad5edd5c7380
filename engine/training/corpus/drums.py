"""Drums: the groove's pattern with its second version, fills at phrase ends, and crashes."""

from __future__ import annotations

from random import Random

from engine.training.corpus.patterns import FILLS, DrumPattern
from engine.training.corpus.sketch import Event, Sketch

PERCUSSION = {
    "kick": 36, "rim": 37, "snare": 38, "clap": 39, "hat": 42, "pedal": 44, "tom_low": 45,
    "open": 46, "tom_mid": 47, "crash": 49, "tom_high": 50, "ride": 51, "tambourine": 54,
    "cowbell": 56, "conga_high": 63, "conga_low": 64, "maracas": 70, "claves": 75, "shaker": 82,
}  # fmt: skip
ORCHESTRA_KIT = 48
# The orchestra kit has timpani where other kits have toms, hats and cymbals.
_ORCHESTRA = {
    "tom_low": 36, "tom_mid": 38, "tom_high": 38, "crash": 59, "hat": 38, "ride": 38, "open": 38,
    "clap": 38, "rim": 38, "pedal": 38,
}  # fmt: skip
_VELOCITY = {"X": 118.0, "x": 100.0, "o": 74.0, "g": 42.0, "r": 84.0}
_QUIETER = {"rim": 0.88, "hat": 0.84, "open": 0.82, "ride": 0.86, "shaker": 0.85, "tambourine": 0.8}
_FILL_STEPS = 8


def drum_part(sketch: Sketch, kit: int, rng: Random) -> list[Event]:
    """The drum part over the whole piece, on General MIDI percussion keys."""
    groove = sketch.groove
    patterns = rng.sample(groove.drums, min(2, len(groove.drums)))
    phrase = rng.choice((4, 8))
    fills = groove.fill != "none" and sketch.beats_per_bar == 4 and rng.random() < 0.85
    events: list[Event] = []
    for bar in range(sketch.bars):
        pattern = patterns[bar // 8 % len(patterns)]
        filled = fills and bar % phrase == phrase - 1
        length = sketch.steps_per_bar - (_FILL_STEPS if filled else 0)
        events += _bar(sketch, pattern, bar, 0, length, kit)
        if filled:
            fill = rng.choice(FILLS[groove.fill])
            events += _bar(sketch, fill, bar, length, _FILL_STEPS, kit)
        if groove.crash and bar % 8 == 0:
            events.append(_hit("crash", bar * sketch.steps_per_bar, "o", kit))
    return events


def _bar(
    sketch: Sketch, pattern: DrumPattern, bar: int, first: int, length: int, kit: int
) -> list[Event]:
    """`length` steps of `pattern`, placed at step `first` of bar number `bar`."""
    start = bar * sketch.steps_per_bar + first
    events: list[Event] = []
    for name, text in pattern.items():
        line = text if first else sketch.bar_pattern(text, bar)
        for step, character in enumerate(line[:length]):
            if character == ".":
                continue
            events.append(_hit(name, start + step, character, kit))
            if character == "r":
                events.append(_hit(name, start + step + 0.5, "o", kit))
    return events


def _hit(name: str, step: float, character: str, kit: int) -> Event:
    pitch = PERCUSSION[name]
    if kit == ORCHESTRA_KIT:
        pitch = _ORCHESTRA.get(name, pitch)
    velocity = _VELOCITY[character] * _QUIETER.get(name, 1.0)
    return Event(step, 0.9 if character != "r" else 0.45, pitch, velocity)
