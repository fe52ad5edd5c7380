"""Pictures of latents: cut to the clip, of bounded size, free of NaN."""

import numpy as np
import torch
from torch import Tensor

from engine.preview import MAX_COLUMNS, picture_of


class Codec:
    """Two bands; one column a frame holds the frame's first channel."""

    low_hz, high_hz = 30.0, 20_000.0

    def picture(self, latents: Tensor) -> Tensor:
        return latents[:, :1].expand(-1, 2, -1)


def test_the_picture_ends_where_the_clip_ends() -> None:
    picture = picture_of(Codec(), torch.arange(10.0).expand(1, 3, 10), 0.75, 1.0)
    assert picture.level_db.tolist() == [[0, 1, 2, 3, 4, 5, 6, 7]] * 2
    assert (picture.duration_s, picture.low_hz, picture.high_hz) == (0.75, 30.0, 20_000.0)


def test_a_long_clip_is_averaged_to_a_screens_width() -> None:
    frames = 3 * MAX_COLUMNS + 7
    picture = picture_of(Codec(), torch.arange(float(frames)).expand(1, 1, frames), 300.0, 300.0)
    assert picture.level_db.shape == (2, MAX_COLUMNS)
    steps = np.diff(picture.level_db[0])
    assert picture.level_db[0, 0] == 1.0
    assert steps.min() > 2.9
    assert steps.max() < 4.0


def test_runaway_values_are_drawn_not_raised() -> None:
    wild = torch.tensor([[[torch.nan, torch.inf, -torch.inf, 1.0]]])
    assert np.isfinite(picture_of(Codec(), wild, 1.0, 1.0).level_db).all()
