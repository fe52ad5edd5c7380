"""How long the music is and how it is made: the sliders, and the rarely used ones under "more"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.actions import Actions
from app.controls.buttons import Picker, tool_button
from app.controls.labels import ErrorLine, label
from app.controls.slider_row import LABEL_PX, Scale, SliderRow
from app.state.request import RequestModel
from app.theme import GRID, Theme
from engine.api import Limits, SamplerName, ScheduleName

LENGTH = Scale(*Limits.DURATION_S, curve=3.0, decimals=1)
STEPS = Scale(*Limits.STEPS, curve=3.0)
GUIDANCE = Scale(*Limits.GUIDANCE, curve=2.0, decimals=1)

SAMPLERS = {
    SamplerName.DPMPP_2M: "DPM-Solver++ 2M",
    SamplerName.EULER: "Euler",
    SamplerName.HEUN: "Heun",
    SamplerName.DDIM: "DDIM",
}
SCHEDULES = {
    ScheduleName.KARRAS: "Karras",
    ScheduleName.EXPONENTIAL: "Exponential",
    ScheduleName.COSINE: "Cosine",
    ScheduleName.LINEAR: "Linear",
}


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
        request.planned.connect(lambda: self.error.show_problem(request.marked))
        for name in self.rows:
            self._show(name)

    def _editor(self, name: str) -> Callable[[str], None]:
        return lambda text: self._request.edit(**{name: text})

    def _show(self, name: str) -> None:
        if name in self.rows:
            self.rows[name].show_text(getattr(self._request.draft, name))


class MorePanel(QWidget):
    """Sampler and schedule, folded away until they are asked for."""

    def __init__(
        self, request: RequestModel, actions: Actions, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._request = request
        self._actions = actions
        self._sampler = self._picker(theme, self.tr("Sampler"), "sampler", SAMPLERS)
        self._schedule = self._picker(theme, self.tr("Schedule"), "schedule", SCHEDULES)
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(GRID)
        body.addLayout(self._row(self.tr("Sampler"), self._sampler))
        body.addLayout(self._row(self.tr("Schedule"), self._schedule))
        self._lay_out()
        request.changed.connect(self._show)
        self._show("sampler")
        self._show("schedule")

    def _lay_out(self) -> None:
        fold = tool_button(self._actions["more"], "fold")
        fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(fold)
        column.addWidget(self._body)
        self._actions["more"].toggled.connect(self._fold)
        self._fold(self._actions["more"].isChecked())

    def _fold(self, is_open: bool) -> None:
        self._body.setVisible(is_open)
        self._actions.set_icon("more", "chevron-down" if is_open else "chevron-right")

    def _picker(self, theme: Theme, title: str, name: str, choices: Mapping[Any, str]) -> Picker:
        picker = Picker(theme, title)
        for value, text in choices.items():
            picker.addItem(text, str(value))
        picker.currentIndexChanged.connect(
            lambda _at: self._request.edit(**{name: picker.currentData()})
        )
        return picker

    @staticmethod
    def _row(title: str, picker: Picker) -> QHBoxLayout:
        name = label(title, buddy=picker)
        name.setFixedWidth(LABEL_PX)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(name)
        row.addWidget(picker, 1)
        return row

    def _show(self, name: str) -> None:
        if name == "sampler":
            self._sampler.choose(self._request.draft.sampler)
        elif name == "schedule":
            self._schedule.choose(self._request.draft.schedule)
