"""The chords above the ruler, a block each; a click or Enter writes another for the next take."""

from __future__ import annotations

import math
from contextlib import suppress

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.state.chord_sheet import ChordSheet
from app.state.time_axis import LEFT_MARGIN_PX, TimeAxis
from app.state.transport import Transport
from app.theme import GRID, SMALL_PX, Theme
from app.timeline.gestures import ViewGestures
from app.timeline.overlay import TimeOverlay
from app.widgets.chord_lane.editor import ChordEditor
from app.widgets.chord_lane.painting import (
    Run,
    paint_bar_line,
    paint_block,
    paint_focus,
    paint_name,
    runs,
)
from engine.errors import InvalidRequest

LANE_PX = 4 * GRID
_BLOCK_PX = 3 * GRID
_EDITOR_PX = 28
_EDITOR_LEAST_PX = 11 * GRID


class ChordLane(QWidget):
    """Lies on the shared time axis. Not seen while tempo or chords are unknown."""

    def __init__(
        self,
        theme: Theme,
        axis: TimeAxis,
        transport: Transport,
        sheet: ChordSheet,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._axis = axis
        self._transport = transport
        self._sheet = sheet
        self._bar = 0  # where the keyboard is
        self._hovered: int | None = None
        self._heard: int | None = None
        self._editor: ChordEditor | None = None
        self._runs: list[Run] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setObjectName("chordLane")
        self.setAccessibleName(self.tr("Chords by bar"))
        TimeOverlay(self, theme, axis, transport, veil="panel")
        ViewGestures(self, axis)
        theme.changed.connect(self.update)
        sheet.changed.connect(self._on_sheet)
        transport.position_changed.connect(self._on_position)
        transport.playing_changed.connect(self.update)
        self._on_sheet()

    @property
    def editor(self) -> ChordEditor | None:
        return self._editor

    def sizeHint(self) -> QSize:
        return QSize(320, LANE_PX)

    def box(self, first: int, end: int) -> QRectF:
        """Where bars are drawn, as far as they are music."""
        meter = self._axis.meter
        assert meter is not None
        last_s = min(end * meter.bar_s, self._axis.duration_s)
        left = self._axis.to_px(first * meter.bar_s, self.width())
        right = self._axis.to_px(last_s, self.width())
        return QRectF(left, (LANE_PX - _BLOCK_PX) / 2, max(1.0, right - left - 2), _BLOCK_PX)

    # What is shown

    def _on_sheet(self) -> None:
        self._bar = min(self._bar, max(0, self._sheet.bars - 1))
        self._runs = list(runs(self._sheet, self._visible_bars()))
        self.setVisible(self._sheet.bars > 0)
        self._place_editor()
        self._describe()
        self.update()

    def _describe(self) -> None:
        """Say which bar the keyboard is at."""
        told = ""
        if self._sheet.bars:
            told = self.tr("Bar {0} of {1}: {2}").format(
                self._bar + 1, self._sheet.bars, self._sheet.name(self._bar)
            )
            if self._sheet.is_written(self._bar):
                told += ", " + self.tr("for the next take")
        self.setAccessibleDescription(told)

    def _on_position(self, position_s: float) -> None:
        """Light the chord that is heard."""
        meter = self._axis.meter
        heard = math.floor(position_s / meter.bar_s + 1e-6) if meter else None
        if heard != self._heard:
            self._heard = heard
            self.update()

    def _visible_bars(self) -> range:
        meter = self._axis.meter
        if meter is None:
            return range(0)
        first = math.floor(self._axis.start_s / meter.bar_s + 1e-6)
        end = math.ceil(self._axis.end_s / meter.bar_s - 1e-6)
        return range(max(0, first), min(end, self._sheet.bars))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only what lies under the playhead is painted while it moves."""
        if not self._runs:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_label(painter)
        inner = self._axis.inner_px(self.width())
        painter.setClipRect(QRectF(LEFT_MARGIN_PX, 0, inner, LANE_PX))
        for run in self._runs:
            if self.box(run.first, run.end).intersects(QRectF(event.rect())):
                self._paint_run(painter, run)
        if self.hasFocus() and self._editor is None:
            paint_focus(painter, self._theme, self.box(self._bar, self._bar + 1))

    def _paint_label(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(SMALL_PX)
        painter.setFont(font)
        painter.setPen(self._theme.color("text_dim"))
        place = QRectF(0, 0, LEFT_MARGIN_PX - 12, LANE_PX)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(place, right, self.tr("chords"))

    def _paint_run(self, painter: QPainter, run: Run) -> None:
        whole = self.box(run.first, run.end)
        lit = self._transport.is_playing and self._heard in range(run.first, run.end)
        paint_block(painter, self._theme, whole, "selection" if lit else "block")
        if self._hovered is not None and run.first <= self._hovered < run.end:
            over = self.box(self._hovered, self._hovered + 1)
            paint_block(painter, self._theme, over, "selection" if lit else "field_hover")
        for bar in range(run.first + 1, run.end):
            paint_bar_line(painter, self._theme, self.box(bar, bar + 1).left(), whole)
        seen = whole.intersected(QRectF(LEFT_MARGIN_PX, 0, self.width(), LANE_PX))
        paint_name(painter, self._theme, seen, run, self.font())

    # Mouse and keyboard

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._axis.set_cursor(self._axis.to_time(event.position().x(), self.width()))
        self._hover(self._bar_at(event.position().x()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        bar = self._bar_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and bar is not None:
            self.edit(bar)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self._hover(None)
        elif event.type() == QEvent.Type.ToolTip:
            self._show_tip()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._go_to(self._bar + (1 if key == Qt.Key.Key_Right else -1))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            self.edit(self._bar)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._go_to(self._bar)

    def _hover(self, bar: int | None) -> None:
        if bar != self._hovered:
            self._hovered = bar
            self.setCursor(
                Qt.CursorShape.ArrowCursor if bar is None else Qt.CursorShape.IBeamCursor
            )
            self.update()

    def _show_tip(self) -> None:
        if self._hovered is None or self._hovered >= self._sheet.bars or self._editor is not None:
            return
        name = self._sheet.name(self._hovered)
        told = self.tr("Bar {0}: {1}").format(self._hovered + 1, name)
        how = self.tr("Click to write another chord for the next take")
        if self._sheet.is_written(self._hovered):
            how = self.tr("Written for the next take")
        QToolTip.showText(self.cursor().pos(), f"{told}\n{how}", self)

    def _bar_at(self, x: float) -> int | None:
        inside = LEFT_MARGIN_PX <= x < LEFT_MARGIN_PX + self._axis.inner_px(self.width())
        meter = self._axis.meter
        if not inside or meter is None or not self._sheet.bars:
            return None
        bar = math.floor(self._axis.to_time(x, self.width()) / meter.bar_s)
        return min(bar, self._sheet.bars - 1)

    def _go_to(self, bar: int) -> None:
        """Move the keyboard to a bar and bring it into view."""
        self._bar = min(max(0, bar), max(0, self._sheet.bars - 1))
        if self._axis.meter is not None:
            self._axis.follow(self._bar * self._axis.meter.bar_s)
        self._describe()
        self.update()

    # Writing

    def edit(self, bar: int) -> None:
        """Open the field over a bar; what stands in an open one is kept."""
        if self._editor is not None:
            self._on_blur(self._editor.text())
        if not self._sheet.bars:
            return
        self._go_to(bar)
        name = self.tr("Chord of bar {0}").format(self._bar + 1)
        editor = ChordEditor(self._sheet.name(self._bar), self._sheet.offered(), name, self)
        editor.kept.connect(self._keep)
        editor.left.connect(self._leave)
        editor.blurred.connect(self._on_blur)
        self._editor = editor
        self._place_editor()
        editor.show()
        editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self.update()

    def _place_editor(self) -> None:
        if self._editor is None:
            return
        if self._bar not in self._visible_bars():
            self._close()
            return
        box = self.box(self._bar, self._bar + 1)
        width = max(_EDITOR_LEAST_PX, round(box.width()))
        left = min(round(box.left()), self.width() - width)
        self._editor.setGeometry(left, (LANE_PX - _EDITOR_PX) // 2, width, _EDITOR_PX)
        self._editor.raise_()

    def _keep(self, text: str, onward: int) -> None:
        try:
            self._sheet.write(self._bar, text)
        except InvalidRequest as problem:
            if self._editor is not None:
                self._editor.complain(str(problem))
            return
        beside = self._bar + onward
        if onward and 0 <= beside < self._sheet.bars:
            self.edit(beside)
        else:
            self._leave()

    def _on_blur(self, text: str) -> None:
        """A chord that was written is kept; what is none goes, as it came."""
        with suppress(InvalidRequest):
            self._sheet.write(self._bar, text)
        self._close()

    def _leave(self) -> None:
        self._close()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close(self) -> None:
        if self._editor is not None:
            editor, self._editor = self._editor, None
            editor.complain("")
            editor.blockSignals(True)
            editor.hide()
            editor.deleteLater()
            self._describe()
            self.update()
