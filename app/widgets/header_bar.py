"""The top of the window: which model, on what machine, through which output, in which light."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QStandardItemModel
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QWidget

from app.actions import Actions
from app.controls.buttons import MenuButton, Picker
from app.controls.labels import ElidedLabel, label
from app.playback.devices import DeviceState
from app.state.request import RequestModel
from app.theme import GRID, Theme, ThemeChoice
from engine.api import ModelInfo

HEADER_PX = 6 * GRID
_OUTPUT_PX = 30 * GRID


class HeaderBar(QFrame):
    """`output_chosen` carries a device's name, "" for the system's default."""

    output_chosen = Signal(str)
    theme_chosen = Signal(object)  # a ThemeChoice

    def __init__(
        self,
        request: RequestModel,
        models: tuple[ModelInfo, ...],
        actions: Actions,
        theme: Theme,
        menu: QMenu,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setFixedHeight(HEADER_PX)
        self._request = request
        self._models = {model.id: model for model in models}
        self._actions = actions
        self._theme = theme
        self.model = self._model_picker()
        self.device = ElidedLabel(role="dim")
        self.device.setAccessibleName(self.tr("The engine runs on"))
        self.output = self._output_button()
        self.theme_button = self._theme_button()
        self.menu_button = MenuButton(theme, self.tr("Menu"), arrow=False)
        self.menu_button.setMenu(menu)
        self._lay_out()
        request.changed.connect(self._show)
        theme.changed.connect(self._tint)
        self._show("model")
        self._tint()

    def show_device(self, name: str) -> None:
        """Tell what the engine computes on."""
        self.device.setText(name)

    def show_outputs(self, state: DeviceState) -> None:
        """List the audio outputs and tell which one is in use."""
        menu = self.output.menu()
        menu.clear()
        chosen = QActionGroup(menu)
        self._add_output(menu, chosen, self.tr("System default"), "", state)
        for name in state.outputs:
            self._add_output(menu, chosen, name, name, state)
        if state.wanted and state.wanted not in state.outputs:
            missing = self._add_output(menu, chosen, state.wanted, state.wanted, state)
            missing.setText(self.tr("{0} (not connected)").format(state.wanted))
        menu.addSeparator()
        menu.addAction(self._actions["rescan_devices"])
        self._show_output(state)

    def _show_output(self, state: DeviceState) -> None:
        text = state.in_use or self.tr("No output")
        if state.fallen_back:
            text = self.tr("{0} (instead)").format(state.in_use)
        room = _OUTPUT_PX - 8 * GRID
        fits = self.output.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        self.output.setText(fits)
        self.output.setToolTip(state.problem or self.tr("Audio output: {0}").format(text))
        self.output.setAccessibleName(self.tr("Audio output: {0}").format(text))
        self._output_works = bool(state.in_use) and not state.fallen_back
        self._tint()

    def _add_output(
        self, menu: QMenu, group: QActionGroup, text: str, name: str, state: DeviceState
    ) -> QAction:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(name == state.wanted)
        action.triggered.connect(lambda: self.output_chosen.emit(name))
        group.addAction(action)
        return action

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, 0, GRID, 0)
        row.setSpacing(GRID)
        row.addWidget(label("Undertone", "title"))
        row.addSpacing(2 * GRID)
        row.addWidget(label(self.tr("Model"), "dim", self.model))
        row.addWidget(self.model)
        row.addWidget(self.device, 1)
        row.addWidget(self.output)
        row.addWidget(self.theme_button)
        row.addWidget(self.menu_button)

    def _model_picker(self) -> Picker:
        picker = Picker(self._theme, self.tr("Model"))
        picker.setMinimumWidth(20 * GRID)
        picker.setMaximumWidth(32 * GRID)
        entries = picker.model()
        for at, model in enumerate(self._models.values()):
            picker.addItem(model.title, model.id)
            tip = model.problem or self.tr("Licence: {0}").format(model.licence)
            picker.setItemData(at, tip, Qt.ItemDataRole.ToolTipRole)
            if model.problem and isinstance(entries, QStandardItemModel):
                entries.item(at).setEnabled(False)
        picker.activated.connect(self._on_model)
        return picker

    def _on_model(self, at: int) -> None:
        model = self._models[self.model.itemData(at)]
        if model.id != self._request.draft.model:
            self._request.choose_model(model)

    def _output_button(self) -> MenuButton:
        button = MenuButton(self._theme, self.tr("Audio output"), arrow=True)
        button.setObjectName("output")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setMaximumWidth(_OUTPUT_PX)
        button.setText(self.tr("Looking for outputs…"))
        button.setMenu(QMenu(button))
        self._output_works = True
        return button

    def _theme_button(self) -> MenuButton:
        button = MenuButton(self._theme, self.tr("Theme"), arrow=False)
        button.setObjectName("theme")
        menu = QMenu(button)
        self._themes = QActionGroup(menu)
        titles = {
            ThemeChoice.SYSTEM: self.tr("Like the system"),
            ThemeChoice.LIGHT: self.tr("Light"),
            ThemeChoice.DARK: self.tr("Dark"),
        }
        for choice, title in titles.items():
            action = menu.addAction(title)
            action.setData(choice)
            action.setCheckable(True)
            action.triggered.connect(self._theme_picker(choice))
            self._themes.addAction(action)
        button.setMenu(menu)
        return button

    def _theme_picker(self, choice: ThemeChoice):  # type: ignore[no-untyped-def]
        return lambda: self.theme_chosen.emit(choice)

    def _tint(self) -> None:
        look = "dark" if self._theme.is_dark else "light"
        self.theme_button.setIcon(self._theme.icon(f"theme-{look}"))
        self.menu_button.setIcon(self._theme.icon("menu"))
        name, color = ("output", "text") if self._output_works else ("muted", "warning")
        self.output.setIcon(self._theme.icon(name, color))
        for action in self._themes.actions():
            action.setChecked(action.data() == self._theme.choice)

    def _show(self, name: str) -> None:
        if name == "model":
            self.model.choose(self._request.draft.model)
