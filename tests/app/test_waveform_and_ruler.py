"""Waveform and ruler: peaks where they are, bars where they fall, regions that can be dragged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.state.time_axis import LEFT_MARGIN_PX, TimeAxis
from app.state.transport import Transport
from app.theme import Theme, ThemeChoice
from app.widgets.ruler import Ruler
from app.widgets.waveform_view import WaveformView, coverage
from engine.audio.peaks import Peaks

RATE = 8_000
WIDTH = 512


@dataclass
class Desk:
    theme: Theme
    axis: TimeAxis
    transport: Transport

    def show(self, widget: QWidget, qtbot: QtBot, height: int) -> None:
        qtbot.addWidget(widget)
        widget.resize(WIDTH, height)
        widget.show()

    def x(self, time_s: float) -> int:
        return round(self.axis.to_px(time_s, WIDTH))


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk(Theme(ThemeChoice.DARK), TimeAxis(), Transport())
    desk.theme.apply()
    desk.transport.load(np.zeros((8 * RATE, 2), np.float32), RATE)
    desk.axis.set_duration(8.0)
    yield desk
    desk.transport.close()


def drag(qtbot: QtBot, widget: QWidget, start: int, end: int) -> None:
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(widget, left, pos=QPoint(start, 4))
    for x in (start + (end - start) // 2, end):
        qtbot.mouseMove(widget, QPoint(x, 4))
    qtbot.mouseRelease(widget, left, pos=QPoint(end, 4))


def test_coverage_reaches_the_edges_and_silence_is_one_line() -> None:
    alpha = coverage(np.array([[-1.0, 1.0], [0.0, 0.0], [0.0, 0.5]], np.float32), 40)
    assert alpha.shape == (40, 3)
    assert alpha[:, 0].sum() == pytest.approx(38.0)
    assert alpha[:, 1].sum() == pytest.approx(1.0)
    assert alpha[:20, 2].sum() == pytest.approx(9.5)
    assert alpha[21:, 2].sum() == 0.0


def test_both_channels_are_drawn_where_they_sound(desk: Desk, qtbot: QtBot) -> None:
    audio = np.zeros((8 * RATE, 2), np.float32)
    audio[2 * RATE : 4 * RATE, 0] = np.tile([0.9, -0.9], RATE)
    audio[6 * RATE :, 1] = np.tile([1.0, -1.0], RATE)
    view = WaveformView(desk.theme, desk.axis, desk.transport)
    desk.show(view, qtbot, 84)
    view.show_peaks(Peaks.of(audio), RATE)
    image = view.grab().toImage()
    wave, ground = desk.theme.color("wave").rgb(), desk.theme.color("canvas").rgb()
    assert image.pixel(desk.x(3.0), 6) == wave
    assert image.pixel(desk.x(5.0), 6) == ground
    assert image.pixel(desk.x(3.0), 50) == ground
    assert image.pixel(desk.x(7.0), 50) == desk.theme.color("meter_high").rgb()  # clipped
    assert image.pixel(desk.x(3.0) - LEFT_MARGIN_PX, 6) != wave
    assert "8.0 seconds" in view.accessibleDescription()


def test_the_waveform_follows_zoom_and_theme(desk: Desk, qtbot: QtBot) -> None:
    audio = np.zeros((8 * RATE, 1), np.float32)
    audio[4 * RATE :, 0] = np.tile([0.5, -0.5], 2 * RATE)
    view = WaveformView(desk.theme, desk.axis, desk.transport)
    desk.show(view, qtbot, 80)
    view.show_peaks(Peaks.of(audio), RATE)
    desk.axis.show(4.5, 5.5)
    desk.theme.choose(ThemeChoice.LIGHT)
    QApplication.processEvents()
    image = view.grab().toImage()
    assert image.pixel(LEFT_MARGIN_PX + 4, 30) == desk.theme.color("wave").rgb()
    view.show_peaks(None)
    assert view.grab().toImage().pixel(LEFT_MARGIN_PX + 4, 30) == desk.theme.color("canvas").rgb()


def test_a_region_beyond_the_take_in_view_ends_with_the_ruler(desk: Desk, qtbot: QtBot) -> None:
    ruler = Ruler(desk.theme, desk.axis, desk.transport)
    desk.show(ruler, qtbot, 40)
    desk.transport.set_region((1.0, 7.0))
    desk.axis.set_duration(3.0)  # a shorter take is being made meanwhile
    image, band = ruler.grab().toImage(), desk.theme.color("region").rgb()
    coloured = [x for x in range(WIDTH) if image.pixel(x, 3) == band]
    assert desk.x(1.0) <= min(coloured) < desk.x(1.1)
    assert max(coloured) <= desk.x(3.0) + 1


def test_dragging_on_the_ruler_marks_and_its_edges_move(desk: Desk, qtbot: QtBot) -> None:
    ruler = Ruler(desk.theme, desk.axis, desk.transport)
    desk.show(ruler, qtbot, 40)
    drag(qtbot, ruler, desk.x(2.0), desk.x(4.0))
    assert desk.transport.region_s == pytest.approx((2.0, 4.0), abs=0.02)
    assert desk.transport.loop
    drag(qtbot, ruler, desk.x(4.0), desk.x(6.0))
    assert desk.transport.region_s == pytest.approx((2.0, 6.0), abs=0.02)
    drag(qtbot, ruler, desk.x(2.0), desk.x(1.0))
    assert desk.transport.region_s == pytest.approx((1.0, 6.0), abs=0.02)
    assert "0:01" in ruler.accessibleDescription()
    qtbot.mouseDClick(ruler, Qt.MouseButton.LeftButton, pos=QPoint(desk.x(3.0), 4))
    assert desk.transport.region_s is None


def test_edges_snap_to_beats_where_these_are_known(desk: Desk, qtbot: QtBot) -> None:
    desk.axis.set_meter(120.0, 4)
    ruler = Ruler(desk.theme, desk.axis, desk.transport)
    desk.show(ruler, qtbot, 40)
    drag(qtbot, ruler, desk.x(2.0) + 4, desk.x(4.0) - 3)
    assert desk.transport.region_s == (2.0, 4.0)


def test_a_known_tempo_brings_a_row_of_bars(desk: Desk, qtbot: QtBot) -> None:
    ruler = Ruler(desk.theme, desk.axis, desk.transport)
    desk.show(ruler, qtbot, 40)
    plain = ruler.sizeHint().height()
    without = ruler.grab().toImage()
    desk.axis.set_meter(120.0, 4)
    assert ruler.sizeHint().height() > plain
    assert ruler.grab().toImage() != without


def test_the_pointer_is_shared_by_all_views(desk: Desk, qtbot: QtBot) -> None:
    ruler = Ruler(desk.theme, desk.axis, desk.transport)
    desk.show(ruler, qtbot, 40)
    qtbot.mouseMove(ruler, QPoint(desk.x(5.0), 10))
    assert desk.axis.cursor_s == pytest.approx(5.0, abs=0.02)


def test_the_arrows_go_from_beat_to_beat(desk: Desk, qtbot: QtBot) -> None:
    desk.axis.set_meter(120.0, 4)
    ruler = Ruler(desk.theme, desk.axis, desk.transport)
    desk.show(ruler, qtbot, 40)
    desk.transport.seek(1.2)
    seen = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Left):
        qtbot.keyClick(ruler, key)
        seen.append(desk.transport.position_s)
    assert seen == pytest.approx([1.5, 2.0, 1.5, 1.0])
    qtbot.keyClick(ruler, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert desk.transport.position_s == pytest.approx(1.0)
    desk.axis.set_meter(None, None)
    desk.transport.seek(3.3)
    qtbot.keyClick(ruler, Qt.Key.Key_Left)
    assert desk.transport.position_s == pytest.approx(3.0)


def test_a_loops_regions_reach_for_its_bars(desk: Desk, qtbot: QtBot) -> None:
    desk.axis.set_meter(120.0, 4)
    ruler = Ruler(desk.theme, desk.axis, desk.transport)
    desk.show(ruler, qtbot, 40)
    near = desk.x(2.0) + 14, desk.x(6.0) - 14
    drag(qtbot, ruler, *near)
    assert desk.transport.region_s != pytest.approx((2.0, 6.0), abs=0.05)
    desk.transport.load(np.zeros((8 * RATE, 2), np.float32), RATE, is_loop=True)
    drag(qtbot, ruler, *near)
    assert desk.transport.region_s == pytest.approx((2.0, 6.0))
