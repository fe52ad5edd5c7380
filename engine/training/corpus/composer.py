"""The composer: one seed, one piece. Music theory put to work, no notes drawn at random.

Each choice has a source of chance of its own, named after what it decides: a longer piece of the
same seed has the same tempo, key, players and themes, and one part does not disturb another.
"""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

from engine.instruments import instrument
from engine.score import Chord, Key, Mode, Score
from engine.styles import STYLES, Style
from engine.styles import style as style_by_id
from engine.theory import mode_of
from engine.training.corpus.arrangement import arrange
from engine.training.corpus.bass import bass_line
from engine.training.corpus.drums import drum_part
from engine.training.corpus.form import one_groove, sections_for
from engine.training.corpus.harmony import comping, pad
from engine.training.corpus.melody import melody
from engine.training.corpus.performance import perform
from engine.training.corpus.piece import ROLES, Note, Part, Piece, Section
from engine.training.corpus.progressions import themes
from engine.training.corpus.sketch import Event, Sketch

LOOP_BARS = (1, 2, 4, 8)
_SOLO_SPAN = 16  # semitones left to the tune of someone who accompanies it too


def compose(
    seed: int,
    *,
    style: str | None = None,
    tempo_bpm: float | None = None,
    drums: bool | None = None,
    duration_s: float = 24.0,
    parts: tuple[Part, ...] | None = None,
    beats_per_bar: int | None = None,
    loop_bars: int | None = None,
    formed: bool = True,
) -> Piece:
    """Write one piece; what is None is chosen from `seed`, which fixes everything.

    Tempo is even over the style's range, keys over all 24. `parts` says who plays, and then
    `drums` is not asked. `loop_bars` makes a loop of so many bars, and then `duration_s` is not
    asked. `formed` False keeps one groove throughout. Raises `KeyError` for an unknown style, or
    for a metre that the style has no groove in.
    """
    chosen = style_by_id(style) if style else Random(f"style/{seed}").choice(STYLES)
    parts = parts or arrange(chosen, _chance("parts", chosen, seed), drums)
    roles = tuple(role for role in ROLES if any(part.role == role for part in parts))
    frame = _frame(chosen, tempo_bpm, beats_per_bar, seed)
    laid_out = _laid_out(frame, duration_s, loop_bars, roles, formed, seed)
    progressions = themes(chosen, frame.key, _chance("harmony", chosen, seed))
    sketch = replace(laid_out, chords=_harmony(laid_out.sections, progressions))
    mode = mode_of(progressions["A"] + progressions["B"], frame.key)
    notes = [note for part in parts for note in _play(part, parts, sketch, seed)]
    notes.sort(key=lambda note: (note.start_s, note.channel, note.pitch))
    drums = any(part.role == "drums" for part in parts)
    score = Score(
        sketch.tempo_bpm, sketch.beats_per_bar, sketch.key, sketch.chords, sketch.bars, drums
    )
    return Piece(
        tuple(notes), parts, score, chosen.id, sketch.duration_s, seed, sketch.form, mode,
        sketch.swing or chosen.swing, loop=sketch.loop,
    )  # fmt: skip


def _chance(what: str, style: Style, seed: int) -> Random:
    return Random(f"{what}/{style.id}/{seed}")


def _frame(style: Style, tempo_bpm: float | None, beats_per_bar: int | None, seed: int) -> Sketch:
    """Tempo, metre, key and swing; still without bars."""
    rng = _chance("frame", style, seed)
    tempo = float(round(rng.uniform(*style.tempo_bpm)))
    key = Key(rng.randrange(12), Mode.MINOR if rng.random() < style.minor_share else Mode.MAJOR)
    metre = 3 if rng.random() < style.triple_share else style.beats_per_bar
    tempo = tempo_bpm or tempo
    swing = swing_of(style, tempo, rng)
    return Sketch(style, tempo, beats_per_bar or metre, key, (), 0.0, swing=swing)


def _laid_out(
    frame: Sketch,
    duration_s: float,
    loop_bars: int | None,
    roles: tuple[str, ...],
    formed: bool,
    seed: int,
) -> Sketch:
    """The frame with its length and its sections."""
    bar_s = 60.0 / frame.tempo_bpm * frame.beats_per_bar
    if loop_bars is not None:
        sections = one_groove(loop_bars, roles)
        return replace(frame, duration_s=loop_bars * bar_s, sections=sections, loop=True)
    bars = max(1, math.ceil(duration_s / bar_s - 1e-9))
    if formed:
        rng = _chance("form", frame.style, seed)
        sections = sections_for(frame.style, bars, bar_s, roles, rng)
    else:
        sections = one_groove(bars, roles)
    return replace(frame, duration_s=duration_s, sections=sections)


def swing_of(style: Style, tempo_bpm: float, rng: Random) -> float:
    """The swing of one piece: the style's own, a little more or less of it.

    Swung eighths straighten as the tempo rises (Friberg & Sundström 2002).
    """
    if style.swing == 0.5:
        return 0.5
    varied = style.swing + rng.uniform(-0.015, 0.015)
    if style.swing_steps == 2:
        varied += 0.0006 * (style.typical_bpm - tempo_bpm)
    return min(max(varied, 0.51), 0.69)


def _harmony(
    sections: tuple[Section, ...], progressions: dict[str, tuple[Chord, ...]]
) -> tuple[Chord, ...]:
    """One chord a bar: each section's theme from its start, or on where it was going on already."""
    chords: list[Chord] = []
    place, playing = 0, progressions[sections[0].theme]
    for section in sections:
        if progressions[section.theme] != playing:
            place, playing = 0, progressions[section.theme]
        chords += [playing[(place + bar) % len(playing)] for bar in range(section.bars)]
        place += section.bars
    return tuple(chords)


def _play(part: Part, parts: tuple[Part, ...], sketch: Sketch, seed: int) -> list[Note]:
    """The part's notes, from a source of chance of its own: parts do not disturb each other."""
    rng = _chance(part.role, sketch.style, seed)
    events = _in_form(_write(part, parts, sketch, rng), part.role, sketch)
    looseness = 0.7 if part.role in ("drums", "bass") else 1.0
    return perform(events, sketch, part.channel, rng, looseness)


def _in_form(events: list[Event], role: str, sketch: Sketch) -> list[Event]:
    """What the sections let sound, with their energy; nothing hangs over into a rest."""
    width = sketch.steps_per_bar
    kept: list[Event] = []
    for event in events:
        bar = int(event.step // width)
        section = sketch.section_at(bar)
        if role not in section.roles:
            continue
        length, end = event.length, section.end_bar * width
        if event.step + length > end and role not in sketch.section_at(section.end_bar).roles:
            length = end - event.step
        kept.append(event._replace(length=length, velocity=event.velocity * section.energy))
    return kept


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
            above = replace(played_by, low=min(67, played_by.high - _SOLO_SPAN))
            return melody(sketch, above if alone else played_by, rng)
        case "pad":
            return pad(sketch, played_by, rng)
    raise ValueError(f"{part.role!r} is no role")
