"""A denoised estimate as a picture, cheaply enough to be made after every step."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.api import Picture

MAX_COLUMNS = 2_048  # more than a screen shows; long clips are averaged down to it


class Picturing(Protocol):
    """What a picture needs of a codec."""

    @property
    def low_hz(self) -> float: ...

    @property
    def high_hz(self) -> float: ...

    def picture(self, latents: Tensor) -> Tensor: ...


def picture_of(codec: Picturing, latents: Tensor, duration_s: float, length_s: float) -> Picture:
    """The first item of `latents` (B, C, T), which last `length_s`, cut to `duration_s`.

    Values that are no numbers become the silence that they would sound like.
    """
    level_db = codec.picture(latents[:1])[0].float().cpu().numpy()
    columns = max(1, round(level_db.shape[1] * duration_s / length_s))
    level_db = _averaged(level_db[:, :columns], MAX_COLUMNS)
    level_db = np.nan_to_num(level_db, nan=-120.0, posinf=60.0, neginf=-120.0)
    return Picture(np.ascontiguousarray(level_db), codec.low_hz, codec.high_hz, duration_s)


def _averaged(level_db: NDArray[np.float32], columns: int) -> NDArray[np.float32]:
    """At most `columns` columns, each the mean of those it stands for."""
    found = level_db.shape[1]
    if found <= columns:
        return level_db
    starts = np.linspace(0, found, columns, endpoint=False).astype(int)
    widths = np.diff(starts, append=found)
    return (np.add.reduceat(level_db, starts, axis=1) / widths).astype(np.float32)
