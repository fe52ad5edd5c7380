"""A field that holds one sound file: chosen or dropped, named, and taken off by one click."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QToolButton, QWidget

from app.controls.labels import ElidedLabel
from app.controls.restyle import set_role, set_style
from app.theme import GRID, Theme


class FileField(QFrame):
    """`chosen` carries a `Path` of the user's choosing; who holds the value shows it."""

    chosen = Signal(object)
    removed = Signal()

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._offered = False
        self.setAccessibleName(name)
        set_role(self, "file")
        self.shown = ElidedLabel(role="dim")
        self.choose = _button(_tr("Choose a sound file"))
        self.remove = _button(_tr("Take it off"))
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID + 2, 0, 2, 0)
        row.setSpacing(0)
        row.addWidget(self.shown, 1)
        row.addSpacing(GRID // 2)
        row.addWidget(self.choose)
        row.addWidget(self.remove)
        self.choose.clicked.connect(self._open_dialog)
        self.remove.clicked.connect(self._on_remove)
        theme.changed.connect(self._tint)
        self._tint()
        self.show_name("")

    def show_name(self, name: str) -> None:
        """Show what is held; empty shows what can be done."""
        self._name = name
        self._show()

    def offer(self, offered: bool) -> None:
        """Tell that what is being dragged can be dropped here."""
        self._offered = offered
        self._show()

    def _show(self) -> None:
        text = _tr("drop it here") if self._offered else self._name or _tr("drop or choose a sound")
        held = bool(self._name) and not self._offered
        self.shown.setText(text)
        set_role(self.shown, "" if held else "dim")
        set_style(self, "held", held)
        set_style(self, "offered", self._offered)
        self.remove.setVisible(bool(self._name))
        self.choose.setAccessibleDescription(self._name)

    def _on_remove(self) -> None:
        self.choose.setFocus(Qt.FocusReason.OtherFocusReason)  # the button that was used goes
        self.removed.emit()

    def _open_dialog(self) -> None:
        dialog = QFileDialog(self.window(), self.choose.toolTip())
        dialog.setNameFilter(_tr("Audio files (*.wav *.flac *.ogg *.mp3 *.aiff *.aif)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.chosen.emit(Path(path)))
        dialog.open()

    def _tint(self) -> None:
        self.choose.setIcon(self._theme.icon("folder", "text_dim"))
        self.remove.setIcon(self._theme.icon("close", "text_dim"))


def _button(name: str) -> QToolButton:
    button = QToolButton()
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _tr(text: str) -> str:
    return QCoreApplication.translate("FileField", text)
