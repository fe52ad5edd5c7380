"""A search field that leads on to what it found."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from app.theme import Theme

_ONWARD = (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class SearchField(QLineEdit):
    """Escape clears the text; Enter and Down ask to go on to the results."""

    onward = Signal()

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self._icon = self._add_icon("search", QLineEdit.ActionPosition.LeadingPosition)
        self._clear = self._add_icon("close", QLineEdit.ActionPosition.TrailingPosition)
        self._clear.setToolTip(self.tr("Clear"))
        self._clear.setVisible(False)
        self._clear.triggered.connect(self.clear)
        self.textChanged.connect(lambda text: self._clear.setVisible(bool(text)))
        for button in self.findChildren(QToolButton):  # the theme's are as tall as the field
            button.setStyleSheet("min-width: 0; min-height: 0; border: none; background: none;")
        theme.changed.connect(self._tint)

    def _add_icon(self, name: str, position: QLineEdit.ActionPosition) -> QAction:
        return self.addAction(self._theme.icon(name, "text_dim"), position)

    def event(self, event: QEvent) -> bool:
        """Keep Escape from the window's shortcuts while there is text to clear."""
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and self._clears(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._clears(event):
            self.clear()
        elif event.key() in _ONWARD:
            self.onward.emit()
        else:
            super().keyPressEvent(event)

    def _clears(self, event: QKeyEvent) -> bool:
        return event.key() == Qt.Key.Key_Escape and bool(self.text())

    def _tint(self) -> None:
        self._clear.setIcon(self._theme.icon("close", "text_dim"))
        self._icon.setIcon(self._theme.icon("search", "text_dim"))
