"""Drums: the groove's patterns varied, thinned in intros and breaks, rolled up in builds, filled
at the ends of phrases."""

from __future__ import annotations

from random import Random

from engine.training.corpus.patterns import FILLS, DrumPattern
from engine.training.corpus.piece import Section
from engine.training.corpus.sketch import STEPS_PER_BEAT, Event, Sketch

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
_TIMEKEEPERS = ("hat", "ride", "shaker", "tambourine", "open")
_FILL_STEPS = 8
_RING_STEPS = 4.0  # strokes ring on, as an 808's kick must, unless the same key is struck again
_GHOST_STEPS = (3, 7, 9, 11, 15)  # the sixteenths beside the beats, where ghosts lie
# Sections in which only part of the kit plays.
_THINNED = {"intro": ("snare", "clap", "rim"), "break": ("kick", "snare", "clap")}


def drum_part(sketch: Sketch, kit: int, rng: Random) -> list[Event]:
    """The drum part over the whole piece, on General MIDI percussion keys."""
    groove = sketch.groove
    chosen = rng.sample(groove.drums, min(2, len(groove.drums)))
    patterns = {"A": chosen[0], "B": chosen[-1]}
    phrase = rng.choice((4, 8))
    fills = groove.fill != "none" and rng.random() < 0.85
    events: list[Event] = []
    for section in sketch.form:
        pattern = _thinned(patterns[section.theme], section.name)
        for bar in range(section.first_bar, section.end_bar):
            place = bar - section.first_bar
            ending = place % phrase == phrase - 1 or (bar == section.end_bar - 1 and place > 0)
            if section.name == "build":
                events += _build_bar(sketch, section, bar, kit)
                continue
            filled = fills and ending and section.name not in _THINNED
            length = sketch.steps_per_bar - (_FILL_STEPS if filled else 0)
            played = _varied(pattern, groove.ghosts, rng) if place % 2 else pattern
            events += _bar(sketch, played, bar, 0, length, kit)
            if filled:
                fill = rng.choice(FILLS[groove.fill])
                events += _bar(sketch, fill, bar, length, _FILL_STEPS, kit)
        if groove.crash and section.name not in _THINNED and not _is_short_loop(sketch):
            events.append(_hit("crash", section.first_bar * sketch.steps_per_bar, "o", kit))
    return _loudest(events)


def _loudest(events: list[Event]) -> list[Event]:
    """One stroke at a time on each key: where two names share one, the harder stroke."""
    kept: dict[tuple[float, int], Event] = {}
    for event in events:
        place = (event.step, event.pitch)
        if place not in kept or kept[place].velocity < event.velocity:
            kept[place] = event
    return list(kept.values())


def _is_short_loop(sketch: Sketch) -> bool:
    """Whether a crash at the start would come round too often."""
    return sketch.loop and sketch.bars < 8


def _thinned(pattern: DrumPattern, section: str) -> DrumPattern:
    """The pattern without what rests in such a section; all of it if nothing would be left."""
    resting = _THINNED.get(section, ())
    return {name: line for name, line in pattern.items() if name not in resting} or pattern


def _varied(pattern: DrumPattern, ghosts: float, rng: Random) -> DrumPattern:
    """The pattern as the second bar of two may have it: a ghost, a late kick, an open hat."""
    varied = dict(pattern)
    if "snare" in varied and rng.random() < ghosts:
        varied["snare"] = _struck_at(varied["snare"], rng.choice(_GHOST_STEPS), "g")
    if "kick" in varied and ghosts and rng.random() < 0.25:
        varied["kick"] = _struck_at(varied["kick"], rng.choice((7, 11, 14)), "o")
    if "hat" in varied and "open" not in varied and rng.random() < 0.15:
        varied["hat"] = _struck_at(varied["hat"], len(varied["hat"]) - 2, ".", over=True)
        varied["open"] = "." * (len(varied["hat"]) - 2) + "o."
    return varied


def _struck_at(line: str, step: int, character: str, over: bool = False) -> str:
    """`line` with `character` at `step`, if that is free or may be written over."""
    if step >= len(line) or (line[step] != "." and not over):
        return line
    return line[:step] + character + line[step + 1 :]


def _build_bar(sketch: Sketch, section: Section, bar: int, kit: int) -> list[Event]:
    """A bar of a roll that grows in force and doubles its rate towards the section's end."""
    done = (bar - section.first_bar) / section.bars
    every = 2 if done < 0.5 else 1
    width, first = sketch.steps_per_bar, bar * sketch.steps_per_bar
    events = [_hit("kick", first + step, "x", kit) for step in range(0, width, STEPS_PER_BEAT)]
    for step in range(0, width, every):
        grown = (bar - section.first_bar + step / width) / section.bars
        hit = _hit("snare", first + step, "x", kit)
        accent = 1.0 if step % STEPS_PER_BEAT == 0 else 0.86
        events.append(hit._replace(velocity=(46 + 60 * grown) * accent))
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
            hit = _hit(name, start + step, character, kit)
            events.append(hit._replace(velocity=hit.velocity * _weight(name, first + step)))
            if character == "r":
                events.append(_hit(name, start + step + 0.5, "o", kit))
    return events


def _weight(name: str, step: int) -> float:
    """Hands rise and fall: who keeps time leans on beats, then on eighths."""
    if name not in _TIMEKEEPERS:
        return 1.04 if step == 0 else 1.0
    return 1.06 if step % STEPS_PER_BEAT == 0 else 0.98 if step % 2 == 0 else 0.9


def _hit(name: str, step: float, character: str, kit: int) -> Event:
    pitch = PERCUSSION[name]
    if kit == ORCHESTRA_KIT:
        pitch = _ORCHESTRA.get(name, pitch)
    velocity = _VELOCITY[character] * _QUIETER.get(name, 1.0)
    return Event(step, _RING_STEPS, pitch, velocity)
