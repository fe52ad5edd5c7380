"""The scale of levels beside the spectrogram: it tells what a colour means and is dragged.

Dragging near an end moves that end, dragging the middle moves both; the wheel and the arrow
keys do the same in steps; a double click brings the usual range back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.theme import SMALL_PX, Theme

DEFAULT_RANGE_DB = (-75.0, -5.0)
LIMITS_DB = (-120.0, 20.0)
NARROWEST_DB = 10.0
STEP_DB = 5.0
_BAR_PX = 8
_STOPS = 16
_TICK_DB = 10
_SHORTEST_GAP_PX = 22
_INSET_PX = SMALL_PX / 2 + 3  # a label's middle, clear of the focus ring


class ColourScale(QWidget):
    """Shows and changes the range of levels."""

    range_changed = Signal(float, float)  # floor and top in dB

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._range = DEFAULT_RANGE_DB
        self._table = np.zeros((256, 4), np.uint8)
        self._grip: tuple[float, float, float] | None = None  # y, share of the floor, of the top
        self._at_grip = self._range
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        self.setToolTip(
            self.tr("Levels in dB: drag an end, or the middle; double-click for the usual range")
        )
        self._describe()
        theme.changed.connect(self.update)

    @property
    def range_db(self) -> tuple[float, float]:
        return self._range

    def set_range(self, floor_db: float, top_db: float) -> None:
        """Show levels from `floor_db` to `top_db`, at least `NARROWEST_DB` apart."""
        low, high = LIMITS_DB
        floor_db = min(max(low, floor_db), high - NARROWEST_DB)
        top_db = min(max(floor_db + NARROWEST_DB, top_db), high)
        if (floor_db, top_db) != self._range:
            self._range = (floor_db, top_db)
            self._describe()
            self.update()
            self.range_changed.emit(floor_db, top_db)

    def set_table(self, table: NDArray[np.uint8]) -> None:
        """The 256 colours, (256, 4) RGBA."""
        self._table = table
        self.update()

    def _describe(self) -> None:
        self.setAccessibleName(self.tr("Level range"))
        self.setAccessibleDescription(
            self.tr("From {0:.0f} to {1:.0f} dB; up and down move it").format(*self._range)
        )

    def _y(self, level_db: float) -> float:
        floor_db, top_db = self._range
        return (top_db - level_db) / (top_db - floor_db) * (self.height() - 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            y = event.position().y()
            third = y / max(1, self.height())
            self._grip = (y, float(third > 1 / 3), float(third < 2 / 3))
            self._at_grip = self._range

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip:
            y, floor_share, top_share = self._grip
            floor_db, top_db = self._at_grip
            moved = (event.position().y() - y) * (top_db - floor_db) / max(1, self.height())
            self.set_range(floor_db + floor_share * moved, top_db + top_share * moved)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.set_range(*DEFAULT_RANGE_DB)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._shift(STEP_DB * event.angleDelta().y() / 120.0, event.modifiers())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: STEP_DB, Qt.Key.Key_Down: -STEP_DB}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self._shift(step, event.modifiers())

    def _shift(self, by_db: float, modifiers: Qt.KeyboardModifier) -> None:
        """Move both ends; with Shift only the floor, so that the range widens or narrows."""
        floor_db, top_db = self._range
        only_floor = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        self.set_range(floor_db + by_db, top_db if only_floor else top_db + by_db)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._gradient())
        painter.drawRoundedRect(QRectF(0, 0, _BAR_PX, self.height()), 2, 2)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        self._paint_labels(painter)

    def _gradient(self) -> QLinearGradient:
        gradient = QLinearGradient(QPointF(0, self.height()), QPointF(0, 0))
        for stop in range(_STOPS + 1):
            red, green, blue = (int(part) for part in self._table[stop * 255 // _STOPS][:3])
            gradient.setColorAt(stop / _STOPS, QColor(red, green, blue))
        return gradient

    def _paint_labels(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(SMALL_PX)
        painter.setFont(font)
        painter.setPen(self._theme.color("text_dim"))
        floor_db, top_db = self._range
        gap_px = _TICK_DB * self.height() / (top_db - floor_db)
        every = _TICK_DB * max(1, round(_SHORTEST_GAP_PX / max(gap_px, 1e-3)))
        first = int(np.ceil(floor_db / every)) * every
        self._paint_label(painter, 0.0, self.tr("dB"))
        for level in range(first, int(top_db) + 1, every):
            if self._y(level) >= _INSET_PX + SMALL_PX:  # the unit is up there
                self._paint_label(painter, self._y(level), f"{level}".replace("-", "−"))

    def _paint_label(self, painter: QPainter, y: float, text: str) -> None:
        y = min(max(_INSET_PX, y), self.height() - _INSET_PX)
        box = QRectF(_BAR_PX + 4, y - 8, self.width() - _BAR_PX - 4, 16)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)
