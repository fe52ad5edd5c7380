"""Who gets a key that is both a shortcut and a widget's own.

Text fields let the window's Ctrl shortcuts through, except those that edit text; buttons keep
Space, and sliders keep Home and End, which would otherwise play and skip.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from shiboken6 import isValid

from app.actions import Actions

_EDITING = ("undo", "redo")  # a text field has its own


class KeyGuard(QObject):
    """Filters the `ShortcutOverride` events of the widget that has the focus."""

    def __init__(self, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._actions = actions
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow)

    def _follow(self, before: QWidget | None, now: QWidget | None) -> None:
        if before is not None and isValid(before):
            before.removeEventFilter(self)
        if now is not None:
            now.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        if isinstance(watched, QLineEdit | QPlainTextEdit):
            return self._release(event)
        if isinstance(watched, QWidget) and _is_own_key(watched, event.key()):
            event.accept()
            return True
        return False

    def _release(self, event: QKeyEvent) -> bool:
        """Let a Ctrl shortcut of the window pass a text field that would have taken it."""
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        pressed = QKeySequence(QKeyCombination(event.modifiers(), Qt.Key(event.key())))
        for spec in self._actions:
            if spec.id not in _EDITING and pressed in self._actions[spec.id].shortcuts():
                event.ignore()
                return True
        return False


def _is_own_key(widget: QWidget, key: int) -> bool:
    if isinstance(widget, QAbstractButton | QComboBox):
        return key == Qt.Key.Key_Space
    if isinstance(widget, QAbstractSlider):
        return key in (Qt.Key.Key_Home, Qt.Key.Key_End)
    return False
