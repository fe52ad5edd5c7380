"""The starting noise: its number, a lock that keeps it and a die that rolls another."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.actions import Actions
from app.controls.buttons import tool_button
from app.controls.labels import ErrorLine, label
from app.controls.number_field import NumberField
from app.controls.slider_row import LABEL_PX
from app.state.request import RequestModel
from app.theme import GRID


class SeedRow(QWidget):
    """Shows the seed used; typing one locks it."""

    def __init__(
        self, request: RequestModel, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._request = request
        self._actions = actions
        self.field = NumberField(self.tr("Seed"), _step)
        self.field.setObjectName("seed")
        self.field.edited.connect(lambda text: request.edit(seed=text, seed_locked=True))
        self.error = ErrorLine({"seed": self.field})
        self._lay_out()
        actions["lock_seed"].triggered.connect(request.lock_seed)
        actions["new_seed"].triggered.connect(request.roll_seed)
        request.changed.connect(self._show)
        request.planned.connect(self._show_problem)
        self._show("seed")
        self._show("seed_locked")

    def _lay_out(self) -> None:
        name = label(self.tr("Seed"), buddy=self.field)
        name.setFixedWidth(LABEL_PX)
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        row.addWidget(name)
        row.addSpacing(GRID // 2)
        row.addWidget(self.field, 1)
        row.addWidget(tool_button(self._actions["lock_seed"]))
        row.addWidget(tool_button(self._actions["new_seed"]))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addWidget(self.error)

    def _show_problem(self) -> None:
        self.error.show_problem(self._request.marked)

    def _show(self, name: str) -> None:
        draft = self._request.draft
        if name == "seed":
            self.field.show_text(draft.seed)
        elif name == "seed_locked":
            self._actions["lock_seed"].setChecked(draft.seed_locked)
            self._actions.set_icon("lock_seed", "locked" if draft.seed_locked else "unlocked")
            self.field.setToolTip(
                self.tr("Kept for every take")
                if draft.seed_locked
                else self.tr("Drawn anew for each take; lock it to keep it")
            )


def _step(text: str, by: int) -> str:
    return str(max(0, int(text) + by)) if text.strip().isdigit() else text
