"""Measures how loud each sound is by itself: `python -m engine.training.corpus.measure_levels`.

Prints the table that `engine.training.corpus.levels` holds. To be run again when instruments
join or the soundfont changes.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pyloudnorm

from engine.styles import STYLES, Style
from engine.training.corpus.composer import compose
from engine.training.corpus.levels import REFERENCE_VOLUME
from engine.training.corpus.mix import part_for
from engine.training.corpus.render import SAMPLE_RATE, Renderer

_SEEDS = (1, 2)
_DURATION_S = 12.0


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
