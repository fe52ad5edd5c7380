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
    """The root large, its quality small; what does not fit is left out, never cut."""
    letter, sign, quality = split(run.name)
    root, small = QFont(font), QFont(font)
    root.setPixelSize(TEXT_PX)
    root.setWeight(QFont.Weight.DemiBold)
    small.setPixelSize(SMALL_PX)
    root_px = QFontMetricsF(root).horizontalAdvance(letter + sign)
    whole_px = root_px + QFontMetricsF(small).horizontalAdvance(quality)
    inset = _INSET_PX if whole_px + 2 * _INSET_PX <= box.width() else 2
    if whole_px + 2 * inset > box.width():
        return
    base = box.center().y() + QFontMetricsF(root).capHeight() / 2
    painter.setPen(theme.color("accent" if run.written else "text"))
    painter.setFont(root)
    painter.drawText(QPointF(box.left() + inset, base), letter + sign)
    painter.setFont(small)
    if not run.written:
        painter.setPen(theme.color("text_dim"))
    painter.drawText(QPointF(box.left() + inset + root_px + 1, base), quality)
    if run.written:
        line = QRectF(box.left() + inset, base + 3, whole_px + 1, _MARK_PX)
        painter.fillRect(line, theme.color("accent"))


def split(name: str) -> tuple[str, str, str]:
    """Letter, accidental as a musician's sign, and quality of a chord's name."""
    match = _ROOT.fullmatch(name)
    assert match is not None
    return match[1], _SIGNS[match[2]], match[3]
