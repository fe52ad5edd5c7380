"""Melodies: a motif of two bars, repeated, answered and varied over phrases of eight.

A motif is a rhythm and a contour in scale steps. Realising it on the bars' own chords moves it
with the harmony: notes on strong beats land on chord tones, others take the scale between.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from engine.instruments import Instrument
from engine.score import Chord, Key, Mode
from engine.theory import scale_over
from engine.training.corpus.patterns import RHYTHMS
from engine.training.corpus.sketch import STEPS_PER_BEAT, Event, Sketch, tokens

_PENTATONIC = {Mode.MAJOR: (0, 2, 4, 7, 9), Mode.MINOR: (0, 3, 5, 7, 10)}
_FORMS = ("AABC", "ABAC", "AABA", "ABAB", "ABCA")
_MOTIF_BARS = 2
_SPAN = 19  # semitones a melody moves in


@dataclass(frozen=True)
class Motif:
    rhythm: tuple[tuple[int, int, int], ...]  # (bar of the motif, step, length)
    contour: tuple[int, ...]  # scale steps from the motif's first note


def melody(sketch: Sketch, played_by: Instrument, rng: Random) -> list[Event]:
    """The lead part. Phrases of four motifs; the last one of each comes to rest."""
    low, high = _register(played_by, rng)
    motifs = {name: _motif(sketch, rng) for name in "ABC"}
    form = rng.choice(_FORMS)
    events: list[Event] = []
    pitch = (low + high) // 2
    for place, bar in enumerate(range(0, sketch.bars, _MOTIF_BARS)):
        motif = motifs[form[place % len(form)]]
        if place >= len(form) and rng.random() < 0.4:
            motif = _varied(motif, rng)
        placed = _realise(sketch, motif, bar, pitch, (low, high))
        if place % len(form) == len(form) - 1:
            placed = _cadence(sketch, placed, bar, (low, high))
        events += placed
        pitch = _towards_middle(placed[-1].pitch if placed else pitch, low, high)
    return events


def _register(played_by: Instrument, rng: Random) -> tuple[int, int]:
    low, high = max(played_by.low, 57), played_by.high
    if high - low > _SPAN:
        low += rng.randrange(min(high - low - _SPAN, 8) + 1)
        high = low + _SPAN
    return min(low, high - 10), high


def _motif(sketch: Sketch, rng: Random) -> Motif:
    cells = RHYTHMS["triple" if sketch.beats_per_bar == 3 else sketch.groove.melody]
    rhythm = tuple(
        (bar, step, length)
        for bar in range(_MOTIF_BARS)
        for step, length, _ in tokens(rng.choice(cells))
    )
    return Motif(rhythm, _contour(len(rhythm), rng))


def _contour(length: int, rng: Random) -> tuple[int, ...]:
    """A line that mostly steps, seldom leaps, and turns back after a leap."""
    line, move = [0], 0
    lean = rng.choice((-1, 1))
    for i in range(1, length):
        if abs(move) > 2:
            move = -1 if move > 0 else 1
        else:
            move = rng.choice((lean, lean, -lean, 0, 2 * lean, 3 * lean))
        lean = -lean if i == length // 2 else lean
        line.append(max(-5, min(5, line[-1] + move)))
    return tuple(line)


def _varied(motif: Motif, rng: Random) -> Motif:
    """The same rhythm and opening, a new ending."""
    kept = len(motif.contour) // 2
    tail = _contour(len(motif.contour) - kept + 1, rng)[1:]
    shift = motif.contour[kept - 1] if kept else 0
    return Motif(motif.rhythm, (*motif.contour[:kept], *(shift + step for step in tail)))


def _realise(
    sketch: Sketch, motif: Motif, bar: int, near: int, span: tuple[int, int]
) -> list[Event]:
    first = sketch.chords[bar % sketch.bars]
    home = min(_ladder(first.pitch_classes, span), key=lambda p: abs(p - near))
    events: list[Event] = []
    for (offset, step, length), degree in zip(motif.rhythm, motif.contour, strict=True):
        if bar + offset >= sketch.bars:
            break
        chord = sketch.chords[bar + offset]
        strong = step % (2 * STEPS_PER_BEAT) == 0 or length >= 2 * STEPS_PER_BEAT
        pitch = _place(sketch, chord, home, degree, strong, span)
        at = (bar + offset) * sketch.steps_per_bar + step
        accent = 8.0 if step == 0 else 4.0 if step % STEPS_PER_BEAT == 0 else 0.0
        events.append(Event(at, length * 0.93, pitch, 88.0 + accent + 0.6 * (pitch - near)))
    return events


def _place(
    sketch: Sketch, chord: Chord, home: int, degree: int, strong: bool, span: tuple[int, int]
) -> int:
    """The pitch `degree` scale steps from `home`, on a chord tone when `strong`."""
    ladder = _ladder(_colours(chord, sketch.key, sketch.groove.pentatonic), span)
    start = min(range(len(ladder)), key=lambda i: abs(ladder[i] - home))
    pitch = ladder[max(0, min(start + degree, len(ladder) - 1))]
    if strong:
        return min(_ladder(chord.pitch_classes, span), key=lambda p: abs(p - pitch))
    return pitch


def _colours(chord: Chord, key: Key, pentatonic: bool) -> tuple[int, ...]:
    scale = scale_over(chord, key)
    if not pentatonic:
        return scale
    five = {(key.tonic + step) % 12 for step in _PENTATONIC[key.mode]}
    kept = (five & set(scale)) | set(chord.pitch_classes)
    return tuple(sorted(kept))


def _ladder(classes: tuple[int, ...], span: tuple[int, int]) -> list[int]:
    return [pitch for pitch in range(span[0], span[1] + 1) if pitch % 12 in classes]


def _cadence(sketch: Sketch, events: list[Event], bar: int, span: tuple[int, int]) -> list[Event]:
    """Close a phrase: a chord tone held into the last bar's second half, then a breath."""
    last = bar + _MOTIF_BARS - 1
    if last >= sketch.bars:
        return events
    at = last * sketch.steps_per_bar
    kept = [event for event in events if event.step < at]
    near = kept[-1].pitch if kept else sum(span) // 2
    tones = _ladder(sketch.chords[last].pitch_classes, span)
    pitch = min(tones, key=lambda p: abs(p - near))
    return [*kept, Event(at, sketch.steps_per_bar * 0.7, pitch, 92.0)]


def _towards_middle(pitch: int, low: int, high: int) -> int:
    return round(0.5 * pitch + 0.25 * (low + high))
