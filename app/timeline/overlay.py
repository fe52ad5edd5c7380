"""Playhead, pointer line and loop region, drawn on a clear sheet over a view of time.

Sixty times a second only the few pixels that the playhead left and reached are repainted; the
picture below is copied, never drawn anew.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.state.time_axis import LEFT_MARGIN_PX, TimeAxis
from app.state.transport import Transport
from app.theme import Theme

_REGION_ALPHA = 28
_EDGE_ALPHA = 200
_OUTSIDE_ALPHA = 110
_CURSOR_ALPHA = 110


class TimeOverlay(QWidget):
    """Covers `view` between `top_px` from its top and `bottom_px` from its bottom."""

    def __init__(
        self,
        view: QWidget,
        theme: Theme,
        axis: TimeAxis,
        transport: Transport,
        top_px: int = 0,
        bottom_px: int = 0,
        *,
        veil: str = "canvas",
    ) -> None:
        super().__init__(view)
        self._theme = theme
        self._axis = axis
        self._transport = transport
        self._insets = (top_px, bottom_px)
        self._veil = veil
        self._playhead_px = self._cursor_px = -1
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        view.installEventFilter(self)
        theme.changed.connect(self.update)
        axis.view_changed.connect(self._lay_out)
        axis.cursor_changed.connect(self._move_lines)
        transport.position_changed.connect(self._move_lines)
        transport.region_changed.connect(self.update)
        transport.loop_changed.connect(self.update)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            top, bottom = self._insets
            self.setGeometry(watched.rect().adjusted(0, top, 0, -bottom))
            self._lay_out()
        return False

    def set_veil(self, token: str) -> None:
        """The colour laid over what the loop leaves out."""
        self._veil = token
        self.update()

    def _lay_out(self) -> None:
        self._move_lines()
        self.update()

    def _move_lines(self) -> None:
        """Repaint only the columns that a line left or reached."""
        cursor_s = self._axis.cursor_s
        playhead = self._device_px(self._transport.position_s)
        cursor = -1 if cursor_s is None else self._device_px(cursor_s)
        for old, new in ((self._playhead_px, playhead), (self._cursor_px, cursor)):
            if old != new:
                self.update(self._column(old))
                self.update(self._column(new))
        self._playhead_px, self._cursor_px = playhead, cursor

    def _device_px(self, time_s: float) -> int:
        """The device pixel of a moment: lines on whole pixels stay sharp on any screen."""
        return math.floor(self._axis.to_px(time_s, self.width()) * self.devicePixelRatioF())

    def _column(self, device_px: int) -> QRect:
        x = math.floor(device_px / self.devicePixelRatioF())
        return QRect(x - 2, 0, 5, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._axis.duration_s == 0.0:
            return
        painter = QPainter(self)
        inner = self._axis.inner_px(self.width())
        painter.setClipRect(QRectF(LEFT_MARGIN_PX, 0, inner + 1, self.height()))
        self._paint_region(painter)
        self._paint_line(painter, self._cursor_px, self._faded("playhead", _CURSOR_ALPHA), 1)
        self._paint_line(painter, self._playhead_px, self._faded("playhead", 255), 2)

    def _paint_region(self, painter: QPainter) -> None:
        region = self._transport.region_s
        if region is None:
            return
        left, right = (round(self._axis.to_px(edge, self.width())) for edge in region)
        height = self.height()
        if self._transport.loop:
            veil = self._faded(self._veil, _OUTSIDE_ALPHA)
            painter.fillRect(0, 0, left, height, veil)
            painter.fillRect(right, 0, self.width() - right, height, veil)
        else:
            painter.fillRect(left, 0, right - left, height, self._faded("region", _REGION_ALPHA))
        for edge in (left, right):
            painter.fillRect(edge, 0, 1, height, self._faded("region", _EDGE_ALPHA))

    def _paint_line(self, painter: QPainter, device_px: int, colour: QColor, width: int) -> None:
        if device_px >= 0:
            ratio = self.devicePixelRatioF()
            painter.fillRect(QRectF(device_px / ratio, 0, width / ratio, self.height()), colour)

    def _faded(self, token: str, alpha: int) -> QColor:
        colour = self._theme.color(token)
        colour.setAlpha(alpha)
        return colour
