"""Whether a loop goes on into its own beginning as sound does anywhere inside it.

A seam shows in two ways: as a jump of the wave, heard as a click, and as sound that is cut off,
heard as a stumble. Both are measured at the seam and at many places inside, by the same means.
A loop's first beat is often its strongest, and an attack is no seam: what grows is not counted,
and a click must stand out above all that follows it at once, as above all that comes before. Its
peak is held against peaks: a drum stroke is noise, of which some peak is the highest wherever the
stroke is loudest, and places inside seldom fall on strokes, as the seam does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 44_100
WITHIN = 95  # percentile of the interior that a seam may reach
_PLACES = 400  # of the interior
_WINDOW = 1_024  # frames compared on either side of a place
_ORDER = 3  # differences of the wave: a click is a step or a kink
_CLICK = 8  # frames on either side of the place in which a click would lie
_ABOUT = 128  # and those that it must stand out from

Sound = NDArray[np.float32]  # (frames, 2)


def seam_rank(loop: Sound) -> float:
    """Where the seam lies among the interior's places, 0 to 100 by how many are better.

    Each place counts by the worse of its two ranks, inside as at the seam: else a seam that is
    like the inside would have two chances of being among its worst. 100 is worse than every
    place inside. Silence has no seam: 0.
    """
    if len(loop) < 8 * _WINDOW or not np.any(loop):
        return 0.0
    wave = loop.mean(axis=1, dtype=np.float64)
    inside = np.linspace(2 * _WINDOW, len(wave) - 2 * _WINDOW, _PLACES).astype(int)
    worse = np.maximum(*(
        _ranks(np.array([measure(wave, place) for place in (0, *inside)]))
        for measure in (break_at, click_at)
    ))  # fmt: skip
    return float(_ranks(worse)[0])


def break_at(wave: NDArray[np.float64], place: int) -> float:
    """By how many dB bands are softer just after `place` of a circular wave than just before.

    The mean over bands, in which those that are louder after it count for nothing.
    """
    around = np.take(wave, np.arange(place - _WINDOW, place + _WINDOW), mode="wrap")
    window = np.hanning(_WINDOW)
    before, after = (
        np.abs(np.fft.rfft(part * window)) for part in (around[:_WINDOW], around[_WINDOW:])
    )
    bands = np.geomspace(2, len(before), 24).astype(int)
    levels = [np.add.reduceat(part**2, bands[:-1]) for part in (before, after)]
    floor = 1e-6 * float(np.square(wave).mean()) * _WINDOW + 1e-12
    fall = 10 * np.log10((levels[0] + floor) / (levels[1] + floor))
    return float(np.maximum(fall, 0.0).mean())


def click_at(wave: NDArray[np.float64], place: int) -> float:
    """How far the wave's third difference stands out at `place` from the highest on both sides."""
    reach = _ABOUT + _CLICK
    around = np.take(wave, np.arange(place - reach, place + reach), mode="wrap")
    bent = np.abs(np.diff(around, _ORDER))
    near = slice(len(bent) // 2 - _CLICK, len(bent) // 2 + _CLICK)
    highest = max(bent[: near.start].max(), bent[near.stop :].max())
    return float(bent[near].max() / (highest + 1e-9))


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of all but the first of `values` that are smaller than each, in percent."""
    return 100 * np.searchsorted(np.sort(values[1:]), values) / (len(values) - 1)
