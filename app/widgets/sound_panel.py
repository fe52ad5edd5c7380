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
        request.planned.connect(self._on_planned)
        for name in self.rows:
            self._show(name)

    def _editor(self, name: str) -> Callable[[str], None]:
        return lambda text: self._request.edit(**{name: text})

    def _on_planned(self) -> None:
        self.error.show_problem(self._request.marked)
        problem = self._request.problem
        if problem is None or problem.field == "duration_s":
            self.rows["duration_s"].tell_instead(self._loop_length())

    def _loop_length(self) -> str:
        """How long a loop lasts, which its bars and tempo decide; "" for other music."""
        plan = self._request.plan
        if plan is None or plan.loop_s is None:
            return ""
        bars = self.tr("{0} bars") if plan.bars != 1 else self.tr("{0} bar")
        return f"{bars.format(plan.bars)} · {plan.loop_s:.2f} {self.tr('s')}"

    def _show(self, name: str) -> None:
        if name in self.rows:
            self.rows[name].show_text(getattr(self._request.draft, name))
