"""The small field in which one bar's chord is written."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolTip, QWidget

from app.controls.completer import offer_words
from app.controls.restyle import set_role, set_style

_OWN_KEYS = (
    Qt.Key.Key_Escape,
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Backtab,
)
_STAYS = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)


class ChordEditor(QLineEdit):
    """`kept` carries the text and where to go on: 0 stays, 1 and -1 are the bars beside."""

    kept = Signal(str, int)
    left = Signal()  # without a change, by Escape
    blurred = Signal(str)  # the focus went elsewhere

    def __init__(self, text: str, offered: list[str], name: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setObjectName("chordEditor")
        self.setAccessibleName(name)
        set_role(self, "inline")
        self._popup = offer_words(self, offered)
        self.textEdited.connect(lambda: self.complain(""))
        self.selectAll()

    def complain(self, message: str) -> None:
        """Say what is wrong with the text, or that nothing is."""
        set_style(self, "invalid", bool(message))
        self.setAccessibleDescription(message)
        if message:
            self._popup.hide()
            QToolTip.showText(self.mapToGlobal(self.rect().bottomLeft()), message, self)
        else:
            QToolTip.hideText()

    def event(self, event: QEvent) -> bool:
        """Take the keys that would else cancel a job or move the focus."""
        if isinstance(event, QKeyEvent) and event.key() in _OWN_KEYS:
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                event.accept()
                self._answer(Qt.Key(event.key()))
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down brings the whole list; typing narrows it."""
        if event.key() == Qt.Key.Key_Down and not self._popup.isVisible():
            self.completer().setCompletionPrefix("")
            self.completer().complete()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in _STAYS:
            self.blurred.emit(self.text())

    def _answer(self, key: Qt.Key) -> None:
        if key == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            onward = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(key, 0)
            self.kept.emit(self.text(), onward)
