"""The hands on time: click to seek, drag a region or its edges, wheel to scroll and zoom.

One event filter serves spectrogram, waveform and ruler, so that a gesture learnt in one works
in all three. A click takes the keyboard from the text that was being typed; left and right then
go from beat to beat.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import (
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.state.time_axis import ZOOM_STEP, TimeAxis
from app.state.transport import Transport

EDGE_PX = 5  # how near to a region's edge a press takes hold of it
SNAP_PX = 6  # how near to a beat a region's edge jumps onto it
BAR_SNAP_PX = 24  # how near to a bar line, in a loop
_WHEEL_NOTCH = 120.0
_SCROLL_SHARE = 0.1  # of the view, for one notch
_ARROWS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: +1}
_JUST_PASSED = 0.3  # of a beat: going back while it plays does not hang on the beat it is in


class ViewGestures(QObject):
    """Scrolls and zooms `axis` by the wheel or a pinch over `widget`, and forgets the pointer."""

    def __init__(self, widget: QWidget, axis: TimeAxis) -> None:
        super().__init__(widget)
        self._widget = widget
        self._axis = axis
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QWheelEvent):
            return self._wheel(event)
        if isinstance(event, QNativeGestureEvent):
            return self._pinch(event)
        if event.type() == QEvent.Type.Leave:
            self._axis.set_cursor(None)
        return False

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


class TimeGestures(ViewGestures):
    """Filters the events of `widget`, whose whole width is laid out by `axis`."""

    def __init__(self, widget: QWidget, axis: TimeAxis, transport: Transport) -> None:
        super().__init__(widget, axis)
        self._transport = transport
        self._pressed_px: float | None = None
        self._anchor_s: float | None = None  # the fixed end of the region being dragged
        widget.setMouseTracking(True)
        widget.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # so that Space plays after a click

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        direction = _ARROWS.get(Qt.Key(event.key()))
        if direction is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        self._transport.seek(self._beat_beside(direction))
        return True

    def _beat_beside(self, direction: int) -> float:
        """The time of the next or last beat; of the whole second where no beats are known."""
        step_s = self._axis.meter.beat_s if self._axis.meter else 1.0
        at = self._transport.position_s / step_s
        if direction > 0:
            return (math.floor(at + 1e-6) + 1) * step_s
        passed = _JUST_PASSED if self._transport.is_playing else 1e-6
        return (math.ceil(at - passed) - 1) * step_s

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
        """The time at `x`, or of the beat that is close to it; a loop's bars reach farther."""
        time_s, meter = self._time(x), self._axis.meter
        if meter is None:
            return time_s
        bar = self._near(x, time_s, meter.bar_s, BAR_SNAP_PX) if self._transport.is_loop else None
        beat = self._near(x, time_s, meter.beat_s, SNAP_PX)
        return next((snapped for snapped in (bar, beat) if snapped is not None), time_s)

    def _near(self, x: float, time_s: float, step_s: float, reach_px: float) -> float | None:
        """The multiple of `step_s` within `reach_px` of `x`, kept inside the take."""
        line_s = round(time_s / step_s) * step_s
        near = abs(self._axis.to_px(line_s, self._widget.width()) - x) <= reach_px
        return min(line_s, self._axis.duration_s) if near else None
