"""Labels: in one of the style sheet's roles, cut with an ellipsis, or telling what is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from app.controls.restyle import set_role, set_style
from engine.errors import InvalidRequest


def label(text: str, role: str = "", buddy: QWidget | None = None) -> QLabel:
    """A label; with a `buddy`, it also names that field for a screen reader."""
    made = QLabel(text)
    if role:
        set_role(made, role)
    if buddy is not None:
        made.setBuddy(buddy)
        if not buddy.accessibleName():
            buddy.setAccessibleName(text)
    return made


class ElidedLabel(QLabel):
    """One line that gives way: what does not fit ends in an ellipsis and is in the tool tip."""

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        if role:
            set_role(self, role)

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        fits = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width()
        )
        self.setToolTip(self.text() if fits != self.text() else "")
        painter = QPainter(self)
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.contentsRect(), int(self.alignment()), fits)


class ErrorLine(QLabel):
    """Says under its fields what is wrong with one of them, and marks that field."""

    def __init__(self, fields: Mapping[str, QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields = fields
        self.setWordWrap(True)
        self.setVisible(False)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        set_role(self, "error")

    def show_problem(self, problem: InvalidRequest | None) -> None:
        """Show `problem` where one of the fields is at fault; anything else clears the line."""
        ours = problem if problem is not None and problem.field in self._fields else None
        for name, widget in self._fields.items():
            at_fault = ours is not None and ours.field == name
            set_style(widget, "invalid", at_fault)
            widget.setAccessibleDescription(str(ours) if at_fault else "")
        self.setText(str(ours) if ours else "")
        self.setVisible(ours is not None)
