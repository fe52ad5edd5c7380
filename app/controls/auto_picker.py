"""A picker that may be left to the planner: its first entry tells what was planned."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from app.controls.buttons import Picker
from app.controls.restyle import set_style
from app.theme import Theme


class AutoPicker(Picker):
    """The value "" means automatic; `edited` carries the value that the user chose."""

    edited = Signal(str)

    def __init__(
        self, theme: Theme, name: str, choices: Mapping[str, str], parent: QWidget | None = None
    ) -> None:
        """`choices` maps each value to what is shown for it."""
        super().__init__(theme, name, parent)
        self._choices = choices
        for value, text in {"": _auto(), **choices}.items():
            self.addItem(text, value)
        self.currentIndexChanged.connect(self._on_chosen)
        self._show_state()

    def show_text(self, text: str) -> None:
        self.choose(text)
        self._show_state()

    def show_planned(self, value: str) -> None:
        """Tell that the planner chose `value`; "" while it is not known."""
        planned = self._choices.get(value)
        self.setItemText(0, f"{planned} · {_auto()}" if planned else _auto())

    def _on_chosen(self) -> None:
        self._show_state()
        self.edited.emit(self.currentData())

    def _show_state(self) -> None:
        set_style(self, "auto", not self.currentData())


def _auto() -> str:
    return QCoreApplication.translate("AutoField", "auto")
