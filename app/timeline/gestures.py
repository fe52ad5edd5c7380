"""The mouse over time: click to seek, drag a region or its edges, wheel to scroll and zoom.

One event filter serves spectrogram, waveform and ruler, so that a gesture learnt in one works
in all three. A click takes the keyboard from the text that was being typed.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.state.time_axis import ZOOM_STEP, TimeAxis
from app.state.transport import Transport

EDGE_PX = 5  # how near to a region's edge a press takes hold of it
SNAP_PX = 6  # how near to a beat a region's edge jumps onto it
_WHEEL_NOTCH = 120.0
_SCROLL_SHARE = 0.1  # of the view, for one notch


class TimeGestures(QObject):
    """Filters the events of `widget`, whose whole width is laid out by `axis`."""

    def __init__(self, widget: QWidget, axis: TimeAxis, transport: Transport) -> None:
        super().__init__(widget)
        self._widget = widget
        self._axis = axis
        self._transport = transport
        self._pressed_px: float | None = None
        self._anchor_s: float | None = None  # the fixed end of the region being dragged
        widget.setMouseTracking(True)
        widget.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # so that Space plays after a click
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QWheelEvent):
            return self._wheel(event)
        if isinstance(event, QNativeGestureEvent):
            return self._pinch(event)
        if event.type() == QEvent.Type.Leave:
            self._axis.set_cursor(None)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        x = event.position().x()
        if event.type() == QEvent.Type.MouseMove:
            return self._move(x, event.buttons())
        if event.button() != Qt.MouseButton.LeftButton or self._axis.duration_s == 0.0:
            return False
        if event.type() == QEvent.Type.MouseButtonPress:
            self._press(x)
        elif event.type() == QEvent.Type.MouseButtonRelease:
            self._release(x)
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self._transport.set_region(None)
        return True

    def _press(self, x: float) -> None:
        self._pressed_px = x
        self._anchor_s = self._opposite_edge(x)

    def _move(self, x: float, buttons: Qt.MouseButton) -> bool:
        self._axis.set_cursor(self._time(x))
        if self._pressed_px is None or not buttons & Qt.MouseButton.LeftButton:
            on_edge = self._opposite_edge(x) is not None
            shape = Qt.CursorShape.SizeHorCursor if on_edge else Qt.CursorShape.ArrowCursor
            self._widget.setCursor(shape)
            return False
        far = abs(x - self._pressed_px) >= QGuiApplication.styleHints().startDragDistance()
        if self._anchor_s is None and far:
            self._anchor_s = self._snapped(self._pressed_px)
        if self._anchor_s is not None:
            self._transport.set_region((self._anchor_s, self._snapped(x)))
        return True

    def _release(self, x: float) -> None:
        if self._pressed_px is not None:
            if self._anchor_s is None:
                self._transport.seek(self._time(x))
            elif self._transport.region_s is not None:
                self._transport.set_loop(True)
        self._pressed_px = self._anchor_s = None

    def _wheel(self, event: QWheelEvent) -> bool:
        delta = QPointF(event.angleDelta()) / _WHEEL_NOTCH
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._axis.zoom(ZOOM_STEP ** delta.y(), self._time(event.position().x()))
        else:
            notches = delta.x() if abs(delta.x()) > abs(delta.y()) else delta.y()
            self._axis.scroll(-notches * _SCROLL_SHARE * self._axis.span_s)
        return True

    def _pinch(self, event: QNativeGestureEvent) -> bool:
        if event.gestureType() is not Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self._axis.zoom(1.0 + event.value(), self._time(event.position().x()))
        return True

    def _time(self, x: float) -> float:
        return self._axis.to_time(x, self._widget.width())

    def _opposite_edge(self, x: float) -> float | None:
        """The edge that stays when the one under `x` is dragged; None away from edges."""
        region = self._transport.region_s
        if region is None:
            return None
        near = [abs(self._axis.to_px(edge, self._widget.width()) - x) for edge in region]
        if min(near) > EDGE_PX:
            return None
        return region[1] if near[0] < near[1] else region[0]

    def _snapped(self, x: float) -> float:
        """The time at `x`, or of the beat that is close to it where beats are known."""
        time_s, meter = self._time(x), self._axis.meter
        if meter is None:
            return time_s
        beat = round(time_s / meter.beat_s) * meter.beat_s
        near = abs(self._axis.to_px(beat, self._widget.width()) - x) <= SNAP_PX
        return min(beat, self._axis.duration_s) if near else time_s
