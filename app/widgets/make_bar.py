"""Generate, how many takes at once, cancel, and hearing it while it forms."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.actions import Actions
from app.controls.buttons import ActionButton, tool_button
from app.controls.labels import ErrorLine
from app.controls.number_field import NumberField
from app.state.request import RequestModel
from app.theme import GRID

_MOST_STEPPED_TO = 99


class MakeBar(QWidget):
    """The row of buttons that never scrolls away."""

    def __init__(
        self, request: RequestModel, actions: Actions, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._request = request
        self.takes = NumberField(self.tr("Takes at once"), _step, "×")
        self.takes.setObjectName("takes")
        self.takes.setFixedWidth(6 * GRID)
        self.takes.setToolTip(self.tr("How many takes one click makes"))
        self.takes.edited.connect(lambda text: request.edit(takes=text))
        self.error = ErrorLine({"takes": self.takes})
        generate = ActionButton(actions["generate"], "primary")
        generate.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(generate, 1)
        row.addWidget(self.takes)
        row.addWidget(ActionButton(actions["cancel"], "large"))
        row.addWidget(tool_button(actions["audition"]))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(row)
        column.addWidget(self.error)
        request.changed.connect(self._show)
        request.planned.connect(self._show_problem)
        self._show("takes")

    def _show_problem(self) -> None:
        self.error.show_problem(self._request.marked)

    def _show(self, name: str) -> None:
        if name == "takes":
            self.takes.show_text(self._request.draft.takes)


def _step(text: str, by: int) -> str:
    stripped = text.strip()
    return str(min(max(1, int(stripped) + by), _MOST_STEPPED_TO)) if stripped.isdigit() else text
