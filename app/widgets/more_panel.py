"""What is rarely changed: style, metre, drums, sampler, schedule, and how guidance is refined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.actions import Actions
from app.controls.auto_picker import AutoPicker
from app.controls.buttons import ActionButton, Picker
from app.controls.labels import label
from app.controls.slider_row import LABEL_PX
from app.state.draft import drums_word
from app.state.request import RequestModel
from app.theme import GRID, Theme
from engine.api import STYLES, SamplerName, ScheduleName, Score

METRES = ("2", "3", "4", "5", "6", "7")
_N = cast(Callable[[str, str], str], QT_TRANSLATE_NOOP)
SAMPLERS = {
    _N("MorePanel", "Precise in few steps"): {
        SamplerName.DPMPP_2M: "DPM-Solver++ 2M",
        SamplerName.UNIPC: "UniPC",
        SamplerName.HEUN: "Heun",
        SamplerName.IPNDM: "Improved PNDM",
        SamplerName.PNDM: "PNDM",
        SamplerName.PLMS: "PLMS",
    },
    _N("MorePanel", "Simple"): {
        SamplerName.EULER: "Euler",
        SamplerName.DDIM: "DDIM",
        SamplerName.RECTIFIED_FLOW: "Rectified flow",
    },
    _N("MorePanel", "With fresh noise"): {
        SamplerName.DPMPP_2M_SDE: "DPM-Solver++ 2M SDE",
        SamplerName.DPMPP_3M_SDE: "DPM-Solver++ 3M SDE",
        SamplerName.EULER_ANCESTRAL: "Euler ancestral",
    },
    _N("MorePanel", "For distilled models"): {
        SamplerName.LCM: "LCM",
        SamplerName.PING_PONG: "Ping-pong",
    },
}
SCHEDULES = {
    _N("MorePanel", "By noise level"): {
        ScheduleName.KARRAS: "Karras",
        ScheduleName.EXPONENTIAL: "Exponential",
        ScheduleName.POLYEXPONENTIAL: "Polyexponential",
    },
    _N("MorePanel", "By a model's own time"): {
        ScheduleName.COSINE: "Cosine",
        ScheduleName.CRASH: "Crash",
        ScheduleName.SCALED_LINEAR: "Scaled linear",
        ScheduleName.LINEAR: "Linear",
        ScheduleName.SHIFTED: "Shifted",
    },
}


class MorePanel(QWidget):
    """Folded away until asked for: style, metre, drums, sampler, schedule and `refinement`."""

    def __init__(
        self,
        request: RequestModel,
        actions: Actions,
        theme: Theme,
        refinement: QWidget,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._request = request
        self._actions = actions
        self._style = AutoPicker(theme, self.tr("Style"), {s.id: s.title for s in STYLES})
        self._style.setObjectName("style")
        self._style.edited.connect(lambda style: request.edit(style=style))
        self._metre = AutoPicker(theme, self.tr("Metre"), self._metres())
        self._metre.edited.connect(lambda beats: request.edit(beats_per_bar=beats))
        self._drums = AutoPicker(theme, self.tr("Drums"), self._drum_words())
        self._drums.setObjectName("drums")
        self._drums.edited.connect(lambda drums: request.edit(drums=drums))
        self._sampler = self._picker(theme, self.tr("Sampler"), "sampler", SAMPLERS)
        self._schedule = self._picker(theme, self.tr("Schedule"), "schedule", SCHEDULES)
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(GRID // 2)
        body.addLayout(self._row(self.tr("Style"), self._style))
        body.addLayout(self._row(self.tr("Metre"), self._metre))
        body.addLayout(self._row(self.tr("Drums"), self._drums))
        body.addLayout(self._row(self.tr("Sampler"), self._sampler))
        body.addLayout(self._row(self.tr("Schedule"), self._schedule))
        body.addWidget(refinement)
        self._lay_out()
        request.changed.connect(self._show)
        request.planned.connect(self._show_plan)
        for name in ("style", "beats_per_bar", "drums", "sampler", "schedule"):
            self._show(name)
        self._show_plan()

    def _metres(self) -> dict[str, str]:
        return {beats: self.tr("{0} beats a bar").format(beats) for beats in METRES}

    def _drum_words(self) -> dict[str, str]:
        return {"with": self.tr("with"), "without": self.tr("without")}

    def _lay_out(self) -> None:
        fold = ActionButton(self._actions["more"], "fold")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(fold, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._body)
        self._actions["more"].toggled.connect(self._fold)
        self._fold(self._actions["more"].isChecked())

    def _fold(self, is_open: bool) -> None:
        self._body.setVisible(is_open)
        self._actions.set_icon("more", "chevron-down" if is_open else "chevron-right")

    def _picker(
        self, theme: Theme, title: str, name: str, groups: Mapping[str, Mapping[Any, str]]
    ) -> Picker:
        picker = Picker(theme, title)
        for heading, choices in groups.items():
            if heading:
                picker.add_heading(self.tr(heading))
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
        draft = self._request.draft
        if name == "style":
            self._style.show_text(draft.style)
        elif name == "beats_per_bar":
            self._metre.show_text(draft.beats_per_bar)
        elif name == "drums":
            self._drums.show_text(draft.drums)
        elif name == "sampler":
            self._sampler.choose(draft.sampler)
        elif name == "schedule":
            self._schedule.choose(draft.schedule)

    def _show_plan(self) -> None:
        plan = self._request.plan or Score()
        self._style.show_planned(plan.style or "")
        self._metre.show_planned(str(plan.beats_per_bar or ""))
        self._drums.show_planned(drums_word(plan.drums))
