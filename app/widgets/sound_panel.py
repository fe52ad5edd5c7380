"""How long the music is and how it is made: the sliders."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.controls.labels import ErrorLine
from app.controls.slider_row import Scale, SliderRow
from app.state.request import RequestModel
from app.theme import GRID
from engine.api import Limits

LENGTH = Scale(*Limits.DURATION_S, curve=3.0, decimals=1)
STEPS = Scale(*Limits.STEPS, curve=3.0)
GUIDANCE = Scale(*Limits.GUIDANCE, curve=2.0, decimals=1)


class SoundPanel(QWidget):
    """Length, steps and guidance."""

    def __init__(self, request: RequestModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._request = request
        self.rows = {
            "duration_s": SliderRow(
                self.tr("Length"), LENGTH, self.tr("s"), self.tr("Seconds of music")
            ),
            "steps": SliderRow(
                self.tr("Steps"), STEPS, "", self.tr("More steps take longer and sound cleaner")
            ),
            "guidance": SliderRow(
                self.tr("Guidance"), GUIDANCE, "", self.tr("How closely the prompt is followed")
            ),
        }
        self.error = ErrorLine({name: row.field for name, row in self.rows.items()})
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        for name, row in self.rows.items():
            row.edited.connect(self._editor(name))
            row.field.setObjectName(name)
            column.addWidget(row)
        column.addWidget(self.error)
        request.changed.connect(self._show)
        request.planned.connect(self._show_problem)
        for name in self.rows:
            self._show(name)

    def _editor(self, name: str) -> Callable[[str], None]:
        return lambda text: self._request.edit(**{name: text})

    def _show_problem(self) -> None:
        self.error.show_problem(self._request.marked)

    def _show(self, name: str) -> None:
        if name in self.rows:
            self.rows[name].show_text(getattr(self._request.draft, name))
