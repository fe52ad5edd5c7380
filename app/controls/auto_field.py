"""A field that may be left to the planner: what was planned shows dimly, and can be taken over."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from app.theme import Theme


class AutoField(QLineEdit):
    """Empty means automatic. The button inside takes the planned value over, or drops the given.

    A `narrow` field has no room to offer the former.
    """

    edited = Signal(str)

    def __init__(
        self,
        theme: Theme,
        name: str,
        hint: str = "",
        parent: QWidget | None = None,
        *,
        narrow: bool = False,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._planned = ""
        self._hint = hint
        self._narrow = narrow
        self.setAccessibleName(name)
        self._button = self.addAction(
            theme.icon("edit", "text_dim"), QLineEdit.ActionPosition.TrailingPosition
        )
        self._button.triggered.connect(self._on_button)
        self.textEdited.connect(self._on_typed)
        theme.changed.connect(self._show_state)
        self._show_state()

    def show_text(self, text: str) -> None:
        if text != self.text():
            self.setText(text)
        self._show_state()

    def show_planned(self, planned: str) -> None:
        """Show what the planner chose; empty while it is not known."""
        self._planned = planned
        self._show_state()

    def _on_typed(self, text: str) -> None:
        self._show_state()
        self.edited.emit(text)

    def _on_button(self) -> None:
        self.setText("" if self.text() else self._planned)
        self._show_state()
        self.edited.emit(self.text())
        self.setFocus()

    def _show_state(self) -> None:
        given = bool(self.text())
        auto = _tr("auto")
        self.setPlaceholderText(f"{self._planned} · {auto}" if self._planned else auto)
        self.setToolTip(self._hint if given or not self._planned else self._planned)
        self._button.setVisible(given or (bool(self._planned) and not self._narrow))
        self._button.setIcon(self._theme.icon("close" if given else "edit", "text_dim"))
        self._button.setToolTip(
            _tr("Leave it to the planner") if given else _tr("Take this value over and edit it")
        )


def _tr(text: str) -> str:
    return QCoreApplication.translate("AutoField", text)
