"""The spectrogram in the window: a canvas behind, playhead and text in front.

matplotlib takes half a second to import, so it is imported behind the shown window; until it
is there the view keeps what it was asked to show.
"""

from __future__ import annotations

from math import log2
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QActionGroup,
    QColor,
    QContextMenuEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from app.state.background import Background, import_behind
from app.state.time_axis import LEFT_MARGIN_PX, RIGHT_MARGIN_PX, TimeAxis
from app.state.transport import Transport
from app.theme import Theme
from app.timeline.gestures import TimeGestures
from app.timeline.overlay import TimeOverlay
from app.widgets.spectrogram_view.colour_scale import DEFAULT_RANGE_DB, ColourScale
from app.widgets.spectrogram_view.raster import BOTTOM_PX, TOP_PX, level_at
from engine.api import Picture
from engine.audio.spectrogram import FrequencyScale

if TYPE_CHECKING:
    from app.widgets.spectrogram_view.canvas import Look, SpectrogramCanvas

COLOUR_MAPS = ("magma", "inferno", "viridis", "cividis")
_RANGES_DB = (40, 60, 70, 90)
_NOTES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")


class SpectrogramView(QWidget):
    """Shows one `Picture` on the shared time axis; see `show_picture`."""

    range_changed = Signal(float, float)  # floor and top in dB
    colour_map_changed = Signal(str)
    readout_changed = Signal(str)  # time, frequency and level under the pointer; "" without

    def __init__(
        self, theme: Theme, axis: TimeAxis, transport: Transport, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._axis = axis
        self._transport = transport
        self._picture: Picture | None = None
        self._colour_map = COLOUR_MAPS[0]
        self._height_share: float | None = None  # the pointer's height, 0 at the lowest band
        self._module: ModuleType | None = None
        self._canvas: SpectrogramCanvas | None = None
        self.setMinimumHeight(120)
        self.setAccessibleName(self.tr("Spectrogram"))
        self._overlay = TimeOverlay(self, theme, axis, transport, TOP_PX, BOTTOM_PX)
        self._scale = ColourScale(theme, self)
        self._readout = QLabel(self)
        self._readout.setObjectName("readout")
        self._readout.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._readout.hide()
        TimeGestures(self, axis, transport)
        self._scale.range_changed.connect(self._on_range)
        axis.view_changed.connect(self._on_view)
        axis.cursor_changed.connect(self._update_readout)
        transport.position_changed.connect(self._follow_playhead)
        theme.changed.connect(self._dress)
        self._dress_readout()
        Background(self).run(_import_canvas, self._make_canvas)

    # What is shown.

    @property
    def picture(self) -> Picture | None:
        return self._picture

    def show_picture(self, picture: Picture | None) -> None:
        """Replace what is shown, without re-plotting; None clears it."""
        self._picture = picture
        if self._canvas is not None:
            self._canvas.set_picture(picture)
        self._scale.setVisible(picture is not None)
        self._describe()
        self._update_readout()

    @property
    def range_db(self) -> tuple[float, float]:
        return self._scale.range_db

    def set_range(self, floor_db: float, top_db: float) -> None:
        """The levels that the first and the last colour stand for."""
        self._scale.set_range(floor_db, top_db)

    @property
    def colour_map(self) -> str:
        return self._colour_map

    def set_colour_map(self, name: str) -> None:
        """One of `COLOUR_MAPS`; another name is ignored, as settings may be older or newer."""
        if name in COLOUR_MAPS and name != self._colour_map:
            self._colour_map = name
            self._dress()
            self.colour_map_changed.emit(name)

    # The canvas.

    def _make_canvas(self, module: ModuleType) -> None:
        self._module = module
        table = self._table()
        canvas: SpectrogramCanvas = module.SpectrogramCanvas(self._look(), table)
        canvas.setParent(self)
        canvas.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        canvas.setGeometry(self.rect())
        canvas.lower()
        self._canvas = canvas
        canvas.set_range(*self._scale.range_db)
        canvas.set_view(self._axis.start_s, self._axis.end_s)
        canvas.set_picture(self._picture)
        self._scale.set_table(table)
        canvas.show()

    def _dress(self) -> None:
        if self._canvas is not None and self._module is not None:
            table = self._table()
            self._canvas.set_look(self._look())
            self._canvas.set_table(table)
            self._scale.set_table(table)
        self._dress_readout()
        self.update()

    def _dress_readout(self) -> None:
        text, back = self._theme.color("text").name(), self._theme.color("panel").name()
        self._readout.setStyleSheet(
            f"color: {text}; background: {back}; border-radius: 4px; padding: 2px 8px;"
        )

    def _table(self) -> NDArray[np.uint8]:
        from app.colour_maps import colour_table  # matplotlib is there, as the canvas is

        return colour_table(self._colour_map, self._theme.color("canvas").name())

    def _look(self) -> Look:
        assert self._module is not None
        colour = self._theme.color
        look: Look = self._module.Look(
            panel=colour("panel").name(),
            label=colour("text_dim").name(),
            line=colour("edge").name(),
            fonts=(self.font().family(), "DejaVu Sans"),
        )
        return look

    def _on_view(self) -> None:
        if self._canvas is not None:
            self._canvas.set_view(self._axis.start_s, self._axis.end_s)

    def _on_range(self, floor_db: float, top_db: float) -> None:
        if self._canvas is not None:
            self._canvas.set_range(floor_db, top_db)
        self.range_changed.emit(floor_db, top_db)

    def _follow_playhead(self, position_s: float) -> None:
        if self._transport.is_playing:
            self._axis.follow(position_s)

    # The pointer.

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        tall = max(1, self.height() - TOP_PX - BOTTOM_PX)
        share = 1.0 - (event.position().y() - TOP_PX) / tall
        self._height_share = share if 0.0 <= share <= 1.0 else None
        self._update_readout()

    def _update_readout(self) -> None:
        text = self._readout_text()
        if text != self._readout.text():
            self._readout.setText(text)
            self._place_readout()
            self.readout_changed.emit(text)
        self._readout.setVisible(bool(text))

    def _readout_text(self) -> str:
        time_s, share, picture = self._axis.cursor_s, self._height_share, self._picture
        if time_s is None or share is None or picture is None or not self.underMouse():
            return ""
        freq_hz = float(FrequencyScale(picture.low_hz, picture.high_hz).inverse(share))
        level = f"{level_at(picture, time_s, share):.0f}".replace("-", "−")
        return f"{time_s:.3f} s   {freq_hz:,.0f} Hz {note_name(freq_hz)}   {level} dB"

    def _place_readout(self) -> None:
        self._readout.adjustSize()
        right = self.width() - RIGHT_MARGIN_PX - 8
        self._readout.move(right - self._readout.width(), TOP_PX + 8)

    # The widget.

    def _describe(self) -> None:
        picture = self._picture
        self.setAccessibleDescription(
            self.tr("{0:.1f} seconds, {1:.0f} Hz to {2:.0f} Hz").format(
                picture.duration_s, picture.low_hz, picture.high_hz
            )
            if picture
            else self.tr("Empty")
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._canvas is not None:
            self._canvas.setGeometry(self.rect())
        tall = max(1, self.height() - TOP_PX - BOTTOM_PX)
        left = self.width() - RIGHT_MARGIN_PX + 12
        self._scale.setGeometry(left, TOP_PX, RIGHT_MARGIN_PX - 16, tall)
        self._place_readout()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground that shows until the canvas is there."""
        if self._canvas is None:
            painter = QPainter(self)
            painter.fillRect(self.rect(), self._theme.color("panel"))
            inner = self.rect().adjusted(LEFT_MARGIN_PX, TOP_PX, -RIGHT_MARGIN_PX, -BOTTOM_PX)
            painter.fillRect(inner, QColor(self._theme.color("canvas")))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu().exec(event.globalPos())

    def menu(self) -> QMenu:
        """Colours and level range."""
        menu = QMenu(self)
        group = QActionGroup(menu)
        for name in COLOUR_MAPS:
            action = menu.addAction(name.capitalize())
            action.setCheckable(True)
            action.setChecked(name == self._colour_map)
            action.triggered.connect(lambda _=False, name=name: self.set_colour_map(name))
            group.addAction(action)
        menu.addSeparator()
        top_db = self._scale.range_db[1]
        for span in _RANGES_DB:
            action = menu.addAction(self.tr("Show {0} dB").format(span))
            action.triggered.connect(lambda _=False, s=span: self.set_range(top_db - s, top_db))
        usual = menu.addAction(self.tr("Usual range"))
        usual.triggered.connect(lambda: self.set_range(*DEFAULT_RANGE_DB))
        return menu


def note_name(freq_hz: float) -> str:
    """The nearest note of equal temperament, A4 = 440 Hz: 261.6 Hz is "C4"."""
    number = round(69 + 12 * log2(max(freq_hz, 1.0) / 440.0))
    return f"{_NOTES[number % 12]}{number // 12 - 1}"


def _import_canvas() -> ModuleType:
    return import_behind("app.widgets.spectrogram_view.canvas")
