"""Melodies: motifs of two bars in phrases of eight, that rise to a height and come to rest.

Realising a motif on the bars' own chords moves it with the harmony: notes on strong beats land on
chord tones, others take the scale between. Phrases begin with an upbeat now and then, answer each
other, and leave room to breathe.
"""

from __future__ import annotations

from random import Random

from engine.instruments import Instrument
from engine.score import Chord, Key
from engine.theory import SCALES, Mode, scale_over
from engine.training.corpus.motifs import MOTIF_BARS, Motif, contour, developed, fragment
from engine.training.corpus.patterns import RHYTHMS
from engine.training.corpus.sketch import STEPS_PER_BEAT, Event, Sketch, tokens

_PENTATONIC = {
    Mode.MAJOR: SCALES["major pentatonic"],
    Mode.MINOR: SCALES["minor pentatonic"],
}
_FORMS = ("AABC", "ABAC", "AABA", "ABAB", "ABCA")
_SPAN = 19  # semitones a melody moves in
# How far a phrase's height stands above its beginning, by the motif's place in the phrase.
_PHRASE_ARCH = (0, 1, 2, 0)
Span = tuple[int, int]


def melody(sketch: Sketch, played_by: Instrument, rng: Random) -> list[Event]:
    """The lead part. Phrases of four motifs; the last one of each comes to rest."""
    span = _register(played_by, rng)
    motifs = {name: _motif(sketch, rng) for name in "ABC"}
    form = rng.choice(_FORMS)
    answering = rng.random() < 0.3  # call and response: every second motif leaves a bar empty
    upbeats = rng.random() < 0.5
    events: list[Event] = []
    pitch = sum(span) // 2
    for place, bar in enumerate(range(0, sketch.bars, MOTIF_BARS)):
        turn = place % len(form)
        motif = motifs[form[turn]]
        if place >= len(form) or form.index(form[turn]) < turn:
            motif = developed(motif, rng)
        if answering and place % 2 == 0:
            motif = fragment(motif)
        placed = _realise(sketch, motif, bar, pitch + _PHRASE_ARCH[turn], span)
        if turn == len(form) - 1:
            placed = _cadence(sketch, placed, bar, span)
        if upbeats and turn == 0 and placed:
            events += _upbeat(sketch, placed[0], events[-1] if events else None, span)
        events += placed
        pitch = _towards_middle(placed[-1].pitch if placed else pitch, *span)
    return events


def _register(played_by: Instrument, rng: Random) -> Span:
    low, high = max(played_by.low, 57), played_by.high
    if high - low > _SPAN:
        low += rng.randrange(min(high - low - _SPAN, 8) + 1)
        high = low + _SPAN
    return min(low, high - 10), high


def _motif(sketch: Sketch, rng: Random) -> Motif:
    cells = RHYTHMS[sketch.groove.melody]
    rhythm = tuple(
        (bar, step, length)
        for bar in range(MOTIF_BARS)
        for step, length, _ in tokens(rng.choice(cells))
    )
    return Motif(rhythm, contour(len(rhythm), rng))


def _realise(sketch: Sketch, motif: Motif, bar: int, near: int, span: Span) -> list[Event]:
    first = sketch.chords[bar % sketch.bars]
    home = min(_ladder(first.pitch_classes, span), key=lambda p: abs(p - near))
    events: list[Event] = []
    for (offset, step, length), degree in zip(motif.rhythm, motif.contour, strict=True):
        if bar + offset >= sketch.bars:
            break
        chord = sketch.chords[bar + offset]
        strong = _is_strong(step, length)
        pitch = _place(sketch, chord, home, degree + motif.shift, strong, span)
        at = (bar + offset) * sketch.steps_per_bar + step
        accent = 8.0 if step == 0 else 4.0 if step % STEPS_PER_BEAT == 0 else 0.0
        height = max(-9.0, min(9.0, 0.7 * (pitch - near)))
        events.append(Event(at, length * 0.93, pitch, 88.0 + accent + height))
    return events


def _is_strong(step: int, length: int) -> bool:
    """Whether a note must agree with the chord: held for a beat, or sounding on one or three.

    A syncopated note stands for the beat that it anticipates.
    """
    half = 2 * STEPS_PER_BEAT
    return length >= STEPS_PER_BEAT or -step % half < length


def _place(sketch: Sketch, chord: Chord, home: int, degree: int, strong: bool, span: Span) -> int:
    """The pitch `degree` scale steps from `home`, on a chord tone when `strong`."""
    ladder = _ladder(_colours(chord, sketch.key, sketch.groove.pentatonic), span)
    start = min(range(len(ladder)), key=lambda i: abs(ladder[i] - home))
    pitch = ladder[_reflected(start + degree, len(ladder))]
    if strong:
        return min(_ladder(chord.pitch_classes, span), key=lambda p: abs(p - pitch))
    return pitch


def _reflected(index: int, size: int) -> int:
    """A line that would leave its range turns back at the edge instead of staying on it."""
    top = size - 1
    index = abs(index)
    return max(0, index if index <= top else 2 * top - index)


def _colours(chord: Chord, key: Key, pentatonic: bool) -> tuple[int, ...]:
    scale = scale_over(chord, key)
    if not pentatonic:
        return scale
    five = {(key.tonic + step) % 12 for step in _PENTATONIC[key.mode]}
    kept = (five & set(scale)) | set(chord.pitch_classes)
    return tuple(sorted(kept))


def _ladder(classes: tuple[int, ...], span: Span) -> list[int]:
    return [pitch for pitch in range(span[0], span[1] + 1) if pitch % 12 in classes]


def _cadence(sketch: Sketch, events: list[Event], bar: int, span: Span) -> list[Event]:
    """Close a phrase: a chord tone held into the last bar's second half, then a breath."""
    last = bar + MOTIF_BARS - 1
    if last >= sketch.bars:
        return events
    at = last * sketch.steps_per_bar
    kept = [event for event in events if event.step < at]
    near = kept[-1].pitch if kept else sum(span) // 2
    tones = _ladder(sketch.chords[last].pitch_classes, span)
    pitch = min(tones, key=lambda p: abs(p - near))
    return [*kept, Event(at, sketch.steps_per_bar * 0.7, pitch, 92.0)]


def _upbeat(sketch: Sketch, first: Event, before: Event | None, span: Span) -> list[Event]:
    """One or two scale tones that step up to a phrase's first note from the bar before."""
    bar_start = first.step - first.step % sketch.steps_per_bar
    if first.step != bar_start or first.step == 0:
        return []
    chord = sketch.chords[int(first.step) // sketch.steps_per_bar - 1]
    ladder = [p for p in _ladder(scale_over(chord, sketch.key), span) if p < first.pitch][-2:]
    starts = [first.step - 2 * (len(ladder) - i) for i in range(len(ladder))]
    ends = before.step + before.length if before else 0.0
    return [
        Event(start, 1.8, pitch, 76.0 + 4 * i)
        for i, (start, pitch) in enumerate(zip(starts, ladder, strict=True))
        if start >= ends
    ]


def _towards_middle(pitch: int, low: int, high: int) -> int:
    return round(0.5 * pitch + 0.25 * (low + high))
