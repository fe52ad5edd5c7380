"""The waveform: both channels' exact peaks, on the shared time axis.

The outline is turned into pixels by numpy, with partly covered pixels shaded, so that it is as
sharp as the screen allows and a repaint at any zoom costs about a millisecond.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.state.time_axis import LEFT_MARGIN_PX, TimeAxis
from app.state.transport import Transport
from app.theme import SMALL_PX, Theme
from app.timeline.gestures import TimeGestures
from app.timeline.overlay import TimeOverlay
from engine.audio.peaks import Peaks

_LANE_GAP_PX = 4
_CLIPPED = 1.0  # of full scale
_THINNEST_PX = 1.0


class WaveformView(QWidget):
    """Shows a take's `Peaks`; None leaves the lanes empty."""

    def __init__(
        self, theme: Theme, axis: TimeAxis, transport: Transport, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._axis = axis
        self._peaks: Peaks | None = None
        self._sample_rate = 1.0
        self._drawn: QPixmap | None = None
        self.setMinimumHeight(48)
        self.setAccessibleName(self.tr("Waveform"))
        TimeOverlay(self, theme, axis, transport, veil="panel")
        TimeGestures(self, axis, transport)
        theme.changed.connect(self._redraw)
        axis.view_changed.connect(self._redraw)

    def sizeHint(self) -> QSize:
        return QSize(640, 88)

    def show_peaks(self, peaks: Peaks | None, sample_rate: float = 1.0) -> None:
        """Draw another take, whose frames are `sample_rate` to the second."""
        self._peaks, self._sample_rate = peaks, sample_rate
        self.setAccessibleDescription(self._description())
        self._redraw()

    def _description(self) -> str:
        if self._peaks is None:
            return self.tr("Empty")
        seconds = len(self._peaks.audio) / self._sample_rate
        channels = self._peaks.audio.shape[1]
        return self.tr("{0:.1f} seconds, {1} channels").format(seconds, channels)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._redraw()

    def _redraw(self) -> None:
        self._drawn = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy what was drawn before; the playhead above moves far more often than the zoom."""
        ratio = self.devicePixelRatioF()
        if self._drawn is None or self._drawn.devicePixelRatio() != ratio:
            self._drawn = self._draw(ratio)
        area = QRectF(event.rect())
        scaled = QRectF(area.topLeft() * ratio, area.size() * ratio)
        QPainter(self).drawPixmap(area, self._drawn, scaled)

    def _draw(self, ratio: float) -> QPixmap:
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(self._theme.color("panel"))
        painter = QPainter(pixmap)
        inner = self._axis.inner_px(self.width())
        lanes = self._lanes()
        for channel, (top, height) in enumerate(lanes):
            painter.fillRect(
                QRectF(LEFT_MARGIN_PX, top, inner, height), self._theme.color("canvas")
            )
            if self._peaks is not None:
                self._draw_lane(painter, self._peaks, channel, top, height, ratio)
                self._label_lane(painter, "LR"[channel] if len(lanes) == 2 else "", top, height)
        painter.end()
        return pixmap

    def _lanes(self) -> list[tuple[float, float]]:
        """Top and height of each channel's lane; one before anything is loaded."""
        count = min(2, self._peaks.audio.shape[1]) if self._peaks is not None else 1
        height = (self.height() - (count - 1) * _LANE_GAP_PX) // count
        return [(lane * (height + _LANE_GAP_PX), float(height)) for lane in range(count)]

    def _draw_lane(
        self,
        painter: QPainter,
        peaks: Peaks,
        channel: int,
        top: float,
        height: float,
        ratio: float,
    ) -> None:
        width = max(1, round(self._axis.inner_px(self.width()) * ratio))
        start, end = (t * self._sample_rate for t in (self._axis.start_s, self._axis.end_s))
        if end <= start:
            return
        outline = peaks.outline(start, end, width)[:, channel]  # (width, 2)
        alpha = coverage(outline, max(1, round(height * ratio)))
        clipped = np.abs(outline).max(axis=1) >= _CLIPPED
        image = _tinted(alpha, clipped, self._theme.color("wave"), self._theme.color("meter_high"))
        image.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(LEFT_MARGIN_PX, top), image)

    def _label_lane(self, painter: QPainter, text: str, top: float, height: float) -> None:
        font = QFont(self.font())
        font.setPixelSize(SMALL_PX)
        painter.setFont(font)
        painter.setPen(self._theme.color("text_dim"))
        box = QRectF(0, top, LEFT_MARGIN_PX - 12, height)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def coverage(outline: NDArray[np.float32], height: int) -> NDArray[np.float32]:
    """How much of each pixel lies between the extremes: (width, 2) → (height, width) in 0..1.

    ±1 reaches the edges; even silence is a line one pixel thick.
    """
    middle = height / 2.0
    upper = middle - np.clip(outline[:, 1], -1.0, 1.0) * (middle - 1.0)
    lower = middle - np.clip(outline[:, 0], -1.0, 1.0) * (middle - 1.0)
    short = np.maximum(_THINNEST_PX - (lower - upper), 0.0) / 2.0
    rows = np.arange(height, dtype=np.float32)[:, None]
    inside = np.minimum(rows + 1.0, lower + short) - np.maximum(rows, upper - short)
    return np.clip(inside, 0.0, 1.0).astype(np.float32)


def _tinted(
    alpha: NDArray[np.float32], clipped: NDArray[np.bool_], usual: QColor, loud: QColor
) -> QImage:
    """A premultiplied image of `alpha` in the wave's colour, clipped columns in another."""
    height, width = alpha.shape
    tint = np.array([usual.blue(), usual.green(), usual.red(), 255], np.float32)
    other = np.array([loud.blue(), loud.green(), loud.red(), 255], np.float32)
    columns = np.where(clipped[:, None], other, tint)
    pixels = np.ascontiguousarray((alpha[..., None] * columns).astype(np.uint8))
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy()
