"""A score as the network hears it: concatenative conditioning, one column a latent frame.

So time, harmony and who plays are written into the network's input instead of hoped for from the
prompt. What is open stays zero. The ensemble, style and instruments, has rows of its own.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.instruments import named
from engine.score import Score, Stem
from engine.styles import STYLES

# The columns, in order: what each row of `columns` holds.
PHASES_PER_BEAT = (2.0, 1.0)  # half-beats and beats; bars and four-bar phrases follow
RHYTHM_ROWS = slice(0, 11)  # known, log2(tempo/120), triple metre, 4 phases as sin and cos
HARMONY_ROWS = slice(11, 48)  # known, chord tones (12), root (12), scale of the key (12)
DRUMS_ROWS = slice(48, 50)  # with, without
STEM_ROWS = slice(50, 56)  # one of `Stem`, in its order
LOOP_ROWS = slice(56, 58)  # a loop, none
SCORE_CHANNELS = 58

# The ensemble's rows. Styles keep the table's order, to whose end new ones go.
PROGRAMS = 128  # of General MIDI
INSTRUMENT_ROWS = slice(0, 1 + PROGRAMS)  # known, then each program that sounds
STYLE_ROWS = slice(1 + PROGRAMS, 1 + PROGRAMS + len(STYLES))
ENSEMBLE_CHANNELS = STYLE_ROWS.stop
_STYLE_PLACES = {style.id: place for place, style in enumerate(STYLES)}


def columns(
    score: Score, frames: int, frame_rate: float, start_s: float = 0.0, haste: float = 1.0
) -> NDArray[np.float32]:
    """The score as conditioning, (SCORE_CHANNELS, frames); what is open stays zero.

    Each column describes the middle of its latent frame. `frame_rate` is in frames a second;
    `start_s` is where the first frame lies in the music, so that a crop keeps its place. Music
    that will be heard `haste` times as fast as it is told is told a slower tempo.
    """
    out = np.zeros((SCORE_CHANNELS, frames), np.float32)
    time_s = start_s + (np.arange(frames) + 0.5) / frame_rate
    if score.tempo_bpm is not None:
        _write_rhythm(out[RHYTHM_ROWS], score, time_s)
        out[RHYTHM_ROWS][1] -= math.log2(haste)
    if score.key is not None or score.chords:
        _write_harmony(out[HARMONY_ROWS], score, time_s)
    if score.drums is not None:
        out[DRUMS_ROWS][0 if score.drums else 1] = 1.0
    if score.stem is not None:
        out[STEM_ROWS][list(Stem).index(score.stem)] = 1.0
    if score.loop is not None:
        out[LOOP_ROWS][0 if score.loop else 1] = 1.0
    return out


def ensemble(score: Score, frames: int) -> NDArray[np.float32]:
    """Style and instruments as conditioning, (ENSEMBLE_CHANNELS, frames); open parts stay zero.

    Raises `KeyError` for an instrument or a style that is unknown.
    """
    out = np.zeros((ENSEMBLE_CHANNELS, frames), np.float32)
    if score.instruments is not None:
        out[[0, *(program_row(name) for name in score.instruments)]] = 1.0
    if score.style is not None:
        out[STYLE_ROWS][_STYLE_PLACES[score.style]] = 1.0
    return out


def program_row(instrument: str) -> int:
    """The row of `ensemble` that says where it sounds. Raises `KeyError` for one unknown."""
    return INSTRUMENT_ROWS.start + 1 + named(instrument).program


def _write_rhythm(rows: NDArray[np.float32], score: Score, time_s: NDArray[np.floating]) -> None:
    assert score.tempo_bpm is not None
    beats_per_bar = score.beats_per_bar or 4
    beat = time_s * score.tempo_bpm / 60.0
    rows[0] = 1.0
    rows[1] = math.log2(score.tempo_bpm / 120.0)
    rows[2] = float(beats_per_bar == 3)
    rates = (*PHASES_PER_BEAT, 1.0 / beats_per_bar, 0.25 / beats_per_bar)
    for i, per_beat in enumerate(rates):
        rows[3 + 2 * i] = np.sin(2 * np.pi * beat * per_beat)
        rows[4 + 2 * i] = np.cos(2 * np.pi * beat * per_beat)


def _write_harmony(rows: NDArray[np.float32], score: Score, time_s: NDArray[np.floating]) -> None:
    rows[0] = 1.0
    if score.key is not None:
        rows[[25 + pitch for pitch in score.key.pitch_classes]] = 1.0
    bar_s = score.seconds_per_bar
    if not score.chords or bar_s is None:
        return
    bars = np.floor(time_s / bar_s).astype(int)
    for bar in np.unique(bars):
        here, chord = bars == bar, score.chord_at(int(bar))
        assert chord is not None
        for pitch in chord.pitch_classes:
            rows[1 + pitch, here] = 1.0
        rows[13 + chord.root, here] = 1.0
