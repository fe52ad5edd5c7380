"""The ruler under the pictures: seconds, and bars and beats when the tempo is known.

Dragging on it marks the region that loops; the band along its top shows that region, and its
ends can be dragged.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.state.time_axis import LEFT_MARGIN_PX, RIGHT_MARGIN_PX, TimeAxis
from app.state.transport import Transport
from app.theme import SMALL_PX, Theme
from app.timeline.gestures import TimeGestures
from app.timeline.overlay import TimeOverlay
from app.timeline.ticks import bars_between_labels, beats, format_time, second_ticks

BAND_PX = 8  # the region's band along the top
ROW_PX = 16  # one row of labels
_NEAREST_BEATS_PX = 6
_HANDLE_PX = 4


class Ruler(QWidget):
    """Lies on the shared time axis below spectrogram and waveform."""

    def __init__(
        self, theme: Theme, axis: TimeAxis, transport: Transport, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._axis = axis
        self._transport = transport
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Ruler"))
        self.setToolTip(self.tr("Drag to mark a region that loops"))
        TimeOverlay(self, theme, axis, transport, veil="panel")
        TimeGestures(self, axis, transport)
        theme.changed.connect(self.update)
        axis.view_changed.connect(self.update)
        axis.meter_changed.connect(self._on_meter)
        transport.region_changed.connect(self._on_region)
        transport.loop_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        rows = 2 if self._axis.meter else 1
        return QSize(320, BAND_PX + rows * ROW_PX + 4)

    def _on_meter(self) -> None:
        self.updateGeometry()
        self.update()

    def _on_region(self, region_s: tuple[float, float] | None) -> None:
        described = ""
        if region_s is not None:
            start, end = (format_time(edge, 2) for edge in region_s)
            described = self.tr("Region from {0} to {1}").format(start, end)
        self.setAccessibleDescription(described)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._theme.color("panel"))
        if self._axis.duration_s == 0.0:
            return
        font = QFont(self.font())
        font.setPixelSize(SMALL_PX)
        painter.setFont(font)
        self._paint_names(painter)
        inner = self._axis.inner_px(self.width())
        painter.setClipRect(QRectF(LEFT_MARGIN_PX - 24, 0, inner + 24 + RIGHT_MARGIN_PX, 99))
        if self._axis.meter:
            self._paint_bars(painter, BAND_PX)
            self._paint_seconds(painter, BAND_PX + ROW_PX)
        else:
            self._paint_seconds(painter, BAND_PX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_region(painter)

    def _paint_names(self, painter: QPainter) -> None:
        painter.setPen(self._theme.color("text_dim"))
        names = [self.tr("bars"), self.tr("time")] if self._axis.meter else [self.tr("time")]
        for row, name in enumerate(names):
            box = QRectF(0, BAND_PX + row * ROW_PX, LEFT_MARGIN_PX - 12, ROW_PX)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_seconds(self, painter: QPainter, top: float) -> None:
        axis = self._axis
        inner = axis.inner_px(self.width())
        for time_s, text in second_ticks(axis.start_s, axis.end_s, inner):
            self._paint_tick(painter, axis.to_px(time_s, self.width()), top, text, "text_dim")

    def _paint_bars(self, painter: QPainter, top: float) -> None:
        axis, meter = self._axis, self._axis.meter
        assert meter is not None
        px_per_s = axis.inner_px(self.width()) / max(axis.span_s, 1e-9)
        every = bars_between_labels(meter, px_per_s)
        show_beats = meter.beat_s * px_per_s >= _NEAREST_BEATS_PX
        for beat in beats(meter, axis.start_s, axis.end_s).tolist():
            bar, within = divmod(beat, meter.beats_per_bar)
            x = axis.to_px(beat * meter.beat_s, self.width())
            if within == 0 and bar % every == 0:
                self._paint_tick(painter, x, top, f"{bar + 1}", "text")
            elif within == 0 or (show_beats and every == 1):
                painter.setPen(QPen(self._theme.color("edge"), 1))
                painter.drawLine(QPointF(int(x), top), QPointF(int(x), top + 4))

    def _paint_tick(self, painter: QPainter, x: float, top: float, text: str, token: str) -> None:
        painter.setPen(QPen(self._theme.color("edge"), 1))
        painter.drawLine(QPointF(int(x), top), QPointF(int(x), top + ROW_PX - 4))
        painter.setPen(self._theme.color(token))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(x + 4, top, 80, ROW_PX), left, text)

    def _paint_region(self, painter: QPainter) -> None:
        """The looping region's band with a handle at either end; hollow while loop is off."""
        region = self._transport.region_s
        if region is None:
            return
        left, right = (self._axis.to_px(edge, self.width()) for edge in region)
        colour = self._theme.color("region")
        inner = self._axis.inner_px(self.width())
        painter.save()
        painter.setClipRect(QRectF(LEFT_MARGIN_PX - 1, 0, inner + 2, BAND_PX + 1))
        painter.setPen(QPen(colour, 1))
        painter.setBrush(colour if self._transport.loop else Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(left, 0.5, right - left, _HANDLE_PX - 1))
        painter.setBrush(colour)
        for x, inward in ((left, 1), (right, -1)):
            corner = QPointF(x, BAND_PX)
            top = QPointF(x, 0)
            painter.drawPolygon(QPolygonF([top, corner, QPointF(x + inward * 7, 0)]))
        painter.restore()
