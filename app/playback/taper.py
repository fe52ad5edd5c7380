"""The volume slider's taper: straight in dB down to −60, then silence."""

from __future__ import annotations

import math

FLOOR_DB = -60.0


def volume_to_db(volume: float) -> float:
    """The slider's place in 0..1 to dB; 0 is −inf."""
    return FLOOR_DB * (1.0 - volume) if volume > 0.0 else -math.inf


def volume_from_db(level_db: float) -> float:
    """The inverse of `volume_to_db`."""
    return min(max(0.0, 1.0 - level_db / FLOOR_DB), 1.0)
