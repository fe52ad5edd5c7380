"""What the music keeps to: tempo, key, chords and drums or none, planned or given."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QCompleter, QGridLayout, QLabel, QVBoxLayout, QWidget

from app.controls.auto_field import AutoField
from app.controls.auto_picker import AutoPicker
from app.controls.labels import ErrorLine, label
from app.controls.slider_row import LABEL_PX
from app.state.draft import drums_word
from app.state.request import RequestModel
from app.theme import GRID, Theme
from engine.api import Key, Mode, Score


class ScorePanel(QWidget):
    """Four fields, each left to the planner while it is empty."""

    def __init__(self, request: RequestModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._request = request
        self.tempo = self._field(theme, "tempo_bpm", self.tr("Tempo"))
        self.key = self._field(theme, "key", self.tr("Key"))
        self.key.setCompleter(QCompleter([str(Key(t, m)) for m in Mode for t in range(12)], self))
        hint = self.tr("One chord a bar, for example F#m7 D A E; they repeat")
        self.chords = self._field(theme, "chords", self.tr("Chords"), hint)
        self.drums = AutoPicker(
            theme, self.tr("Drums"), {"with": self.tr("with"), "without": self.tr("without")}
        )
        self.drums.setObjectName("drums")
        self.drums.edited.connect(self._editor("drums"))
        self._fields: dict[str, AutoField | AutoPicker] = {
            "tempo_bpm": self.tempo,
            "key": self.key,
            "chords": self.chords,
            "drums": self.drums,
        }
        self.error = ErrorLine(self._fields)
        self._lay_out()
        request.changed.connect(self._show)
        request.planned.connect(self._show_plan)
        for name in self._fields:
            self._show(name)
        self._show_plan()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        for at, field in enumerate(self._fields.values()):
            grid.addWidget(_name(field), at, 0)
            grid.addWidget(field, at, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(grid)
        column.addWidget(self.error)

    def _field(self, theme: Theme, name: str, title: str, hint: str = "") -> AutoField:
        field = AutoField(theme, title, hint)
        field.setObjectName(name)
        field.edited.connect(self._editor(name))
        return field

    def _editor(self, name: str) -> Callable[[str], None]:
        return lambda text: self._request.edit(**{name: text})

    def _show(self, name: str) -> None:
        if name in self._fields:
            self._fields[name].show_text(getattr(self._request.draft, name))

    def _show_plan(self) -> None:
        self.error.show_problem(self._request.marked)
        plan = self._request.plan or Score()
        self.tempo.show_planned(f"{plan.tempo_bpm:g} bpm" if plan.tempo_bpm else "")
        self.key.show_planned(str(plan.key) if plan.key else "")
        self.chords.show_planned(plan.chord_names)
        self.drums.show_planned(drums_word(plan.drums))


def _name(field: QWidget) -> QLabel:
    made = label(field.accessibleName(), buddy=field)
    made.setFixedWidth(LABEL_PX)
    return made
