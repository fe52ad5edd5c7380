"""The matplotlib half of the spectrogram: axes, ticks, colour map, and the blitted picture.

What rarely changes (frequencies, frame, colours) is drawn once and kept. A step replaces only
the pixels of the picture; zooming also draws the seconds again. Importing this module imports
matplotlib, which the window does behind the scenes (see `view`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PySide6.QtGui import QResizeEvent

from app.state.time_axis import LEFT_MARGIN_PX, RIGHT_MARGIN_PX
from app.timeline.ticks import second_ticks
from app.widgets.spectrogram_view.raster import BOTTOM_PX, TOP_PX, colours, sample
from engine.api import Picture
from engine.audio.spectrogram import FrequencyScale

LABEL_PX = 11
_POINTS_PER_PX = 72.0 / 100.0  # matplotlib's figures have 100 dots an inch by default


@dataclass(frozen=True)
class Look:
    """Colours as #rrggbb, and the fonts to try in order."""

    panel: str
    label: str
    line: str
    fonts: tuple[str, ...]


class _Raster(Artist):
    """Pixels that are drawn as they are, the first row on top, at the axes' lower left corner."""

    def __init__(self, axes: Axes) -> None:
        super().__init__()
        self._axes = axes
        self._pixels = np.zeros((1, 1, 4), np.uint8)

    def set_pixels(self, pixels: NDArray[np.uint8]) -> None:
        self._pixels = pixels

    def draw(self, renderer: RendererBase) -> None:
        corner = self._axes.bbox
        context = renderer.new_gc()
        context.set_clip_rectangle(corner)
        renderer.draw_image(context, round(corner.x0), round(corner.y0), self._pixels[::-1])
        context.restore()


class SpectrogramCanvas(FigureCanvasQTAgg):
    """One picture of levels under a pair of axes whose pixels match the time axis exactly."""

    def __init__(self, look: Look, table: NDArray[np.uint8]) -> None:
        super().__init__(Figure())
        self._look = look
        self._table = table
        self._range_db = (-80.0, 0.0)
        self._view_s = (0.0, 0.0)
        self._picture: Picture | None = None
        self._scale: FrequencyScale | None = None
        self._axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self._raster = _Raster(self._axes)
        self._axes.xaxis.set_animated(True)  # drawn by `_compose`, over the kept background
        self._background: Any = None  # everything but picture and seconds
        self._ground: Any = None  # the part of it that the picture covers
        self._axes.set_ylim(0.0, 1.0)
        self._place_axes()
        self._dress()

    def set_look(self, look: Look) -> None:
        self._look = look
        self._dress()
        self.draw_idle()

    def set_table(self, table: NDArray[np.uint8]) -> None:
        self._table = table
        self._axes.set_facecolor(tuple(table[0] / 255.0))
        self.draw_idle()

    def set_range(self, floor_db: float, top_db: float) -> None:
        self._range_db = (floor_db, top_db)
        self._replace_pixels()

    def set_view(self, start_s: float, end_s: float) -> None:
        """Show this part of time."""
        if (start_s, end_s) != self._view_s:
            self._view_s = (start_s, end_s)
            self._label_seconds()
            if self._background is None:
                self.draw_idle()
            else:
                self.restore_region(self._background)
                self._compose()
                self.blit(self.figure.bbox)

    def set_picture(self, picture: Picture | None) -> None:
        """Replace the picture without re-plotting; only other bands need other labels.

        Without a picture the last labels stay: between two takes nothing is drawn twice.
        """
        self._picture = picture
        scale = FrequencyScale(picture.low_hz, picture.high_hz) if picture else self._scale
        if scale != self._scale:
            self._scale = scale
            self._label_frequencies()
            self.draw_idle()
        elif picture is None and self._ground is not None:
            self.restore_region(self._ground)
            self.blit(self._axes.bbox)
        else:
            self._replace_pixels()

    def draw(self) -> None:
        """Everything: the background, which is kept, then what lies on it."""
        super().draw()
        self._background = self.copy_from_bbox(self.figure.bbox)
        self._ground = self.copy_from_bbox(self._axes.bbox)
        self._compose()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._background = self._ground = None
        super().resizeEvent(event)
        self._place_axes()
        self._label_seconds()

    def _replace_pixels(self) -> None:
        if self._picture is None or self._background is None:
            self.draw_idle()
            return
        self._draw_pixels()
        self.blit(self._axes.bbox)

    def _compose(self) -> None:
        """The picture and the seconds, over the background that was restored."""
        if self._picture is not None:
            self._draw_pixels()
        if self._view_s[1] > self._view_s[0]:
            self._axes.draw_artist(self._axes.xaxis)

    def _draw_pixels(self) -> None:
        self._rasterise()
        self._raster.draw(self.get_renderer())

    def _rasterise(self) -> None:
        assert self._picture is not None
        width, height = (max(1, round(side)) for side in self._axes.bbox.size)
        level_db = sample(self._picture, *self._view_s, width, height, self._range_db[0])
        self._raster.set_pixels(colours(level_db, self._table, *self._range_db))

    def _place_axes(self) -> None:
        """Put the axes onto whole pixels, between the margins of the time axis."""
        width, height = max(1, self.width()), max(1, self.height())
        inner = max(1, width - LEFT_MARGIN_PX - RIGHT_MARGIN_PX)
        tall = max(1, height - TOP_PX - BOTTOM_PX)
        self._axes.set_position(
            (LEFT_MARGIN_PX / width, BOTTOM_PX / height, inner / width, tall / height)
        )

    def _dress(self) -> None:
        look, axes = self._look, self._axes
        self.figure.set_facecolor(look.panel)
        axes.set_facecolor(tuple(self._table[0] / 255.0))
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(
            colors=look.label, color=look.line, labelsize=LABEL_PX * _POINTS_PER_PX, length=4, pad=4
        )
        axes.tick_params(labelfontfamily=list(look.fonts))

    def _label_seconds(self) -> None:
        inner = self.width() - LEFT_MARGIN_PX - RIGHT_MARGIN_PX
        ticks = second_ticks(*self._view_s, inner)
        self._axes.set_xticks([time_s for time_s, _ in ticks], [text for _, text in ticks])
        self._axes.set_xlim(self._view_s[0], max(self._view_s[1], self._view_s[0] + 1e-6))

    def _label_frequencies(self) -> None:
        ticks = self._scale.ticks() if self._scale else ()
        heights = [float(self._scale.transform(hz)) for hz, _ in ticks] if self._scale else []
        self._axes.set_yticks(heights, [label for _, label in ticks])
