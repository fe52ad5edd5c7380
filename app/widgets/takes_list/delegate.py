"""Paints one take: its small spectrogram, prompt, settings, time and star."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.library import THUMBNAIL_SHAPE, Take, TakeState
from app.state.background import Background, import_behind
from app.theme import GRID, ICON_PX, SMALL_PX, TEXT_PX, Theme
from app.widgets.takes_list import wording
from app.widgets.takes_list.model import TAKE_ROLE

ROW_PX = 7 * GRID
THUMBNAIL_PX = QSize(12 * GRID, 5 * GRID)
STAR_PX = 4 * GRID
COLOUR_MAP = "magma"
_STATE_COLORS = {TakeState.UNSAVED: "warning", TakeState.MISSING: "error"}
_Index = QModelIndex | QPersistentModelIndex


class TakeDelegate(QStyledItemDelegate):
    """Every colour is the theme's at the time of painting."""

    colours_ready = Signal()  # thumbnails can be painted from now on

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._maps: ModuleType | None = None  # imports matplotlib, behind the shown window
        self._colours: Colours | None = None
        Background(self).run(_import_maps, self._on_maps)
        theme.changed.connect(self._dress)

    def thumbnail(self, take: Take) -> QImage | None:
        """The small spectrogram in colour; None while there are no colours, or it has none."""
        if self._colours is None or not take.thumbnail:
            return None
        return _image(take.thumbnail, self._colours)

    def _on_maps(self, maps: ModuleType) -> None:
        self._maps = maps
        self._dress()

    def _dress(self) -> None:
        """Take the colours that the large spectrogram has in this theme."""
        if self._maps is not None:
            ground = self._theme.color("canvas").name()
            self._colours = Colours(self._maps.colour_table(COLOUR_MAP, ground))
            self.colours_ready.emit()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(30 * GRID, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        take: Take = index.data(TAKE_ROLE)
        row = _row_rect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_back(painter, row, option.state)
        self._paint_thumbnail(painter, _thumbnail_rect(row), take)
        self._paint_star(painter, _star_rect(row), take, option.state)
        text = row.adjusted(THUMBNAIL_PX.width() + 3 * GRID, GRID, -STAR_PX - GRID, -GRID)
        self._paint_text(painter, text, take, option.font)
        painter.restore()

    def _paint_back(self, painter: QPainter, row: QRect, state: QStyle.StateFlag) -> None:
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("selection" if chosen else "field_hover"))
            painter.drawRoundedRect(row, 6, 6)
        if chosen and state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(row).adjusted(1, 1, -1, -1), 5, 5)

    def _paint_thumbnail(self, painter: QPainter, place: QRect, take: Take) -> None:
        clip = QPainterPath()
        clip.addRoundedRect(QRectF(place), 4, 4)
        painter.save()
        painter.setClipPath(clip)
        image = self.thumbnail(take)
        if image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, image)
        else:
            painter.fillRect(place, self._theme.color("canvas"))
        painter.restore()

    def _paint_star(
        self, painter: QPainter, place: QRect, take: Take, state: QStyle.StateFlag
    ) -> None:
        wanted = QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Selected
        if take.starred:
            self._theme.icon("star-filled", "star").paint(painter, place)
        elif state & wanted:
            self._theme.icon("star", "text_dim").paint(painter, place)

    def _paint_text(self, painter: QPainter, place: QRect, take: Take, font: QFont) -> None:
        small = QFont(font)
        small.setPixelSize(SMALL_PX)
        upper = QRect(place.left(), place.top(), place.width(), place.height() // 2)
        lower = upper.translated(0, place.height() // 2)
        right = wording.state(take) or wording.made_at(take)
        width = QFontMetrics(small).horizontalAdvance(right) + 2 * GRID
        shade = self._theme.color(_STATE_COLORS.get(take.state, "text_dim"))
        _draw_text(painter, upper, right, small, shade, Qt.AlignmentFlag.AlignRight)
        strong = QFont(font)
        strong.setPixelSize(TEXT_PX)
        upper.setRight(upper.right() - width)
        _draw_text(painter, upper, wording.title(take), strong, self._theme.color("text"))
        _draw_text(painter, lower, wording.settings(take), small, self._theme.color("text_dim"))


def is_on_star(item: QRect, place: QPoint) -> bool:
    """Whether a press at `place` means the star of the row painted in `item`."""
    star = _star_rect(_row_rect(item))
    return star.adjusted(-GRID, -GRID, GRID, GRID).contains(place)


def _row_rect(item: QRect) -> QRect:
    return item.adjusted(GRID // 2, 1, -GRID // 2, -1)


def _draw_text(
    painter: QPainter,
    place: QRect,
    text: str,
    font: QFont,
    color: QColor,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """One line, cut with an ellipsis where it does not fit."""
    painter.setFont(font)
    painter.setPen(color)
    fits = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, align | Qt.AlignmentFlag.AlignVCenter, fits)


def _thumbnail_rect(row: QRect) -> QRect:
    top = row.top() + (row.height() - THUMBNAIL_PX.height()) // 2
    return QRect(QPoint(row.left() + GRID, top), THUMBNAIL_PX)


def _star_rect(row: QRect) -> QRect:
    centre = QPoint(row.right() - STAR_PX // 2, row.center().y())
    return QRect(centre - QPoint(ICON_PX // 2, ICON_PX // 2), QSize(ICON_PX, ICON_PX))


class Colours:
    """The colour map as (256, 4) bytes, hashable by identity."""

    def __init__(self, table: NDArray[np.uint8]) -> None:
        self.table = table


def _import_maps() -> ModuleType:
    return import_behind("app.colour_maps")


@lru_cache(maxsize=256)
def _image(thumbnail: bytes, colours: Colours) -> QImage:
    """The lowest frequency at the bottom."""
    shades = np.frombuffer(thumbnail, np.uint8).reshape(THUMBNAIL_SHAPE)[::-1]
    pixels = np.ascontiguousarray(colours.table[shades])
    height, width = THUMBNAIL_SHAPE
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
