"""Every action with its shortcut, which can be changed in place."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QKeySequenceEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.actions import Actions, ActionSpec, translate
from app.controls.labels import ElidedLabel, label
from app.controls.restyle import set_role
from app.settings import Settings
from app.theme import GRID

_SIZE = (640, 560)
_KEYS_PX = 22 * GRID


class ShortcutsDialog(QDialog):
    """Not modal. A key that another action holds is refused with a word about it."""

    def __init__(self, actions: Actions, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._settings = settings
        self.fields: dict[str, QKeySequenceEdit] = {}
        self.resets: dict[str, QPushButton] = {}
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*_SIZE)
        self.told = label("", "error")
        self.told.setWordWrap(True)
        self._lay_out()

    def _lay_out(self) -> None:
        body = QWidget()
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 2 * GRID, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        grid.setColumnStretch(0, 1)
        self._fill(grid)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(body)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        reset = QPushButton(self.tr("Reset all"))
        buttons.addButton(reset, QDialogButtonBox.ButtonRole.ResetRole)
        reset.clicked.connect(self._reset_all)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(scroll, 1)
        column.addWidget(self.told)
        column.addWidget(buttons)

    def _fill(self, grid: QGridLayout) -> None:
        group = ""
        for spec in self._actions:
            if spec.group != group:
                group = spec.group
                title = label(translate(group), "heading")
                title.setContentsMargins(0, 2 * GRID, 0, 0)
                grid.addWidget(title, grid.rowCount(), 0, 1, 3)
            self._add_row(grid, grid.rowCount(), spec)

    def _add_row(self, grid: QGridLayout, row: int, spec: ActionSpec) -> None:
        field = QKeySequenceEdit()
        field.setMaximumSequenceLength(1)
        field.setClearButtonEnabled(True)
        field.setFixedWidth(_KEYS_PX)
        field.setAccessibleName(translate(spec.text))
        field.editingFinished.connect(lambda: self._change(spec.id))
        name = ElidedLabel(translate(spec.text))
        name.setBuddy(field)
        reset = QPushButton(self.tr("Reset"))
        reset.setAccessibleName(self.tr("Reset {0}").format(translate(spec.text)))
        set_role(reset, "link")
        reset.clicked.connect(lambda: self._reset(spec.id))
        for column, widget in enumerate((name, field, reset)):
            grid.addWidget(widget, row, column)
        place = reset.sizePolicy()
        place.setRetainSizeWhenHidden(True)
        reset.setSizePolicy(place)
        self.fields[spec.id], self.resets[spec.id] = field, reset
        self._show(spec.id)

    def _change(self, id: str) -> None:
        keys = self.fields[id].keySequence()
        if keys == self._actions[id].shortcut():
            return
        holder = self._holder(keys, id)
        if holder is not None:
            shown = keys.toString(QKeySequence.SequenceFormat.NativeText)
            self.told.setText(
                self.tr("{0} belongs to “{1}”. Take it away there first.").format(
                    shown, translate(holder.text)
                )
            )
            self._show(id)
            return
        self.told.clear()
        text = keys.toString(QKeySequence.SequenceFormat.PortableText)
        self._actions.set_keys(id, [text] if text else [])
        self._show(id)
        self._keep()

    def _holder(self, keys: QKeySequence, id: str) -> ActionSpec | None:
        """The other action that has `keys`, if any."""
        if keys.isEmpty():
            return None
        others = (spec for spec in self._actions if spec.id != id)
        return next((s for s in others if keys in self._actions[s.id].shortcuts()), None)

    def _reset(self, id: str) -> None:
        self._actions.reset_keys(id)
        self._show(id)
        self._keep()

    def _reset_all(self) -> None:
        for id in self.fields:
            self._actions.reset_keys(id)
            self._show(id)
        self.told.clear()
        self._keep()

    def _show(self, id: str) -> None:
        """The key in force; the way back only where there is one."""
        self.fields[id].setKeySequence(self._actions[id].shortcut())
        self.resets[id].setVisible(self._actions.is_custom(id))

    def _keep(self) -> None:
        self._settings.values.shortcuts = self._actions.custom_keys()
        self._settings.save()
