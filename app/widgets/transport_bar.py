"""The transport bar: start, play, end, loop, where we are, A and B, volume, level."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from app.actions import Actions
from app.controls.buttons import tool_button
from app.controls.labels import label
from app.state.slots import TakeSlot
from app.state.transport import Transport
from app.theme import GRID, Theme
from app.timeline.ticks import format_time

VOLUME_STEPS = 100
_VOLUME_PX = 96


class TransportBar(QWidget):
    """Shows the transport; its buttons are the table's actions. `meter` stands at its end."""

    def __init__(
        self,
        theme: Theme,
        actions: Actions,
        transport: Transport,
        meter: QWidget,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._actions = actions
        self._transport = transport
        self._time = QLabel()
        self._length = label("", "dim")
        self._slots = {slot: self._slot_button(slot) for slot in TakeSlot}
        self._match = label("", "small")
        self._volume = self._volume_slider()
        self._lay_out(meter)
        self._keep_widths()
        self._listen()
        self._show_length()
        self._show_slots()

    def _lay_out(self, meter: QWidget) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(GRID // 2)
        for id in ("to_start", "play", "to_end", "loop"):
            row.addWidget(tool_button(self._actions[id]))
        row.addSpacing(GRID)
        row.addWidget(self._time)
        row.addWidget(self._length)
        row.addStretch(1)
        for slot in TakeSlot:
            row.addWidget(self._slots[slot])
        row.addWidget(self._match)
        row.addStretch(1)
        row.addWidget(tool_button(self._actions["mute"]))
        row.addWidget(self._volume)
        row.addSpacing(2 * GRID)
        row.addWidget(meter)

    def _slot_button(self, slot: TakeSlot) -> QToolButton:
        button = QToolButton()
        button.setText(slot.name)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self._choose(slot))
        return button

    def _volume_slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setObjectName("volume")
        slider.setRange(0, VOLUME_STEPS)
        slider.setFixedWidth(_VOLUME_PX)
        slider.setAccessibleName(self.tr("Volume"))
        slider.valueChanged.connect(lambda value: self._transport.set_volume(value / VOLUME_STEPS))
        return slider

    def _keep_widths(self) -> None:
        """Digits of one width, so that the time does not tremble while it runs."""
        font = self._time.font()
        font.setFeature(QFont.Tag("tnum"), 1)
        for shown in (self._time, self._length):
            shown.setFont(font)
        self._time.setFixedWidth(QFontMetrics(font).horizontalAdvance("00:00.0") + 2)
        self._time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._time.setAccessibleName(self.tr("Position"))
        self._match.setMinimumWidth(QFontMetrics(font).horizontalAdvance("match −00.0 dB") + 2)

    def _listen(self) -> None:
        transport = self._transport
        transport.position_changed.connect(self._show_position)
        transport.loaded.connect(self._show_length)
        transport.playing_changed.connect(self._show_playing)
        transport.loop_changed.connect(self._actions["loop"].setChecked)
        transport.slots_changed.connect(self._show_slots)
        transport.match_changed.connect(self._show_slots)
        transport.volume_changed.connect(self._show_volume)
        transport.muted_changed.connect(self._show_muted)
        self._theme.changed.connect(self._show_slots)
        self._show_volume()

    def _choose(self, slot: TakeSlot) -> None:
        self._transport.choose_slot(slot)
        self._show_slots()

    def _show_position(self, position_s: float) -> None:
        text = format_time(position_s)
        if text != self._time.text():
            self._time.setText(text)

    def _show_length(self) -> None:
        self._show_position(self._transport.position_s)
        self._length.setText(f"/ {format_time(self._transport.duration_s)}")
        for id in ("to_start", "play", "to_end"):
            self._actions.enable(
                id, self._transport.take is not None, self.tr("Make or choose a take first.")
            )

    def _show_playing(self, playing: bool) -> None:
        self._actions.set_icon("play", "stop" if playing else "play")
        self._actions["play"].setText(self.tr("Stop") if playing else self.tr("Play"))

    def _show_slots(self) -> None:
        transport = self._transport
        for slot, button in self._slots.items():
            take = transport.take_in(slot)
            button.setEnabled(take is not None)
            button.setChecked(slot is transport.slot and take is not None)
            name = take.title if take and take.title else self.tr("empty")
            button.setToolTip(f"{slot.name}: {name}" if take else self._waits_for(slot))
            button.setAccessibleName(self.tr("Take {0}: {1}").format(slot.name, name))
        empty = [slot for slot in TakeSlot if transport.take_in(slot) is None]
        both = not empty
        self._actions.enable("compare", both, "\n".join(map(self._waits_for, empty)))
        self._actions["compare"].setChecked(transport.slot is TakeSlot.B)
        self._match.setVisible(both)
        match = f"{transport.match_db(transport.slot):+.1f}".replace("-", "−")
        self._match.setText(self.tr("match {0} dB").format(match))
        self._match.setToolTip(self.tr("Gain that makes A and B equally loud"))

    def _waits_for(self, slot: TakeSlot) -> str:
        """How an empty slot comes by a take."""
        if slot is TakeSlot.A:
            return self.tr("A: make or choose a take")
        how = self.tr("B: choose a take and press “{0}”")
        return how.format(self._actions["set_b"].text())

    def _show_volume(self) -> None:
        volume = self._transport.volume
        with QSignalBlocker(self._volume):
            self._volume.setValue(round(volume * VOLUME_STEPS))
        level_db = self._transport.volume_db
        text = f"{level_db:.1f} dB".replace("-", "−") if math.isfinite(level_db) else "−∞ dB"
        self._volume.setToolTip(self.tr("Volume {0}").format(text))
        self._volume.setAccessibleDescription(text)

    def _show_muted(self, muted: bool) -> None:
        self._actions["mute"].setChecked(muted)
        self._actions.set_icon("mute", "muted" if muted else "volume")
