"""Events as a player plays them: swung, uneven in time and force, each style in its own way.

People drift: what is early stays early for some notes (Hennig et al. 2011 find such long-range
correlations in people who keep time), so timing wanders slowly and jitters on top. Machines do
not.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from engine.training.corpus.piece import DRUM_CHANNEL, Note
from engine.training.corpus.sketch import Event, Sketch

_MOST_S = 0.012  # how far a note may stand from its place, backbeats' lateness aside
_SHORTEST_S = 0.04
_GAP_S = 0.005  # a repeated pitch is let go this long before it sounds again
_PERSISTENCE = 0.9  # of the drift, from one note to the next
_BACKBEAT_KEYS = frozenset({37, 38, 39, 40})  # rim, snares, clap


@dataclass(frozen=True)
class Feel:
    """How evenly a style is played; one standard deviation each."""

    drift_s: float = 0.002
    jitter_s: float = 0.002
    force: float = 0.05  # relative, of the velocity
    late_s: float = 0.0  # how far the backbeat lies behind


_MACHINE = Feel(0.0, 0.0004, 0.02)
FEELS: dict[str, Feel] = {
    "house": Feel(0.0, 0.0008, 0.03),
    "techno": _MACHINE,
    "drum-and-bass": Feel(0.0, 0.0006, 0.03),
    "trap": _MACHINE,
    "lofi": Feel(0.003, 0.003, 0.08, 0.012),
    "boom-bap": Feel(0.002, 0.003, 0.06, 0.008),
    "funk": Feel(0.0015, 0.002, 0.06),
    "reggae": Feel(0.002, 0.003, 0.06, 0.006),
    "synthwave": Feel(0.0, 0.0006, 0.02),
    "jazz": Feel(0.003, 0.003, 0.08),
    "bossa-nova": Feel(0.0025, 0.003, 0.06),
    "blues": Feel(0.003, 0.003, 0.08, 0.004),
    "classical": Feel(0.003, 0.004, 0.07),
    "ambient": Feel(0.003, 0.004, 0.06),
    "folk": Feel(0.003, 0.003, 0.07),
}


def feel_for(style_id: str) -> Feel:
    return FEELS.get(style_id, Feel())


def perform(
    events: list[Event], sketch: Sketch, channel: int, rng: Random, looseness: float = 1.0
) -> list[Note]:
    """Events as notes in seconds: inside the piece, never overlapping on one pitch (a note-off
    would silence the later note). `looseness` 0 plays to the grid."""
    feel = feel_for(sketch.style.id)
    notes: list[Note] = []
    sounding: dict[int, int] = {}  # pitch → index of its last note
    drift_s = 0.0
    for event in sorted(events):
        drift_s = _PERSISTENCE * drift_s + rng.gauss(0, feel.drift_s) * (1 - _PERSISTENCE**2) ** 0.5
        away_s = (drift_s + rng.gauss(0, feel.jitter_s)) * looseness
        away_s = min(max(away_s, -_MOST_S), _MOST_S)
        if channel == DRUM_CHANNEL and event.pitch in _BACKBEAT_KEYS:
            away_s += feel.late_s * looseness
        start = max(0.0, sketch.swung(event.step) * sketch.step_s + away_s)
        if start >= sketch.duration_s - _SHORTEST_S:
            continue
        end = sketch.swung(event.step + event.length) * sketch.step_s
        end = min(max(end, start + _SHORTEST_S), sketch.duration_s)
        velocity = _struck(event.velocity, rng.gauss(0, feel.force) * looseness)
        before = sounding.get(event.pitch)
        if before is not None:
            notes[before] = _cut(notes[before], start - _GAP_S)
        sounding[event.pitch] = len(notes)
        notes.append(Note(start, end - start, event.pitch, velocity, channel))
    return notes


def _struck(velocity: float, more: float) -> int:
    """A MIDI velocity, `more` times harder or softer, a fifth at most."""
    return round(min(max(velocity * (1 + min(max(more, -0.2), 0.2)), 1), 127))


def _cut(note: Note, end_s: float) -> Note:
    length = max(min(note.duration_s, end_s - note.start_s), 0.01)
    return Note(note.start_s, length, note.pitch, note.velocity, note.channel)
