"""Round places on the time axis and how a time is written, alike in every view."""

from __future__ import annotations

import math

import numpy as np

from app.state.time_axis import Meter

_STEPS_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
_BARS = (1, 2, 4, 8, 16, 32, 64, 128)


def format_time(time_s: float, decimals: int = 1) -> str:
    """Minutes and seconds: 63.24 is "1:03.2"."""
    units = math.floor(time_s * 10**decimals + 0.5)
    minutes, rest = divmod(units, 60 * 10**decimals)
    width = 2 if decimals == 0 else 3 + decimals
    return f"{minutes}:{rest / 10**decimals:0{width}.{decimals}f}"


def second_ticks(
    start_s: float, end_s: float, width_px: float, gap_px: float = 72.0
) -> list[tuple[float, str]]:
    """Round seconds in a view `width_px` wide, at least `gap_px` apart, with their labels."""
    if end_s <= start_s:
        return []
    wanted = (end_s - start_s) * gap_px / max(width_px, 1.0)
    step = next((step for step in _STEPS_S if step >= wanted), _STEPS_S[-1])
    decimals = max(0, -math.floor(math.log10(step)))
    numbers = range(math.ceil(start_s / step - 1e-9), math.floor(end_s / step + 1e-9) + 1)
    return [(number * step, format_time(number * step, decimals)) for number in numbers]


def bars_between_labels(meter: Meter, px_per_s: float, gap_px: float = 40.0) -> int:
    """How many bars lie from one numbered bar to the next."""
    wanted = gap_px / max(meter.bar_s * px_per_s, 1e-6)
    return next((bars for bars in _BARS if bars >= wanted), _BARS[-1])


def beats(meter: Meter, start_s: float, end_s: float) -> np.ndarray:
    """The numbers of the beats in a view, counted from 0 at 0 s."""
    first = max(0, math.ceil(start_s / meter.beat_s - 1e-9))
    return np.arange(first, math.floor(end_s / meter.beat_s + 1e-9) + 1)
