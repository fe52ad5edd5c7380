"""How late the soundfont's sounds speak, as bows, reeds and some samples do.

Who plays such an instrument begins a little early, so that it sounds in time. Measured by
`measure_sounds` on FluidR3_GM.
"""

from __future__ import annotations

from engine.training.corpus.piece import DRUM_CHANNEL, Part

LATENCY_S: dict[int, float] = {
    16: 0.01, 19: 0.03, 21: 0.021, 22: 0.011, 24: 0.01, 28: 0.014, 29: 0.015, 32: 0.01,
    33: 0.015, 34: 0.023, 40: 0.017, 42: 0.019, 48: 0.019, 49: 0.04, 50: 0.014, 52: 0.035,
    57: 0.029, 60: 0.012, 61: 0.011, 65: 0.014, 66: 0.013, 68: 0.013, 71: 0.028, 73: 0.031,
    75: 0.02, 89: 0.04, 90: 0.01, 91: 0.016, 94: 0.01, 95: 0.026,
}  # fmt: skip
MOST_LATE_S = 0.04


def latency_s(part: Part) -> float:
    """Seconds from the key to the sound; 0 for drums and for what speaks at once."""
    return 0.0 if part.channel == DRUM_CHANNEL else LATENCY_S.get(part.program, 0.0)
