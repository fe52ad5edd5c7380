"""Measures how loud each sound is and how late: `python -m engine.training.corpus.measure_sounds`.

Prints the tables that `engine.training.corpus.levels` and `.latency` hold. To be run again when
instruments join or the soundfont changes.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pyloudnorm

from engine.instruments import instrument
from engine.styles import STYLES, Style
from engine.training.corpus.composer import compose
from engine.training.corpus.latency import MOST_LATE_S
from engine.training.corpus.levels import REFERENCE_VOLUME
from engine.training.corpus.mix import part_for
from engine.training.corpus.piece import Note, Part
from engine.training.corpus.render import SAMPLE_RATE, Renderer

_SEEDS = (1, 2)
_DURATION_S = 12.0
_LEVEL_FRAMES = 132  # 3 ms
_AT_ONCE_S = 0.009


def measure_loudness() -> dict[tuple[str, int], float]:
    """LUFS of every (role, program) in use, averaged over the styles that use it."""
    renderer, meter = Renderer(), pyloudnorm.Meter(SAMPLE_RATE)
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for style in STYLES:
        for role, program in _sounds(style):
            plain = replace(part_for(role, program), volume=REFERENCE_VOLUME, reverb=0, pan=64)
            for seed in _SEEDS:
                piece = compose(seed, style=style.id, duration_s=_DURATION_S, parts=(plain,))
                audio = renderer.render_raw(piece).astype(np.float64)
                found[role, program].append(meter.integrated_loudness(audio))
    return {sound: round(float(np.mean(found[sound])), 1) for sound in sorted(found)}


def measure_latency() -> dict[int, float]:
    """Seconds from the key to the sound for every pitched program in use.

    The mean, over three registers, of when the level passes −20 dB below the highest of the first
    200 ms; not more than players make up for, and 0 for what speaks at once.
    """
    renderer = Renderer()
    pitched = {sound for style in STYLES for sound in _sounds(style) if sound[0] != "drums"}
    found: dict[int, float] = {}
    for role, program in sorted(pitched, key=lambda sound: sound[1]):
        part = replace(part_for(role, program), reverb=0)
        known = instrument(program)
        pitches = (known.low + 2, (known.low + known.high) // 2, known.high - 4)
        late_s = float(np.mean([_speaks_s(renderer, part, pitch) for pitch in pitches]))
        found[program] = round(min(late_s, MOST_LATE_S), 3) if late_s > _AT_ONCE_S else 0.0
    return {program: late_s for program, late_s in found.items() if late_s}


def _speaks_s(renderer: Renderer, part: Part, pitch: int) -> float:
    start_s = 64 * 350 / SAMPLE_RATE
    note = Note(start_s, 0.8, pitch, 96, part.channel)
    bare = compose(1, duration_s=1.5)
    piece = replace(bare, parts=(part,), notes=(note,))
    sound = renderer.render_raw(piece, anticipated=False).mean(1)[round(start_s * SAMPLE_RATE) :]
    level = np.sqrt(np.convolve(sound**2, np.ones(_LEVEL_FRAMES) / _LEVEL_FRAMES))
    highest = level[: SAMPLE_RATE // 5].max()
    return float(np.argmax(level > 0.1 * highest) / SAMPLE_RATE)


def _sounds(style: Style) -> list[tuple[str, int]]:
    by_role = {
        "drums": style.kits, "bass": style.bass, "chords": style.chords, "lead": style.lead,
        "pad": style.pad,
    }  # fmt: skip
    return [(role, program) for role, programs in by_role.items() for program in programs]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for sound, lufs in measure_loudness().items():
        print(f"{sound}: {lufs},")
    for program, late_s in measure_latency().items():
        print(f"{program}: {late_s},")
