"""A number that is typed, stepped with the arrow keys or the wheel, and never changed by itself."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.theme import GRID

_ARROWS = {
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_PageUp: 10,
    Qt.Key.Key_PageDown: -10,
}


class NumberField(QLineEdit):
    """`edited` carries the text as typed, however wrong; who holds the value judges it."""

    edited = Signal(str)

    def __init__(
        self,
        name: str,
        step: Callable[[str, int], str],
        unit: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """`step(text, by)` is the text some steps up or down; it may return what it got."""
        super().__init__(parent)
        self._step = step
        self._unit = unit
        room = self.fontMetrics().horizontalAdvance(unit) + GRID // 2 if unit else 0
        self.setTextMargins(0, 0, room, 0)
        self.setAccessibleName(name)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.textEdited.connect(self.edited)

    def show_text(self, text: str) -> None:
        """Show `text`, leaving the cursor alone when it is there already."""
        if text != self.text():
            self.setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = _ARROWS.get(Qt.Key(event.key()), 0)
        if by:
            self._move(by)
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus() and event.angleDelta().y():
            self._move(1 if event.angleDelta().y() > 0 else -1)
            event.accept()
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The unit stands inside, where it cannot be typed over."""
        super().paintEvent(event)
        if self._unit:
            painter = QPainter(self)
            painter.setPen(self.palette().placeholderText().color())
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(self.rect().adjusted(0, 0, -GRID, 0), right, self._unit)

    def _move(self, by: int) -> None:
        text = self._step(self.text(), by)
        if text != self.text():
            self.setText(text)
            self.edited.emit(text)
