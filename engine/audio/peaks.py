"""A waveform's outline at any zoom: a pyramid of minima and maxima.

Drawing minutes of sound must not touch every sample on each repaint, and no peak may vanish
between two pixels: every column reports the exact extremes of the samples near it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BASE = 64  # samples in a cell of the finest stored level
FACTOR = 4  # cells of one level in a cell of the next


@dataclass(frozen=True, eq=False)
class Peaks:
    """`levels[i]` is (cells, channels, 2): the lowest and highest of BASE·FACTORⁱ samples."""

    audio: NDArray[np.float32]  # (frames, channels)
    levels: tuple[NDArray[np.float32], ...]

    @classmethod
    def of(cls, audio: NDArray[np.float32]) -> Peaks:
        """Build the pyramid of (frames, channels). Raises `ValueError` for another shape."""
        if audio.ndim != 2 or not len(audio):
            raise ValueError(f"audio must be (frames, channels) and not empty, got {audio.shape}")
        levels = [_extremes(audio, audio, BASE)]
        while len(levels[-1]) > FACTOR:
            last = levels[-1]
            levels.append(_extremes(last[..., 0], last[..., 1], FACTOR))
        return cls(audio, tuple(levels))

    def outline(self, start: float, stop: float, columns: int) -> NDArray[np.float32]:
        """Extremes of frames `start`..`stop` in `columns` cells, (columns, channels, 2).

        Columns beyond the clip's ends are zero. A column takes in every sample it covers, and
        at most one stored cell more on either side.
        """
        edges = np.linspace(start, stop, columns + 1)
        lows, highs, cell = self._level_for((stop - start) / columns)
        first = np.floor(edges[:-1] / cell).astype(np.int64)
        last = np.maximum(np.ceil(edges[1:] / cell).astype(np.int64), first + 1)
        outside = (edges[1:] <= 0) | (edges[:-1] >= len(self.audio))
        first = np.clip(first, 0, len(lows) - 1)
        last = np.clip(last, first + 1, len(lows))
        out = np.stack(
            [_between(np.minimum, lows, first, last), _between(np.maximum, highs, first, last)],
            axis=-1,
        )
        out[outside] = 0.0
        return out

    def _level_for(self, samples: float) -> tuple[NDArray[np.float32], NDArray[np.float32], int]:
        """The coarsest level with at least two cells a column: lows, highs, samples a cell."""
        best: tuple[NDArray[np.float32], NDArray[np.float32], int] = (self.audio, self.audio, 1)
        for i, level in enumerate(self.levels):
            if 2 * BASE * FACTOR**i <= samples:
                best = (level[..., 0], level[..., 1], BASE * FACTOR**i)
        return best


def _extremes(
    lows: NDArray[np.float32], highs: NDArray[np.float32], cell: int
) -> NDArray[np.float32]:
    starts = np.arange(0, len(lows), cell)
    lowest = np.minimum.reduceat(lows, starts, axis=0)
    return np.stack([lowest, np.maximum.reduceat(highs, starts, axis=0)], axis=-1)


def _between(
    pick: np.ufunc, values: NDArray[np.float32], first: NDArray[np.int64], last: NDArray[np.int64]
) -> NDArray[np.float32]:
    """`pick` over values[first:last] for each pair; every range holds at least one value."""
    padded = np.concatenate([values, values[-1:]])  # reduceat needs every bound inside
    bounds = np.stack([first, last], axis=1).ravel()
    return np.asarray(pick.reduceat(padded, bounds, axis=0)[::2])
