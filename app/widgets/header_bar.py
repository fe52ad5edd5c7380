"""The top of the window: which model, on what machine, through which output, in which light."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QActionGroup, QStandardItemModel
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QWidget

from app.controls.buttons import MenuButton, Picker
from app.controls.labels import ElidedLabel, label
from app.state.request import RequestModel
from app.theme import GRID, Theme, ThemeChoice
from engine.api import ModelInfo

HEADER_PX = 6 * GRID
_OUTPUT_PX = 30 * GRID


class HeaderBar(QFrame):
    """`output` is the picker of the audio output; `menu` opens behind the last button."""

    theme_chosen = Signal(object)  # a ThemeChoice

    def __init__(
        self,
        request: RequestModel,
        models: tuple[ModelInfo, ...],
        theme: Theme,
        output: QWidget,
        menu: QMenu,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("header")
        self.setFixedHeight(HEADER_PX)
        self._request = request
        self._models = {model.id: model for model in models}
        self._theme = theme
        self.model = self._model_picker()
        self.device = ElidedLabel(role="dim")
        self.device.setAccessibleName(self.tr("The engine runs on"))
        self.theme_button = self._theme_button()
        self.menu_button = MenuButton(theme, self.tr("Menu"), arrow=False)
        self.menu_button.setMenu(menu)
        self._lay_out(output)
        request.changed.connect(self._show)
        theme.changed.connect(self._tint)
        self._show("model")
        self._tint()

    def show_device(self, name: str) -> None:
        """Tell what the engine computes on."""
        self.device.setText(name)

    def _lay_out(self, output: QWidget) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, 0, GRID, 0)
        row.setSpacing(GRID)
        row.addWidget(label("Undertone", "title"))
        row.addSpacing(2 * GRID)
        row.addWidget(label(self.tr("Model"), "dim", self.model))
        row.addWidget(self.model)
        row.addWidget(self.device, 1)
        output.setFixedWidth(_OUTPUT_PX)
        row.addWidget(label(self.tr("Output"), "dim", output))
        row.addWidget(output)
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

    def _theme_picker(self, choice: ThemeChoice) -> Callable[[], None]:
        return lambda: self.theme_chosen.emit(choice)

    def _tint(self) -> None:
        look = "dark" if self._theme.is_dark else "light"
        self.theme_button.setIcon(self._theme.icon(f"theme-{look}"))
        self.menu_button.setIcon(self._theme.icon("menu"))
        for action in self._themes.actions():
            action.setChecked(action.data() == self._theme.choice)

    def _show(self, name: str) -> None:
        if name == "model":
            self.model.choose(self._request.draft.model)
