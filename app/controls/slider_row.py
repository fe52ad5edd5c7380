"""A slider with its number beside it, both showing one value that may be typed freely."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from app.controls.labels import label
from app.controls.number_field import NumberField
from app.theme import GRID

TICKS = 1_000
LABEL_PX = 9 * GRID
FIELD_PX = 9 * GRID


@dataclass(frozen=True)
class Scale:
    """From a slider's place to a value: `low + (high - low) · place ** curve`, rounded.

    A `curve` above 1 gives the small values, which are used most, more room.
    """

    low: float
    high: float
    curve: float
    decimals: int = 0

    def value(self, tick: int) -> float:
        place = tick / TICKS
        return round(self.low + (self.high - self.low) * place**self.curve, self.decimals)

    def tick(self, value: float) -> int:
        share = (value - self.low) / (self.high - self.low)
        return round(TICKS * min(max(share, 0.0), 1.0) ** (1 / self.curve))

    def text(self, value: float) -> str:
        return f"{value:.{self.decimals}f}"

    def step(self, text: str, by: int) -> str:
        """`by` steps of the last shown digit from `text`, within the range."""
        value = read(text)
        if value is None:
            return text
        moved = value + by * 10.0**-self.decimals
        return self.text(min(max(moved, self.low), self.high))


def read(text: str) -> float | None:
    """The number in `text`, with a point or a comma; None when there is none."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


class SliderRow(QWidget):
    """Label, slider, number, unit. `edited` carries the text that the user made."""

    edited = Signal(str)

    def __init__(
        self, title: str, scale: Scale, unit: str = "", tip: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._scale = scale
        self.field = NumberField(title, scale.step, unit)
        self.field.setFixedWidth(FIELD_PX)
        self.slider = _make_slider(title)
        self.slider.installEventFilter(self)
        self.told = QLabel()
        self.told.setAccessibleName(title)
        self.told.setVisible(False)
        self.setToolTip(tip)
        self._lay_out(title)
        self.field.edited.connect(self._on_typed)
        self.slider.valueChanged.connect(self._on_dragged)

    def show_text(self, text: str) -> None:
        self.field.show_text(text)
        value = read(text)
        if value is not None:
            blocked = self.slider.blockSignals(True)
            self.slider.setValue(self._scale.tick(value))
            self.slider.blockSignals(blocked)

    def tell_instead(self, text: str) -> None:
        """Tell a value that follows from others in the slider's place; "" lets it be set again."""
        self.told.setText(text)
        self.told.setVisible(bool(text))
        self.slider.setVisible(not text)
        self.field.setVisible(not text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The wheel scrolls the panel; only a focused slider takes it."""
        if event.type() == QEvent.Type.Wheel and not self.slider.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)

    def _lay_out(self, title: str) -> None:
        name = label(title, buddy=self.field)
        name.setFixedWidth(LABEL_PX)
        self.told.setFixedHeight(self.field.sizeHint().height())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(name)
        row.addWidget(self.told, 1)
        row.addWidget(self.slider, 1)
        row.addWidget(self.field)

    def _on_typed(self, text: str) -> None:
        self.show_text(text)
        self.edited.emit(text)

    def _on_dragged(self, tick: int) -> None:
        text = self._scale.text(self._scale.value(tick))
        self.field.show_text(text)
        self.edited.emit(text)


def _make_slider(title: str) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, TICKS)
    slider.setSingleStep(TICKS // 200)
    slider.setPageStep(TICKS // 20)
    slider.setAccessibleName(title)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return slider
