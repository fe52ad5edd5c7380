"""The window: three regions, their splitters, the menu. What happens is the conductor's."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.conductor import Conductor
from app.dialogs.about import AboutDialog
from app.dialogs.export import ExportSheet
from app.dialogs.shortcuts import ShortcutsDialog
from app.keys import KeyGuard
from app.menus import build_menu
from app.play_over import PlayOver
from app.request_panel import PANEL_PX, RequestPanel
from app.studio import Studio
from app.theme import GRID
from app.widgets.chord_lane import ChordLane
from app.widgets.empty_state import EmptyState
from app.widgets.header_bar import HeaderBar
from app.widgets.level_meter import LevelMeter
from app.widgets.notice_bar import NoticeBar
from app.widgets.output_picker import OutputPicker
from app.widgets.ruler import Ruler
from app.widgets.spectrogram_view import SpectrogramView
from app.widgets.step_scrubber import StepScrubber
from app.widgets.takes_list.takes_list import TakesList
from app.widgets.transport_bar import TransportBar
from app.widgets.waveform_view import WaveformView

START_SIZE = QSize(1280, 800)
_FRAME = QSize(0, 40)  # pixels that a title bar takes beside the window
_Widget = TypeVar("_Widget", bound=QWidget)
_TAKES_PX = 20 * GRID  # two takes under their tools
_WAVEFORM_PX = 8 * GRID


class MainWindow(QMainWindow):
    """Composes the widgets over one studio, which it closes with itself."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self._studio = studio
        self.conductor = Conductor(studio, self)
        self.play_over = PlayOver(studio, self)
        self.setWindowTitle("Undertone")
        self.setAcceptDrops(True)
        self.setCentralWidget(self._body())
        self._connect()
        self._restore_layout()
        self._panel.prompt.prompt.setFocus()
        KeyGuard(studio.actions, self)

    # Layout

    def _body(self) -> QWidget:
        studio = self._studio
        body = _named(QWidget(), "window")
        column = QVBoxLayout(body)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self._header())
        column.addWidget(NoticeBar(studio.notices, studio.theme))
        self._rows = _splitter(Qt.Orientation.Vertical, self._stage(), self._takes())
        self._rows.setStretchFactor(0, 1)
        self._rows.setStretchFactor(1, 0)
        self._panel = RequestPanel(studio, self.play_over)
        self._columns = _splitter(Qt.Orientation.Horizontal, self._panel, self._rows)
        self._columns.setStretchFactor(0, 0)
        self._columns.setStretchFactor(1, 1)
        column.addWidget(self._columns, 1)
        ExportSheet(studio.exporter, studio.takes, studio.actions, studio.theme, body)
        return body

    def _header(self) -> HeaderBar:
        studio = self._studio
        output = OutputPicker(studio.theme, studio.actions, studio.transport.output)
        output.chosen.connect(self.conductor.keep_output)
        menu = build_menu(studio.actions, studio.recent, self.conductor.open_file, self)
        self.addActions(studio.actions.all())
        header = HeaderBar(studio.request, studio.models, studio.theme, output, menu)
        header.theme_chosen.connect(self.conductor.choose_theme)
        studio.jobs.ready.connect(lambda event: header.show_device(event.device))
        return header

    def _stage(self) -> QFrame:
        studio = self._studio
        theme, axis, transport = studio.theme, studio.axis, studio.transport
        viewer = QWidget()
        column = _column(viewer)
        column.setContentsMargins(0, GRID, 0, 0)
        column.addWidget(self._spectrogram(), 1)
        column.addWidget(self._waveform())
        column.addWidget(ChordLane(theme, axis, transport, studio.chords))
        column.addWidget(Ruler(theme, axis, transport))
        column.addWidget(self._scrubber())
        empty = EmptyState(theme)
        empty.chosen.connect(self.conductor.generate_example)
        stack = QStackedWidget()
        stack.addWidget(empty)
        stack.addWidget(viewer)
        studio.viewing.filled.connect(lambda: stack.setCurrentWidget(viewer))
        studio.viewing.emptied.connect(lambda: stack.setCurrentWidget(empty))
        meter = LevelMeter(theme)
        transport.levels_changed.connect(meter.hear)
        stage = _named(QFrame(), "panel")
        whole = _column(stage)
        whole.addWidget(stack, 1)
        whole.addWidget(TransportBar(theme, studio.actions, transport, meter))
        return stage

    def _spectrogram(self) -> SpectrogramView:
        studio = self._studio
        view = SpectrogramView(studio.theme, studio.axis, studio.transport)
        values = studio.settings.values
        view.set_colour_map(values.colour_map)
        view.set_range(values.floor_db, values.top_db)
        view.colour_map_changed.connect(self.conductor.keep_colour_map)
        view.range_changed.connect(self.conductor.keep_levels)
        studio.viewing.picture_changed.connect(view.show_picture)
        return view

    def _waveform(self) -> WaveformView:
        studio = self._studio
        view = WaveformView(studio.theme, studio.axis, studio.transport)
        view.setFixedHeight(_WAVEFORM_PX)
        studio.viewing.peaks_changed.connect(view.show_peaks)
        return view

    def _scrubber(self) -> StepScrubber:
        viewing, jobs = self._studio.viewing, self._studio.jobs
        scrubber = StepScrubber()
        scrubber.step_chosen.connect(jobs.show_step)
        scrubber.newest_chosen.connect(lambda: jobs.show_step(None))

        def show() -> None:
            job = viewing.job
            steps = sorted(job.pictures) if job else []
            over = job is not None and job.clip is not None
            scrubber.show_steps(steps, job.total if job else 0, jobs.shown_step, finished=over)

        viewing.steps_changed.connect(show)
        return scrubber

    def _takes(self) -> QFrame:
        studio = self._studio
        takes = TakesList(studio.takes, studio.actions, studio.theme)
        takes.play_requested.connect(self.conductor.play_take)
        panel = _named(QFrame(), "panel")
        _column(panel).addWidget(takes)
        return panel

    # Actions of the window itself

    def _connect(self) -> None:
        actions = self._studio.actions
        actions["focus_prompt"].triggered.connect(self._panel.prompt.prompt.setFocus)
        actions["open_file"].triggered.connect(self._choose_file)
        actions["shortcuts"].triggered.connect(self._show_shortcuts)
        actions["about"].triggered.connect(self._show_about)
        actions["quit"].triggered.connect(self.close)

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Open an audio file"))
        dialog.setNameFilter(self.tr("Audio files (*.wav *.flac)"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.conductor.open_file(Path(path)))
        dialog.open()

    def _show_shortcuts(self) -> None:
        ShortcutsDialog(self._studio.actions, self._studio.settings, self).show()

    def _show_about(self) -> None:
        AboutDialog(self._studio.models, self).show()

    # Dropped files and closing

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()) and event.source() is None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.conductor.open_file(Path(url.toLocalFile()))
                event.acceptProposedAction()
                return

    def closeEvent(self, event: QCloseEvent) -> None:
        self._keep_layout()
        self.hide()
        self._studio.close()
        event.accept()

    def _restore_layout(self) -> None:
        values = self._studio.settings.values
        self._studio.actions["more"].setChecked(values.more_open)
        size = start_size(self.screen().availableSize())
        if not self.restoreGeometry(_bytes(values.geometry)):
            self.resize(size)
        if not self._columns.restoreState(_bytes(values.columns)):
            self._columns.setSizes([PANEL_PX, size.width() - PANEL_PX])
        if not self._rows.restoreState(_bytes(values.rows)):
            self._rows.setSizes([size.height() - _TAKES_PX, _TAKES_PX])

    def _keep_layout(self) -> None:
        values = self._studio.settings.values
        values.more_open = self._studio.actions["more"].isChecked()
        values.geometry = _text(self.saveGeometry())
        values.columns = _text(self._columns.saveState())
        values.rows = _text(self._rows.saveState())


def start_size(screen: QSize) -> QSize:
    """How large the first window is where a screen has so much room, in pixels.

    Generate is at its foot, and must not lie below the screen's edge.
    """
    return START_SIZE.boundedTo(screen - _FRAME)


def _splitter(orientation: Qt.Orientation, *parts: QWidget) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setHandleWidth(GRID)
    splitter.setChildrenCollapsible(False)
    for part in parts:
        splitter.addWidget(part)
    return splitter


def _named(widget: _Widget, name: str) -> _Widget:
    widget.setObjectName(name)
    return widget


def _column(widget: QWidget, margin: int = 0) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(margin, margin, margin, margin)
    column.setSpacing(GRID if margin else 0)
    return column


def _bytes(text: str) -> QByteArray:
    return QByteArray.fromBase64(text.encode("ascii", "ignore"))


def _text(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode()
