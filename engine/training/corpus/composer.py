"""The composer: one seed, one piece. Music theory put to work, no notes drawn at random."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

from engine.instruments import instrument
from engine.score import Chord, Key, Mode, Score
from engine.styles import STYLES, Style
from engine.styles import style as style_by_id
from engine.theory import progression
from engine.training.corpus.arrangement import arrange
from engine.training.corpus.bass import bass_line
from engine.training.corpus.drums import drum_part
from engine.training.corpus.harmony import comping, pad
from engine.training.corpus.melody import melody
from engine.training.corpus.piece import Note, Part, Piece
from engine.training.corpus.sketch import Event, Sketch, perform


def compose(
    seed: int,
    *,
    style: str | None = None,
    tempo_bpm: float | None = None,
    drums: bool | None = None,
    duration_s: float = 24.0,
    parts: tuple[Part, ...] | None = None,
) -> Piece:
    """Write one piece; what is None is chosen from `seed`, which fixes everything.

    Tempo is even over the style's range, keys over all 24. `parts` says who plays, and then
    `drums` is not asked. Raises `KeyError` for an unknown style.
    """
    chosen = style_by_id(style) if style else Random(f"style/{seed}").choice(STYLES)
    rng = Random(f"piece/{chosen.id}/{seed}")
    tempo = float(round(rng.uniform(*chosen.tempo_bpm)))
    sketch = _sketch(chosen, tempo_bpm or tempo, duration_s, rng)
    parts = parts or arrange(chosen, rng, drums)
    notes = [note for part in parts for note in _play(part, parts, sketch, seed)]
    notes.sort(key=lambda note: (note.start_s, note.channel, note.pitch))
    drums = any(part.role == "drums" for part in parts)
    score = Score(
        sketch.tempo_bpm, sketch.beats_per_bar, sketch.key, sketch.chords, sketch.bars, drums
    )
    return Piece(tuple(notes), parts, score, chosen.id, duration_s, seed)


def _sketch(style: Style, tempo_bpm: float, duration_s: float, rng: Random) -> Sketch:
    mode = Mode.MINOR if rng.random() < style.minor_share else Mode.MAJOR
    key = Key(rng.randrange(12), mode)
    bar_s = 60.0 / tempo_bpm * style.beats_per_bar
    bars = max(1, math.ceil(duration_s / bar_s - 1e-9))
    chords = _harmony(style, key, bars, rng)
    return Sketch(style, tempo_bpm, style.beats_per_bar, key, chords, duration_s)


def _harmony(style: Style, key: Key, bars: int, rng: Random) -> tuple[Chord, ...]:
    """Two of the style's progressions in turn, eight bars or more each, one chord a bar."""
    choices = style.progressions(key.mode)
    sections = rng.sample(choices, 2)
    held = style.bars_per_chord if rng.random() < 0.8 else 1
    chords: list[Chord] = []
    while len(chords) < bars:
        for numerals in (sections[0], sections[0], sections[1]):
            chords += [chord for chord in progression(numerals, key) for _ in range(held)]
    return tuple(chords[:bars])


def _play(part: Part, parts: tuple[Part, ...], sketch: Sketch, seed: int) -> list[Note]:
    """The part's notes, from a source of chance of its own: parts do not disturb each other."""
    rng = Random(f"{part.role}/{sketch.style.id}/{seed}")
    events = _write(part, parts, sketch, rng)
    looseness = 0.6 if part.role in ("drums", "bass") else 1.0
    return perform(events, sketch, part.channel, rng, looseness)


def _write(part: Part, parts: tuple[Part, ...], sketch: Sketch, rng: Random) -> list[Event]:
    if part.role == "drums":
        return drum_part(sketch, part.program, rng)
    played_by = instrument(part.program)
    match part.role:
        case "bass":
            return bass_line(sketch, played_by, rng)
        case "chords":
            return comping(sketch, played_by, rng, any(p.role == "bass" for p in parts))
        case "lead":
            alone = sum(p.program == part.program for p in parts) > 1
            return melody(sketch, replace(played_by, low=67) if alone else played_by, rng)
        case "pad":
            return pad(sketch, played_by, rng)
    raise ValueError(f"{part.role!r} is no role")
