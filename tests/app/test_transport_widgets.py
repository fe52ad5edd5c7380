"""Transport bar, meter, scrubber and output picker: what they show and what they ask."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QSlider, QToolButton
from pytestqt.qtbot import QtBot

from app.actions import Actions
from app.playback.devices import DeviceState
from app.playback.history import Levels
from app.state.slots import TakeSlot
from app.state.transport import Transport
from app.theme import Theme, ThemeChoice
from app.widgets.level_meter import LevelMeter
from app.widgets.output_picker import OutputPicker
from app.widgets.step_scrubber import StepScrubber
from app.widgets.transport_bar import TransportBar

RATE = 44_100


@pytest.fixture
def theme(qtbot: QtBot) -> Theme:
    theme = Theme(ThemeChoice.DARK)
    theme.apply()
    return theme


@pytest.fixture
def transport(qtbot: QtBot) -> Iterator[Transport]:
    transport = Transport()
    yield transport
    transport.close()


@pytest.fixture
def bar(theme: Theme, transport: Transport, qtbot: QtBot) -> TransportBar:
    bar = TransportBar(theme, Actions(theme), transport, LevelMeter(theme))
    qtbot.addWidget(bar)
    bar.show()
    return bar


def take(seconds: float = 3.0) -> np.ndarray:
    return np.zeros((round(seconds * RATE), 2), np.float32)


def texts(bar: TransportBar) -> list[str]:
    return [label.text() for label in bar.findChildren(QLabel)]


def test_the_bar_tells_position_and_length(bar: TransportBar, transport: Transport) -> None:
    transport.load(take(3.0), RATE)
    transport.seek(1.25)
    assert "0:01.3" in texts(bar)
    assert "/ 0:03.0" in texts(bar)


def test_the_time_does_not_move_the_bar(bar: TransportBar, transport: Transport) -> None:
    transport.load(take(200.0), RATE)
    places = set()
    for position_s in (0.0, 11.1, 88.8, 199.9):
        transport.seek(position_s)
        places.add(bar.sizeHint().width())
    assert len(places) == 1


def test_volume_and_slot_buttons_ask_the_transport(
    bar: TransportBar, transport: Transport, qtbot: QtBot
) -> None:
    slider = bar.findChild(QSlider, "volume")
    assert slider is not None
    slider.setValue(50)
    assert transport.volume == 0.5
    transport.set_volume(0.25)
    assert slider.value() == 25
    assert "−45" in slider.accessibleDescription()
    transport.load(take(), RATE, "one")
    buttons = {button.text(): button for button in bar.findChildren(QToolButton)}
    assert not buttons["B"].isEnabled()
    transport.load(take(), RATE, "two", TakeSlot.B)
    qtbot.mouseClick(buttons["B"], Qt.MouseButton.LeftButton)
    assert transport.slot is TakeSlot.B
    assert buttons["B"].isChecked()
    assert not buttons["A"].isChecked()
    assert "two" in buttons["B"].accessibleName()


def test_every_control_of_the_bar_has_a_name(bar: TransportBar) -> None:
    for control in [*bar.findChildren(QToolButton), *bar.findChildren(QSlider)]:
        assert control.accessibleName(), control.objectName()


def test_play_is_offered_only_with_a_take(bar: TransportBar, transport: Transport) -> None:
    play = bar._actions["play"]
    assert not play.isEnabled()
    assert "choose a take" in play.toolTip()
    transport.load(take(), RATE)
    assert play.isEnabled()
    assert "choose a take" not in play.toolTip()


def test_the_switch_says_which_slot_waits_for_a_take(
    bar: TransportBar, transport: Transport
) -> None:
    compare = bar._actions["compare"]
    assert "A: make or choose a take" in compare.toolTip()
    transport.load(take(), RATE, "one")
    assert "A:" not in compare.toolTip()
    assert "B: choose a take and press “Compare with this take”" in compare.toolTip()
    transport.load(take(), RATE, "two", TakeSlot.B)
    assert "B:" not in compare.toolTip()


# The meter.


@pytest.fixture
def meter(theme: Theme, qtbot: QtBot) -> LevelMeter:
    meter = LevelMeter(theme)
    qtbot.addWidget(meter)
    meter.resize(208, 32)
    meter.show()
    return meter


@pytest.mark.parametrize(
    ("level_db", "token"), [(-20.0, "meter_low"), (-6.0, "meter_mid"), (-1.0, "meter_high")]
)
def test_the_meters_colours_mean_levels(
    meter: LevelMeter, theme: Theme, level_db: float, token: str
) -> None:
    level = 10 ** (level_db / 20)
    meter.hear(Levels((level, level), (level, level)))
    image = meter.grab().toImage()
    assert image.pixel(int(meter._x(level_db)) - 3, 4) == theme.color(token).rgb()
    assert image.pixel(1, 4) == theme.color("meter_low").rgb()
    assert image.pixel(int(meter._x(0.0)) - 1, 12) != theme.color("meter_low").rgb()


def test_the_clip_light_stays_until_it_is_clicked(meter: LevelMeter, qtbot: QtBot) -> None:
    meter.hear(Levels((0.99, 0.5), (0.1, 0.1)))
    assert not meter.clipped
    meter.hear(Levels((1.0, 0.5), (0.1, 0.1)))
    meter.hear(Levels((0.0, 0.0), (0.0, 0.0)))
    assert meter.clipped
    assert "clipped" in meter.accessibleDescription()
    assert meter.highest_db == pytest.approx(0.0)
    qtbot.mouseClick(meter, Qt.MouseButton.LeftButton)
    assert not meter.clipped
    meter.hear(Levels((1.2, 0.5), (0.1, 0.1)))
    qtbot.keyClick(meter, Qt.Key.Key_Return)
    assert not meter.clipped


def test_the_meter_falls_back_to_rest(meter: LevelMeter, qtbot: QtBot) -> None:
    meter.hear(Levels((0.002, 0.002), (0.001, 0.001)))
    assert meter._timer.isActive()
    qtbot.waitUntil(lambda: not meter._timer.isActive(), timeout=10_000)


# The scrubber.


@pytest.fixture
def scrubber(qtbot: QtBot) -> StepScrubber:
    scrubber = StepScrubber()
    qtbot.addWidget(scrubber)
    return scrubber


def test_the_scrubber_follows_the_steps(scrubber: StepScrubber) -> None:
    assert not scrubber.isEnabled()
    scrubber.show_steps([], 0)
    assert "Steps not kept" in [label.text() for label in scrubber.findChildren(QLabel)]
    scrubber.show_steps([], 25)
    assert "No steps yet" in [label.text() for label in scrubber.findChildren(QLabel)]
    scrubber.show_steps([1, 2, 3], 25)
    assert "step 3 of 25" in [label.text() for label in scrubber.findChildren(QLabel)]
    scrubber.show_steps(range(1, 26), 25, 14)
    assert "step 14 of 25" in [label.text() for label in scrubber.findChildren(QLabel)]
    scrubber.show_steps(range(1, 26), 25, finished=True)
    assert "take, 25 steps" in [label.text() for label in scrubber.findChildren(QLabel)]


def test_scrubbing_asks_for_kept_steps_and_back_to_the_newest(
    scrubber: StepScrubber, qtbot: QtBot
) -> None:
    slider = scrubber.findChildren(QSlider)[0]
    scrubber.show_steps([1, 5, 9], 25)
    with qtbot.waitSignal(scrubber.step_chosen) as chosen:
        slider.setValue(6)
    assert chosen.args == [5]
    with qtbot.waitSignal(scrubber.newest_chosen):
        slider.setValue(9)


def test_a_step_keeps_its_place_and_those_to_come_cannot_be_reached(
    scrubber: StepScrubber,
) -> None:
    slider = scrubber.findChildren(QSlider)[0]
    ends = set()
    for made in (1, 9, 25):
        scrubber.show_steps(range(1, made + 1), 25)
        assert slider.value() == made
        ends.add((slider.minimum(), slider.maximum()))
    scrubber.show_steps(range(1, 26), 25, finished=True)
    ends.add((slider.minimum(), slider.maximum()))
    assert slider.value() == slider.maximum()
    assert len(ends) == 1
    scrubber.show_steps([1, 5, 9], 25)
    slider.setValue(20)
    assert slider.value() == 9


def test_a_slider_without_steps_says_why(scrubber: StepScrubber) -> None:
    slider = scrubber.findChildren(QSlider)[0]
    scrubber.show_steps([], 0)
    assert "made last" in slider.toolTip()
    scrubber.show_steps([1, 2], 25)
    assert "made last" not in slider.toolTip()


# The outputs.


def test_the_picker_names_what_plays_and_what_is_missing(
    theme: Theme, transport: Transport, qtbot: QtBot
) -> None:
    picker = OutputPicker(theme, Actions(theme), transport.output)
    qtbot.addWidget(picker)
    box = picker.findChild(QComboBox)
    assert box is not None
    transport.output.changed.emit(DeviceState("", "Speakers", ("Speakers", "HDMI")))
    assert box.currentData() == ""
    assert "Speakers" in box.currentText()
    transport.output.changed.emit(DeviceState("Headphones", "Speakers", ("Speakers",)))
    assert box.currentText() == "Headphones (not connected)"
    assert "Speakers" in box.accessibleDescription()
    transport.output.changed.emit(DeviceState("", "", (), "There is none.", "Press Rescan."))
    assert box.currentText() == "No audio output"
    assert "Press Rescan." in box.toolTip()


def test_the_picker_tells_what_was_chosen(theme: Theme, transport: Transport, qtbot: QtBot) -> None:
    picker = OutputPicker(theme, Actions(theme), transport.output)
    qtbot.addWidget(picker)
    transport.output.changed.emit(DeviceState("", "Speakers", ("Speakers", "HDMI")))
    box = picker.findChild(QComboBox)
    assert box is not None
    with qtbot.waitSignal(picker.chosen) as chosen:
        box.setCurrentIndex(2)
        box.activated.emit(2)
    assert chosen.args == ["HDMI"]
