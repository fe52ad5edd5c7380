"""What the music keeps to: players, loop or not, tempo, key, chords, and what it fits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.controls.auto_field import AutoField
from app.controls.auto_picker import AutoPicker
from app.controls.completer import offer_listed_words, offer_words
from app.controls.file_field import FileField
from app.controls.labels import ErrorLine, label
from app.controls.slider_row import LABEL_PX
from app.state.draft import loop_word
from app.state.request import RequestModel
from app.theme import GRID, Theme
from engine.api import INSTRUMENTS, Key, Mode, Score, Stem

_LOOP_PX = 13 * GRID  # "off · auto" and its arrow; the bars have the rest


class ScorePanel(QWidget):
    """Every field of the score is left to the planner while it is empty.

    `name_of` tells what a sound file is called; `over_chosen` carries one that the user chose.
    """

    over_chosen = Signal(object)  # Path

    def __init__(
        self,
        request: RequestModel,
        theme: Theme,
        name_of: Callable[[Path], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._request = request
        self._theme = theme
        self._name_of = name_of
        hint = self.tr("Who plays, and nobody else, for example piano, upright bass")
        self.instruments = self._field("instruments", self.tr("Players"), hint)
        offer_listed_words(self.instruments, [each.name for each in INSTRUMENTS])
        self.stem = self._picker("stem", self.tr("Stem"), self._stems())
        self.loop = self._picker("loop", self.tr("Loop"), self._loops())
        self.bars = self._field(
            "bars", self.tr("Bars"), self.tr("How many bars the loop lasts"), True
        )
        self.tempo = self._field("tempo_bpm", self.tr("Tempo"))
        self.key = self._field("key", self.tr("Key"))
        offer_words(self.key, [str(Key(t, m)) for m in Mode for t in range(12)])
        hint = self.tr("One chord a bar, for example F#m7 D A E; they repeat")
        self.chords = self._field("chords", self.tr("Chords"), hint)
        self.over = FileField(theme, self.tr("Over"))
        self.over.setObjectName("over")
        self.over.setToolTip(self.tr("Write a part that fits the music in this file"))
        self._fields: dict[str, AutoField | AutoPicker] = {
            "instruments": self.instruments,
            "stem": self.stem,
            "loop": self.loop,
            "bars": self.bars,
            "tempo_bpm": self.tempo,
            "key": self.key,
            "chords": self.chords,
        }
        self.error = ErrorLine({**self._fields, "over": self.over})
        self._lay_out()
        self._connect()

    def show_over(self) -> None:
        """Name the sound that is played over; its take may be known only now."""
        path = self._request.draft.over
        self.over.show_name(self._name_of(Path(path)) if path else "")

    def _stems(self) -> dict[str, str]:
        return {
            Stem.MIX.value: self.tr("everyone"),
            Stem.DRUMS.value: self.tr("drums"),
            Stem.BASS.value: self.tr("bass"),
            Stem.CHORDS.value: self.tr("chords"),
            Stem.LEAD.value: self.tr("lead"),
            Stem.PAD.value: self.tr("pad"),
        }

    def _loops(self) -> dict[str, str]:
        return {"off": self.tr("off"), "on": self.tr("on")}

    def _lay_out(self) -> None:
        loop = QHBoxLayout()
        loop.setSpacing(GRID)
        loop.addWidget(self.loop, 1)
        loop.addWidget(self.bars, 1)
        grid = QGridLayout()
        grid.setSpacing(GRID)
        grid.setVerticalSpacing(GRID // 2)
        rows: tuple[QWidget, ...] = (
            self.instruments, self.stem, self.loop, self.tempo, self.key, self.chords,
            self.over,
        )  # fmt: skip
        for at, field in enumerate(rows):
            grid.addWidget(_name(field), at, 0)
            if field is self.loop:
                grid.addLayout(loop, at, 1)
            else:
                grid.addWidget(field, at, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(grid)
        column.addWidget(self.error)

    def _connect(self) -> None:
        request = self._request
        self.over.chosen.connect(self.over_chosen)
        self.over.removed.connect(request.write_alone)
        request.changed.connect(self._show)
        request.planned.connect(self._show_plan)
        for name in (*self._fields, "over"):
            self._show(name)
        self._show_plan()

    def _field(self, name: str, title: str, hint: str = "", narrow: bool = False) -> AutoField:
        field = AutoField(self._theme, title, hint, narrow=narrow)
        field.setObjectName(name)
        field.edited.connect(self._editor(name))
        return field

    def _picker(self, name: str, title: str, choices: dict[str, str]) -> AutoPicker:
        picker = AutoPicker(self._theme, title, choices)
        picker.setObjectName(name)
        picker.edited.connect(self._editor(name))
        return picker

    def _editor(self, name: str) -> Callable[[str], None]:
        return lambda text: self._request.edit(**{name: text})

    def _show(self, name: str) -> None:
        if name in self._fields:
            self._fields[name].show_text(getattr(self._request.draft, name))
        elif name == "over":
            self.show_over()

    def _show_plan(self) -> None:
        self.error.show_problem(self._request.marked)
        plan = self._request.plan or Score()
        self.instruments.show_planned(", ".join(plan.instruments or ()))
        self.stem.show_planned(plan.stem.value if plan.stem else "")
        self.loop.show_planned(loop_word(plan.loop))
        self.tempo.show_planned(f"{plan.tempo_bpm:g} bpm" if plan.tempo_bpm else "")
        self.key.show_planned(str(plan.key) if plan.key else "")
        self.chords.show_planned(plan.chord_names)
        self._show_bars(plan)

    def _show_bars(self, plan: Score) -> None:
        """Bars are asked for beside a loop alone: other music has a length."""
        bars = self.tr("{0} bars") if plan.bars != 1 else self.tr("{0} bar")
        self.bars.show_planned(bars.format(plan.bars) if plan.bars and plan.loop else "")
        draft = self._request.draft
        loops = draft.loop == "on" or (draft.loop == "" and bool(plan.loop or draft.bars))
        if self._request.problem is None or draft.loop:
            self.bars.setVisible(loops)
            self.loop.setMaximumWidth(_LOOP_PX if loops else 16_777_215)


def _name(field: QWidget) -> QLabel:
    made = label(field.accessibleName(), buddy=field)
    made.setFixedWidth(LABEL_PX)
    return made
