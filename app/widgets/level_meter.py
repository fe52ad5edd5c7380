"""The meter: how loud the take itself is, whatever the volume slider says.

Solid to the average level, pale to the peak, a line that holds the highest peak for a while,
and a light with a word that stays until it is clicked once a sample reached full scale.
"""

from __future__ import annotations

import math
import time

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.playback.history import Levels
from app.theme import GRID, SMALL_PX, Theme
from engine.audio.levels import to_db

FLOOR_DB = -60.0
# The scale of IEC 60268-18: half of the length for the 20 dB that matter.
_SCALE = ((-60.0, -50.0, -40.0, -30.0, -20.0, -10.0, 0.0), (0, 0.075, 0.15, 0.3, 0.5, 0.75, 1))
ZONES = ((-12.0, "meter_low"), (-3.0, "meter_mid"), (0.0, "meter_high"))  # upper end, token
FALL_DB_PER_S = 24.0
HOLD_S = 1.5
_LABELS_DB = (-36, -24, -12, -6, 0)
_BAR_PX, _GAP_PX = 6, 2
_LIGHT_PX = 40
_FRAME_MS = 33
_PALE = 90


class _Channel:
    """Ballistics of one bar: up at once, down at a steady pace."""

    def __init__(self) -> None:
        self.peak_db = self.rms_db = self.held_db = -math.inf
        self._held_until = 0.0

    @property
    def at_rest(self) -> bool:
        return max(self.peak_db, self.held_db) <= FLOOR_DB

    def hear(self, peak: float, rms: float, now: float) -> None:
        self.peak_db = max(self.peak_db, to_db(peak))
        self.rms_db = max(self.rms_db, to_db(rms))
        if to_db(peak) >= self.held_db:
            self.held_db, self._held_until = to_db(peak), now + HOLD_S

    def fall(self, seconds: float, now: float) -> None:
        self.peak_db -= FALL_DB_PER_S * seconds
        self.rms_db -= FALL_DB_PER_S * seconds
        if now > self._held_until:
            self.held_db -= FALL_DB_PER_S * seconds


class LevelMeter(QWidget):
    """Feed it with `hear`; a click or Enter clears the clip light and the highest peak."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._channels = (_Channel(), _Channel())
        self._highest_db = -math.inf
        self._clipped = False
        self._fell_at = time.perf_counter()
        self._timer = QTimer(self, interval=_FRAME_MS)
        self._timer.timeout.connect(self._fall)
        self.setFixedHeight(self.sizeHint().height())
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(136)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(
            self.tr("Level of the take before the volume; click to clear the clip light")
        )
        self.setAccessibleName(self.tr("Level meter"))
        self._describe()
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(208, 32)

    @property
    def clipped(self) -> bool:
        """True from the first sample at full scale until `clear`."""
        return self._clipped

    @property
    def highest_db(self) -> float:
        """The highest peak since the last `clear`, in dBFS."""
        return self._highest_db

    def hear(self, levels: Levels) -> None:
        """Take in the levels of both channels since the last call."""
        now = time.perf_counter()
        for channel, peak, rms in zip(self._channels, levels.peak, levels.rms, strict=True):
            channel.hear(peak, rms, now)
        loudest = max(levels.peak)
        if to_db(loudest) > self._highest_db:
            self._highest_db = to_db(loudest)
            self._clipped = self._clipped or loudest >= 1.0
            self._describe()
        if not self._timer.isActive() and not all(channel.at_rest for channel in self._channels):
            self._fell_at = now
            self._timer.start()

    def clear(self) -> None:
        """Forget the clip and the highest peak."""
        self._highest_db, self._clipped = -math.inf, False
        self._describe()
        self.update()

    def _fall(self) -> None:
        now = time.perf_counter()
        for channel in self._channels:
            channel.fall(now - self._fell_at, now)
        self._fell_at = now
        if all(channel.at_rest for channel in self._channels):
            self._timer.stop()
        self.update()

    def _describe(self) -> None:
        peak = self.tr("highest peak {0}").format(_shown(self._highest_db))
        clip = self.tr("clipped") if self._clipped else self.tr("not clipped")
        self.setAccessibleDescription(f"{peak} dBFS, {clip}")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.clear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clear()
        else:
            super().keyPressEvent(event)

    def _x(self, level_db: float) -> float:
        share = float(np.interp(max(level_db, FLOOR_DB), *_SCALE))
        return share * (self.width() - _LIGHT_PX - 2 * GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = QFont(self.font())
        font.setPixelSize(SMALL_PX)
        painter.setFont(font)
        for row, channel in enumerate(self._channels):
            self._paint_bar(painter, 2 + row * (_BAR_PX + _GAP_PX), channel)
        self._paint_scale(painter)
        self._paint_light(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_bar(self, painter: QPainter, top: int, channel: _Channel) -> None:
        painter.fillRect(QRectF(0, top, self._x(0.0), _BAR_PX), self._theme.color("line"))
        low_db = FLOOR_DB
        for high_db, token in ZONES:
            colour = self._theme.color(token)
            pale = QColor(colour)
            pale.setAlpha(_PALE)
            for level_db, paint in ((channel.peak_db, pale), (channel.rms_db, colour)):
                if level_db > low_db:
                    left, right = self._x(low_db), self._x(min(level_db, high_db))
                    painter.fillRect(QRectF(left, top, right - left, _BAR_PX), paint)
            if low_db < channel.held_db and (channel.held_db <= high_db or high_db == 0.0):
                painter.fillRect(QRectF(self._x(channel.held_db) - 1, top, 2, _BAR_PX), colour)
            low_db = high_db

    def _paint_scale(self, painter: QPainter) -> None:
        painter.setPen(self._theme.color("text_dim"))
        top = 2 * _BAR_PX + _GAP_PX + 4
        for level in _LABELS_DB:
            box = QRectF(self._x(level) - 16, top, 32, SMALL_PX + 2)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{level}".replace("-", "−"))

    def _paint_light(self, painter: QPainter) -> None:
        """The highest peak as a number, and the word CLIP once full scale was reached."""
        light = QRectF(self.width() - _LIGHT_PX, 2, _LIGHT_PX, 14)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("meter_high" if self._clipped else "line"))
        painter.drawRoundedRect(light, 3, 3)
        painter.setPen(self._theme.color("panel" if self._clipped else "text_dim"))
        word = self.tr("CLIP") if self._clipped else "dBFS"
        painter.drawText(light, Qt.AlignmentFlag.AlignCenter, word)
        painter.setPen(self._theme.color("text" if self._clipped else "text_dim"))
        below = QRectF(self.width() - _LIGHT_PX, 18, _LIGHT_PX, 14)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, _shown(self._highest_db))


def _shown(level_db: float) -> str:
    return f"{level_db:.1f}".replace("-", "−") if math.isfinite(level_db) else "−∞"
