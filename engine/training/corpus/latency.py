"""How late the soundfont's sounds speak, as bows, reeds and some samples do.

Who plays such an instrument begins a little early, so that it sounds in time. Measured by
`measure_sounds` on FluidR3_GM.
"""

from __future__ import annotations

from engine.training.corpus.piece import DRUM_CHANNEL, Part

LATENCY_S: dict[int, float] = {
    19: 0.022, 21: 0.01, 28: 0.014, 33: 0.014, 34: 0.022, 42: 0.009, 49: 0.03, 52: 0.013,
    57: 0.022, 65: 0.009, 66: 0.009, 71: 0.019, 73: 0.023, 75: 0.013, 89: 0.03,
}  # fmt: skip
MOST_LATE_S = 0.03


def latency_s(part: Part) -> float:
    """Seconds from the key to the sound; 0 for drums and for what speaks at once."""
    return 0.0 if part.channel == DRUM_CHANNEL else LATENCY_S.get(part.program, 0.0)
