"""The export sheet: lies over the window's corner, blocks nothing, and says what the file will be.

Format, rate and level are chosen above; peak, loudness and the gain that will be applied are
shown before anything is written. Enter exports, Escape closes.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app.actions import Actions
from app.controls.buttons import Picker
from app.controls.labels import ElidedLabel, label
from app.controls.restyle import set_role
from app.state.exporter import Exporter
from app.state.takes import Takes
from app.theme import GRID, Theme
from engine.audio.export import LOUDNESS_TARGETS_LUFS, ExportPlan, Normalise
from engine.audio.files import SAMPLE_RATES, FileFormat
from engine.audio.levels import Levels

SHEET_PX = 52 * GRID
FORMATS = {
    FileFormat.WAV_16: "WAV, 16 bit",
    FileFormat.WAV_24: "WAV, 24 bit",
    FileFormat.WAV_FLOAT: "WAV, 32 bit float",
    FileFormat.FLAC_16: "FLAC, 16 bit",
    FileFormat.FLAC_24: "FLAC, 24 bit",
}

_STYLE = """
#exportSheet {{ background: {panel}; border: 1px solid {edge}; border-radius: 8px; }}
#exportNow:disabled {{ background: {field}; border-color: {edge}; color: {edge}; }}
"""


class ExportSheet(QFrame):
    """Opens on the `export` action for the current take."""

    def __init__(
        self, exporter: Exporter, takes: Takes, actions: Actions, theme: Theme, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._window = parent
        self._came_from: QWidget | None = None  # what had the focus before
        self.setObjectName("exportSheet")
        self.setAccessibleName(self.tr("Export"))
        self.setFixedWidth(SHEET_PX)
        self._exporter = exporter
        self._takes = takes
        self._theme = theme
        self._title = ElidedLabel(role="title")
        self.close_button = QToolButton()
        self.format = Picker(theme, self.tr("Format"))
        self.rate = Picker(theme, self.tr("Sample rate"))
        self.level = Picker(theme, self.tr("Level"))
        self.name = QLineEdit()
        self.folder = QLineEdit()
        self._browse = QPushButton(self.tr("Choose…"))
        self._suffix = label("", "dim")
        self._levels = label("", "small")
        self._problem = label("", "error")
        self.export_button = QPushButton()
        self._fill()
        self._lay_out()
        self._connect(actions)
        self._tint()
        self.hide()
        parent.installEventFilter(self)

    # Layout

    def _fill(self) -> None:
        for format, text in FORMATS.items():
            self.format.addItem(text, format.value)
        self.rate.addItem(self.tr("As it was made"), None)
        for rate in SAMPLE_RATES:
            self.rate.addItem(f"{rate / 1000:g} kHz", rate)
        self.level.addItem(self.tr("As it is"), Normalise.OFF.value)
        self.level.addItem(self.tr("Peak at −1 dBFS"), Normalise.PEAK.value)
        for lufs in LOUDNESS_TARGETS_LUFS:
            text = self.tr("{0} LUFS, true peak −1 dBTP at most").format(_signed(lufs, 0))
            self.level.addItem(text, lufs)
        names = {"exportFormat": self.format, "exportRate": self.rate, "exportLevel": self.level,
                 "exportName": self.name, "exportFolder": self.folder,
                 "exportBrowse": self._browse, "exportNow": self.export_button,
                 "exportClose": self.close_button}  # fmt: skip
        for name, widget in names.items():
            widget.setObjectName(name)
        for line in (self._levels, self._problem):
            line.setWordWrap(True)
            line.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.close_button.setAccessibleName(self.tr("Close"))
        self.close_button.setToolTip(self.tr("Close without exporting (Esc)"))
        set_role(self.export_button, "primary")

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addLayout(self._form())
        column.addWidget(self._problem)
        column.addWidget(self.export_button)

    def _form(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(1, 1)
        rows: tuple[tuple[str, QWidget, QWidget | None], ...] = (
            (self.tr("Format"), self.format, None),
            (self.tr("Rate"), self.rate, None),
            (self.tr("Level"), self.level, None),
            ("", self._levels, None),
            (self.tr("Name"), self.name, self._suffix),
            (self.tr("Folder"), self.folder, self._browse),
        )
        for at, (text, field, beside) in enumerate(rows):
            if text:
                grid.addWidget(label(text, "dim", buddy=field), at, 0)
            grid.addWidget(field, at, 1, 1, 1 if beside else 2)
            if beside is not None:
                grid.addWidget(beside, at, 2)
        return grid

    def _connect(self, actions: Actions) -> None:
        exporter = self._exporter
        actions["export"].triggered.connect(self._open)
        exporter.changed.connect(self._show)
        self.format.activated.connect(
            lambda: exporter.choose(format=FileFormat(self.format.currentData()))
        )
        self.rate.activated.connect(lambda: exporter.choose(sample_rate=self.rate.currentData()))
        self.level.activated.connect(self._on_level)
        self.name.textEdited.connect(lambda text: exporter.set_target(name=text))
        self.folder.textEdited.connect(lambda text: exporter.set_target(folder=text))
        self._browse.clicked.connect(self._choose_folder)
        self.export_button.clicked.connect(exporter.export)
        self.close_button.clicked.connect(exporter.close)
        for field in (self.name, self.folder):
            field.returnPressed.connect(exporter.export)
        self._theme.changed.connect(self._tint)

    # What the user does

    def _open(self) -> None:
        take = self._takes.current
        if take is not None:
            self._came_from = self._came_from or self._window.window().focusWidget()
            self._exporter.open(take)
            self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)
            length = len(self.name.text())
            self.name.setSelection(length, -length)  # all of it, the beginning in view

    def _on_level(self) -> None:
        chosen = self.level.currentData()
        if isinstance(chosen, float):
            self._exporter.choose(normalise=Normalise.LOUDNESS, loudness_lufs=chosen)
        else:
            self._exporter.choose(normalise=Normalise(chosen))

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self, self.tr("Choose a folder"), self.folder.text()
        )
        if folder:
            self._exporter.set_target(folder=folder)

    def event(self, event: QEvent) -> bool:
        """Keep Escape from cancelling a job while the sheet has the focus."""
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._exporter.close()
        else:
            super().keyPressEvent(event)

    # What is shown

    def _show(self) -> None:
        draft, exporter = self._exporter.draft, self._exporter
        if draft is None:
            self._hide()
            return
        prompt = " ".join(draft.take.request.prompt.split())
        self._title.setText(self.tr("Export “{0}”").format(prompt))
        choice = draft.choice
        self.format.choose(choice.format.value)
        self.rate.choose(choice.sample_rate)
        loudness = choice.normalise is Normalise.LOUDNESS
        self.level.choose(choice.loudness_lufs if loudness else choice.normalise.value)
        for field, text in ((self.name, draft.name), (self.folder, draft.folder)):
            if field.text() != text:
                field.setText(text)
        self._suffix.setText(choice.format.suffix)
        self._levels.setText(self._level_text(exporter.plan))
        self._show_problem(self._problem_text())
        verb = self.tr("Replace the file") if exporter.replaces else self.tr("Export")
        self.export_button.setText(self.tr("Exporting…") if exporter.busy else verb)
        self.export_button.setEnabled(exporter.can_export)
        self.show()
        self.raise_()
        self._place()

    def _hide(self) -> None:
        """Close, the keyboard going back to the take it came from."""
        self.hide()
        if self._came_from is not None and isValid(self._came_from):
            self._came_from.setFocus()
        self._came_from = None

    def _level_text(self, plan: ExportPlan | None) -> str:
        if plan is None:
            return self.tr("Measuring…") if self._exporter.error is None else ""
        if plan.before.peak_db == -math.inf:
            return self.tr("The take is silent.")
        lines = [self.tr("Now: {0}").format(_levels(plan.before))]
        if plan.gain_db:
            gain = _signed(plan.gain_db, 1, plus=True)
            lines.append(self.tr("Gain {0} dB: {1}").format(gain, _levels(plan.after)))
        else:
            lines.append(self.tr("Nothing is changed."))
        if plan.limited_by_true_peak:
            lines.append(self.tr("Held back there by the true peak."))
        return "\n".join(lines)

    def _problem_text(self) -> str:
        exporter = self._exporter
        if exporter.error is not None:
            return str(exporter.error)
        if exporter.plan is not None and exporter.plan.too_loud:
            return self.tr(
                "The take goes over full scale, which this format cannot hold. "
                "Choose a level, or WAV with 32 bit float."
            )
        if not exporter.can_export and exporter.plan is not None and not exporter.busy:
            return self.tr('This name cannot be used. Leave out / \\ : * ? " < > |')
        return ""

    def _show_problem(self, text: str) -> None:
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    # Where it lies

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        """The lower right corner of the window, where the takes' buttons are."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.resize(SHEET_PX, layout.totalHeightForWidth(SHEET_PX))
        left = self._window.width() - self.width() - 2 * GRID
        self.move(max(left, 0), max(self._window.height() - self.height() - 2 * GRID, 0))

    def _tint(self) -> None:
        colors = {name: self._theme.color(name).name() for name in ("panel", "edge", "field")}
        self.setStyleSheet(_STYLE.format(**colors))
        self.close_button.setIcon(self._theme.icon("close"))


def _signed(value: float, decimals: int, plus: bool = False) -> str:
    text = f"{value:+.{decimals}f}" if plus else f"{value:.{decimals}f}"
    return text.replace("-", "−")


def _levels(levels: Levels) -> str:
    loudness = levels.loudness_lufs
    lufs = f", {_signed(loudness, 1)} LUFS" if math.isfinite(loudness) else ""
    return f"peak {_signed(levels.peak_db, 1, plus=True)} dBFS{lufs}"
