"""What was played and when it is heard: a ring that the audio thread fills and never waits for.

The sound leaves the speaker some time after its block was made. Keeping each block's position
and levels with the moment it is heard lets the playhead and the meter agree with the ear, also
across a loop's turn or a seek.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCKS = 512
_FIELDS = 11
_AT, _POSITION, _FRAMES, _SEEK, _PLAY, _SOUNDING = range(6)
_HIGH, _SQUARES = slice(6, 8), slice(9, 11)


class Block(NamedTuple):
    """One rendered block: `position` is its first frame in the take."""

    heard_at: float
    position: int
    frames: int
    seek_id: int
    play_id: int
    sounding: bool


class Levels(NamedTuple):
    """The two channels since the last look, before the volume, as amplitudes."""

    peak: tuple[float, float] = (0.0, 0.0)
    rms: tuple[float, float] = (0.0, 0.0)


class History:
    """One writer, one reader. A row torn by bad luck costs one frame of one meter, no more."""

    def __init__(self) -> None:
        self._rows = np.zeros((BLOCKS, _FIELDS), np.float64)
        self._written = 0
        self._read = 0

    def write(
        self,
        heard_at: float,
        position: int,
        frames: int,
        seek_id: int,
        play_id: int,
        sounding: bool,
        levels: NDArray[np.float32],  # (≥3, 2): highest, −lowest, sum of squares
    ) -> None:
        row = self._rows[self._written % BLOCKS]
        row[_AT], row[_POSITION], row[_FRAMES] = heard_at, position, frames
        row[_SEEK], row[_PLAY], row[_SOUNDING] = seek_id, play_id, sounding
        np.maximum(levels[0], levels[1], out=row[_HIGH], casting="same_kind")
        row[_SQUARES] = levels[2]
        self._written += 1

    @property
    def last_written_at(self) -> float:
        """When the newest block is heard; 0 before the first."""
        return float(self._rows[(self._written - 1) % BLOCKS, _AT]) if self._written else 0.0

    def block_at(self, now: float) -> Block | None:
        """The newest block that has begun to be heard."""
        newest = self._written
        for number in range(newest - 1, max(-1, newest - BLOCKS // 2), -1):
            row = self._rows[number % BLOCKS]
            if row[_AT] <= now:
                heard_at, position, frames, seek_id, play_id, sounding = row[:6].tolist()
                whole = int(position), int(frames), int(seek_id), int(play_id)
                return Block(heard_at, *whole, bool(sounding))
        return None

    def take_levels(self, now: float) -> Levels | None:
        """Levels of the blocks heard since the last call; None when there were none."""
        first = max(self._read, self._written - BLOCKS // 2)
        rows = self._rows[np.arange(first, self._written) % BLOCKS]
        rows = rows[rows[:, _AT] <= now]
        self._read = first + len(rows)
        frames = float(rows[:, _FRAMES].sum())
        if frames == 0:
            return None
        peak = rows[:, _HIGH].max(axis=0)
        rms = np.sqrt(rows[:, _SQUARES].sum(axis=0) / frames)
        return Levels((float(peak[0]), float(peak[1])), (float(rms[0]), float(rms[1])))
