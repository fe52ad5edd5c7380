"""A picture of levels brought to the screen's pixels: sampled in dB, then coloured.

Sampling levels instead of colours keeps every pixel a true level, and doing it here instead of
in matplotlib's resampler costs a third of the time, so that each denoising step can be shown.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.api import Picture

TOP_PX = 8  # above the picture
BOTTOM_PX = 24  # below it: the seconds

Levels = NDArray[np.float32]


def sample(
    picture: Picture, start_s: float, end_s: float, width: int, height: int, floor_db: float
) -> Levels:
    """Levels in dB of `start_s`..`end_s` on (height, width) pixels, the highest band on top.

    Between band and frame centres it is linear; where many frames share a pixel the loudest
    one shows. What lies outside the picture is `floor_db`.
    """
    frames = picture.level_db.shape[1]
    per_second = frames / picture.duration_s
    first, last = start_s * per_second, end_s * per_second
    by_time = _columns(picture.level_db, first, last, width)
    middles = first + (np.arange(width) + 0.5) * (last - first) / width
    by_time[(middles < 0) | (middles >= frames)] = floor_db
    bands = np.linspace(picture.level_db.shape[0] - 1, 0, height, dtype=np.float32)
    return _interpolated(np.ascontiguousarray(by_time.T), bands)


def level_at(picture: Picture, time_s: float, height: float) -> float:
    """The level in dB at a time and a height of 0..1, as `sample` shows it."""
    bands, frames = picture.level_db.shape
    column = int(np.clip(time_s * frames / picture.duration_s, 0, frames - 1))
    return float(np.interp(height * (bands - 1), np.arange(bands), picture.level_db[:, column]))


def colours(level_db: Levels, table: NDArray[np.uint8], floor_db: float, top_db: float) -> NDArray:
    """RGBA (height, width, 4) of levels through a table of 256 colours (256, 4)."""
    scale = np.float32(255.0 / max(top_db - floor_db, 1e-3))
    index = (level_db - np.float32(floor_db)) * scale
    np.clip(index, 0.0, 255.0, out=index)
    packed = np.ascontiguousarray(table).view(np.uint32).ravel()
    return packed[index.astype(np.uint8)].view(np.uint8).reshape(*level_db.shape, 4)


def _columns(level_db: Levels, first: float, last: float, width: int) -> Levels:
    """Frames `first`..`last` as `width` columns, returned (width, bands)."""
    frames = level_db.shape[1]
    if last - first <= width:
        at = first + (np.arange(width) + 0.5) * (last - first) / width - 0.5
        low = min(max(0, int(np.floor(at[0]))), frames - 1)
        part = np.ascontiguousarray(level_db[:, low : int(np.ceil(at[-1])) + 2].T)
        return _interpolated(part, (at - low).astype(np.float32))
    edges = np.floor(np.linspace(first, last, width + 1)).astype(np.int64)
    edges = np.clip(edges, 0, frames - 1)
    part = level_db[:, edges[0] : edges[-1] + 1]
    loudest = np.maximum.reduceat(part, edges[:-1] - edges[0], axis=1)
    return np.ascontiguousarray(loudest.T)


def _interpolated(rows: Levels, at: NDArray[np.float32]) -> Levels:
    """Rows of (n, m) at fractional places, (len(at), m); places outside take the nearest row."""
    at = np.clip(at, 0, len(rows) - 1)
    low = np.minimum(at.astype(np.int64), max(0, len(rows) - 2))
    share = (at - low).astype(np.float32)[:, None]
    out = rows[low]
    out += share * (rows[np.minimum(low + 1, len(rows) - 1)] - out)
    return out
