"""How bars with their chords look: a block for each run of bars with one chord."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from app.state.chord_sheet import ChordSheet
from app.theme import SMALL_PX, TEXT_PX, Theme

_RADIUS_PX = 4
_INSET_PX = 8
_MARK_PX = 2  # the line under a chord that is written and not heard yet
_ROOT = re.compile(r"([A-G])([#b]?)(.*)")
_SIGNS = {"#": "♯", "b": "♭", "": ""}
_SHORT = {"m7b5": "ø", "dim": "°", "dim7": "°7", "aug": "+", "maj7": "Δ", "maj9": "Δ9"}


@dataclass(frozen=True)
class Run:
    """Bars from `first` up to `end`, not included, that have one chord."""

    first: int
    end: int
    name: str
    written: bool


def runs(sheet: ChordSheet, bars: range) -> Iterator[Run]:
    """The runs that `bars` lie in, cut at the ends of `bars`."""
    first = bars.start
    for bar in bars:
        name, written = sheet.name(bar), sheet.is_written(bar)
        after = bar + 1
        if after == bars.stop or (sheet.name(after), sheet.is_written(after)) != (name, written):
            yield Run(first, after, name, written)
            first = after


def paint_block(painter: QPainter, theme: Theme, box: QRectF, token: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(token))
    painter.drawRoundedRect(box, _RADIUS_PX, _RADIUS_PX)


def paint_focus(painter: QPainter, theme: Theme, box: QRectF) -> None:
    painter.setPen(QPen(theme.color("accent"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), _RADIUS_PX - 1, _RADIUS_PX - 1)


def paint_bar_line(painter: QPainter, theme: Theme, x: float, box: QRectF) -> None:
    """A bar begins inside a block."""
    painter.setPen(QPen(theme.color("edge"), 1))
    painter.drawLine(QPointF(int(x), box.bottom() - 6), QPointF(int(x), box.bottom() - 2))


def paint_name(painter: QPainter, theme: Theme, box: QRectF, run: Run, font: QFont) -> None:
    """The root large, its quality small; where there is little room, in a jazz chart's signs."""
    letter, sign, quality = split(run.name)
    large, small = _fonts(font)
    root_px = QFontMetricsF(large).horizontalAdvance(letter + sign) + 1
    words = (quality.replace("b", "♭"), _SHORT.get(quality, quality), "…")
    sizes = [root_px + QFontMetricsF(small).horizontalAdvance(word) for word in words]
    room = box.width() - 4
    fits = next((at for at, size in enumerate(sizes) if size <= room), None)
    if fits is None:
        return
    left = box.left() + min(_INSET_PX, (box.width() - sizes[fits]) / 2)
    base = box.center().y() + QFontMetricsF(large).capHeight() / 2
    painter.setPen(theme.color("accent" if run.written else "text"))
    painter.setFont(large)
    painter.drawText(QPointF(left, base), letter + sign)
    painter.setPen(theme.color("accent" if run.written else "text_dim"))
    painter.setFont(small)
    painter.drawText(QPointF(left + root_px, base), words[fits])
    if run.written:
        line = QRectF(left, base + 3, sizes[fits], _MARK_PX)
        painter.fillRect(line, theme.color("accent"))


def _fonts(font: QFont) -> tuple[QFont, QFont]:
    large, small = QFont(font), QFont(font)
    large.setPixelSize(TEXT_PX)
    large.setWeight(QFont.Weight.DemiBold)
    small.setPixelSize(SMALL_PX)
    return large, small


def split(name: str) -> tuple[str, str, str]:
    """Letter, accidental as a musician's sign, and quality of a chord's name."""
    match = _ROOT.fullmatch(name)
    assert match is not None
    return match[1], _SIGNS[match[2]], match[3]
