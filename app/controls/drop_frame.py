"""A region of the window that takes dropped files for a purpose of its own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QLineEdit, QWidget


class DropFrame(QFrame):
    """Its text fields let files pass on to it, which they would else type in as addresses."""

    dropped = Signal(object)  # Path of a file from outside
    own_dropped = Signal()  # what was dragged from another part of this window
    offered = Signal(bool)  # a file is held over the frame

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)

    def pass_on_from(self, form: QWidget) -> None:
        """Let files through the text fields in `form`."""
        for field in form.findChildren(QLineEdit):
            field.installEventFilter(self)
        for area in form.findChildren(QAbstractScrollArea):
            area.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QDragEnterEvent) and _file_in(event.mimeData()):
            event.ignore()
            if isinstance(watched, QWidget):  # which will not be told when the file leaves it
                watched.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
            return True
        return False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _file_in(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.offered.emit(True)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.offered.emit(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.offered.emit(False)
        path = _file_in(event.mimeData())
        if path is None:
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if event.source() is None:
            self.dropped.emit(path)
        else:
            self.own_dropped.emit()


def _file_in(data: QMimeData) -> Path | None:
    """The first local file of what is dragged."""
    return next((Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()), None)
