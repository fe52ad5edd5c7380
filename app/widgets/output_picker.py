"""The choice of the audio output, remembered by name, with what is wrong said in words."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.actions import Actions
from app.controls.buttons import Picker, tool_button
from app.controls.restyle import set_style
from app.playback.devices import DeviceState
from app.state.output import Output
from app.theme import GRID, Theme


class OutputPicker(QWidget):
    """A list of outputs and a button that looks for them again."""

    chosen = Signal(str)  # what the user wants from now on, "" for the system's default

    def __init__(
        self, theme: Theme, actions: Actions, output: Output, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._output = output
        self._list = Picker(theme, self.tr("Audio output"))
        self._list.setObjectName("output")
        self._list.setMinimumContentsLength(14)
        self._list.activated.connect(self._on_activated)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(self._list, 1)
        row.addWidget(tool_button(actions["rescan_devices"]))
        self.setFocusProxy(self._list)
        output.changed.connect(self._show)
        self._show(output.state)

    def _on_activated(self, index: int) -> None:
        name = str(self._list.itemData(index))
        self._output.choose(name)
        self.chosen.emit(name)

    def _show(self, state: DeviceState) -> None:
        self._list.clear()
        self._list.addItem(self._default_text(state), "")
        for name in state.outputs:
            self._list.addItem(name, name)
        if state.wanted and state.wanted not in state.outputs:
            self._list.addItem(self.tr("{0} (not connected)").format(state.wanted), state.wanted)
        self._list.choose(state.wanted)
        told = self._told(state)
        self._list.setToolTip(told)
        self._list.setAccessibleDescription(told)
        set_style(self._list, "invalid", bool(state.problem) or state.fallen_back)

    def _default_text(self, state: DeviceState) -> str:
        if state.problem:
            return self.tr("No audio output")
        if state.in_use and not state.wanted and state.in_use != "default":
            return self.tr("System output: {0}").format(state.in_use)
        return self.tr("System output")

    def _told(self, state: DeviceState) -> str:
        if state.problem:
            return f"{state.problem} {state.remedy}"
        if state.fallen_back:
            return self.tr("“{0}” is not connected; playing through “{1}”").format(
                state.wanted, state.in_use
            )
        return self.tr("Playing through “{0}”").format(state.in_use) if state.in_use else ""
