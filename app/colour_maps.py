"""The colours of levels: matplotlib's maps, made to melt into the theme's ground.

Importing this module imports matplotlib, which the window does behind the scenes.
"""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

_BLENDED = 32  # of 256 colours


def colour_table(name: str, ground: str) -> NDArray[np.uint8]:
    """256 colours of one of matplotlib's maps, (256, 4) RGBA, whose floor melts into `ground`.

    The map runs away from the ground: reversed where that is light. Only its lowest eighth is
    replaced, by a straight line from the ground, so that lightness still changes steadily.
    """
    ground_rgb = np.array(to_rgb(ground))
    is_light = float(ground_rgb.mean()) > 0.5
    table = matplotlib.colormaps[f"{name}_r" if is_light else name](np.arange(256))
    share = (np.arange(_BLENDED) / _BLENDED)[:, None]
    table[:_BLENDED, :3] = ground_rgb + share * (table[_BLENDED, :3] - ground_rgb)
    return np.round(table * 255.0).astype(np.uint8)
