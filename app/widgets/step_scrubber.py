"""The slider through the denoising steps: it shows how the take came out of noise."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QWidget

from app.state.time_axis import LEFT_MARGIN_PX, RIGHT_MARGIN_PX
from app.theme import GRID


class StepScrubber(QWidget):
    """Steps count from 1; one place beyond the last is the newest picture or the take itself."""

    step_chosen = Signal(int)
    newest_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: list[int] = []
        self._total = 0
        self._finished = False
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setAccessibleName(self.tr("Denoising step"))
        self._slider.setPageStep(5)
        self._slider.valueChanged.connect(self._on_value)
        self._label = QLabel()
        self._label.setBuddy(self._slider)
        self._label.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(LEFT_MARGIN_PX, 0, RIGHT_MARGIN_PX, 0)
        row.setSpacing(2 * GRID)
        row.addWidget(self._label)
        row.addWidget(self._slider, 1)
        self.show_steps((), 0)

    def sizeHint(self) -> QSize:
        return QSize(320, 4 * GRID)

    def show_steps(
        self, steps: Sequence[int], total: int, shown: int | None = None, *, finished: bool = False
    ) -> None:
        """Offer the kept `steps` of `total`; `shown` is in view, None the newest or the take.

        A step keeps its place from the first picture to the finished take, so that the handle
        moves along as the picture forms. A `total` of 0 is a take from before, whose steps are
        gone. Nothing is signalled: this is the state's word to the widget.
        """
        self._steps, self._total, self._finished = sorted(steps), total, finished
        blocked = self._slider.blockSignals(True)
        self._slider.setRange(min(1, total), total + 1)
        self._slider.setValue(self._newest if shown is None else shown)
        self._slider.blockSignals(blocked)
        self.setEnabled(bool(self._steps))
        self._tell()

    @property
    def _newest(self) -> int:
        """The place of the newest picture; that of the finished take comes after all steps."""
        if self._finished:
            return self._total + 1
        return self._steps[-1] if self._steps else 0

    def _on_value(self, value: int) -> None:
        if value > self._newest:  # there is nothing to see yet
            self._slider.setValue(self._newest)
            return
        self._tell()
        if not self._steps:
            return
        if value == self._newest:
            self.newest_chosen.emit()
        else:
            self.step_chosen.emit(min(self._steps, key=lambda step: abs(step - value)))

    def _tell(self) -> None:
        value = self._slider.value()
        tip = self.tr("Look back at any denoising step")
        if not self._steps:
            text = self.tr("No steps yet") if self._total else self.tr("Steps not kept")
            tip = self.tr("The steps are kept of the take made last")
        elif self._finished and value > self._total:
            text = self.tr("take, {0} steps").format(self._total)
        else:
            text = self.tr("step {0} of {1}").format(value, self._total)
        self._label.setText(text)
        self._slider.setAccessibleDescription(text)
        self._slider.setToolTip(tip)
        self._keep_width()

    def _keep_width(self) -> None:
        """As wide as the longest text, so that the slider does not move under the hand."""
        counted = self.tr("step {0} of {1}").format(self._total, self._total)
        longest = max(counted, self.tr("No steps yet"), self.tr("Steps not kept"), key=len)
        metrics = QFontMetrics(self._label.font())
        self._label.setFixedWidth(metrics.horizontalAdvance(longest) + GRID)
