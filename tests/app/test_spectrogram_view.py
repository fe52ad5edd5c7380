"""The spectrogram: true levels at the right pixels, replaced without re-plotting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.colour_maps import colour_table
from app.state.time_axis import LEFT_MARGIN_PX, RIGHT_MARGIN_PX, TimeAxis
from app.state.transport import Transport
from app.theme import Theme, ThemeChoice
from app.widgets.spectrogram_view import COLOUR_MAPS, SpectrogramView
from app.widgets.spectrogram_view.colour_scale import DEFAULT_RANGE_DB
from app.widgets.spectrogram_view.raster import (
    BOTTOM_PX,
    TOP_PX,
    colours,
    level_at,
    sample,
)
from app.widgets.spectrogram_view.view import note_name
from engine.api import Picture

WIDTH, HEIGHT = 600, 300
INNER = WIDTH - LEFT_MARGIN_PX - RIGHT_MARGIN_PX
TALL = HEIGHT - TOP_PX - BOTTOM_PX


def picture(level_db: np.ndarray, duration_s: float = 10.0) -> Picture:
    return Picture(level_db.astype(np.float32), 30.0, 20_000.0, duration_s)


def quiet(bands: int = 8, frames: int = 20) -> np.ndarray:
    return np.full((bands, frames), -100.0)


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[SpectrogramView]:
    theme, axis, transport = Theme(ThemeChoice.DARK), TimeAxis(), Transport()
    theme.apply()
    view = SpectrogramView(theme, axis, transport)
    qtbot.addWidget(view)
    view.resize(WIDTH, HEIGHT)
    view.show()
    qtbot.waitUntil(lambda: view._canvas is not None, timeout=30_000)
    transport.load(np.zeros((441_000, 2), np.float32), 44_100)
    axis.set_duration(10.0)
    yield view
    transport.close()


def shot(view: SpectrogramView) -> QImage:
    QApplication.processEvents()
    return view.grab().toImage()


def pixel(view: SpectrogramView, x: int, y: int) -> QColor:
    return QColor(shot(view).pixel(LEFT_MARGIN_PX + x, TOP_PX + y))


# The sampling.


def test_the_highest_band_is_on_top_and_time_runs_to_the_right() -> None:
    level = quiet()
    level[-1, -1] = 0.0
    pixels = sample(picture(level), 0.0, 10.0, 200, 80, -100.0)
    assert pixels.shape == (80, 200)
    assert np.unravel_index(int(pixels.argmax()), pixels.shape)[0] == 0
    assert pixels[0, -1] > -10.0
    assert pixels[-1].max() == -100.0


def test_beyond_the_picture_all_is_floor() -> None:
    """A short take's picture is still there while a longer one is zoomed into."""
    pixels = sample(picture(np.zeros((8, 20))), 40.0, 41.0, 200, 80, -100.0)
    assert (pixels == -100.0).all()


def test_no_loud_frame_is_lost_when_many_share_a_pixel() -> None:
    level = quiet(4, 5000)
    level[2, 1234] = 0.0
    pixels = sample(picture(level), 0.0, 10.0, 100, 4, -100.0)
    assert pixels.max() == pytest.approx(0.0)
    assert int(pixels.max(axis=0).argmax()) == 1234 * 100 // 5000


def test_zooming_in_interpolates_between_the_frames() -> None:
    level = np.repeat(np.arange(20.0)[None], 8, axis=0)
    pixels = sample(picture(level), 2.0, 4.0, 100, 8, -100.0)
    expected = (2.0 + (np.arange(100) + 0.5) * 0.02) * 2.0 - 0.5
    np.testing.assert_allclose(pixels[3], expected, atol=1e-4)


def test_outside_the_picture_is_the_floor() -> None:
    pixels = sample(picture(quiet() + 100.0, 5.0), 0.0, 10.0, 100, 8, -77.0)
    assert pixels[0, 40] == pytest.approx(0.0)
    assert (pixels[:, 51:] == -77.0).all()


def test_the_pixel_under_the_pointer_tells_its_level() -> None:
    level = quiet()
    level[3, 7] = -12.0
    assert level_at(picture(level), 3.75, 3 / 7) == pytest.approx(-12.0)


def test_colours_run_from_floor_to_top() -> None:
    table = colour_table("magma", "#0a0e10")
    ends = colours(np.array([[-200.0, -75.0, -5.0, 40.0]], np.float32), table, -75.0, -5.0)
    np.testing.assert_array_equal(ends[0], table[[0, 0, 255, 255]])


@pytest.mark.parametrize("name", COLOUR_MAPS)
@pytest.mark.parametrize("ground", ["#0a0e10", "#ffffff"])
def test_every_map_starts_at_the_ground_and_leads_steadily_away_from_it(
    name: str, ground: str
) -> None:
    table = colour_table(name, ground)
    assert QColor(*table[0].tolist()[:3]).name() == ground
    light = table[:, :3].astype(float) @ [0.2126, 0.7152, 0.0722]
    away = light if ground == "#0a0e10" else -light
    assert np.diff(away[::8]).min() > -1.0


def test_notes_are_named() -> None:
    assert [note_name(hz) for hz in (440.0, 261.63, 30.0)] == ["A4", "C4", "B0"]


# The widget.


def test_a_step_replaces_the_pixels_without_drawing_the_labels(
    view: SpectrogramView, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    view.show_picture(picture(quiet()))
    assert pixel(view, 100, 50).name() == view._theme.color("canvas").name()
    drawn: list[int] = []
    monkeypatch.setattr(type(view._canvas), "draw", lambda self: drawn.append(1))
    view.show_picture(picture(quiet() + 100.0))
    assert pixel(view, 100, 50).lightnessF() > 0.8
    assert drawn == []


def test_the_seconds_stay_when_one_take_follows_another(view: SpectrogramView) -> None:
    def seconds() -> set[int]:
        image = shot(view)
        strip = range(LEFT_MARGIN_PX - 8, WIDTH - RIGHT_MARGIN_PX)
        return {image.pixel(x, HEIGHT - BOTTOM_PX // 2) for x in strip}

    view.show_picture(picture(quiet()))
    assert len(seconds()) > 2  # the ground, and glyphs on it
    view.show_picture(None)
    view.show_picture(picture(quiet() + 50.0))
    assert len(seconds()) > 2


def test_a_moment_lies_where_the_time_axis_says(view: SpectrogramView) -> None:
    level = quiet(8, 1000)
    level[:, 300:] = 0.0
    view.show_picture(picture(level))
    image = shot(view)
    edge = round(view._axis.to_px(3.0, WIDTH))
    row = [image.pixelColor(x, 100).lightnessF() for x in (edge - 3, edge + 3)]
    assert row[0] < 0.2 < 0.8 < row[1]
    view._axis.show(2.0, 4.0)
    image = shot(view)
    edge = round(view._axis.to_px(3.0, WIDTH))
    row = [image.pixelColor(x, 100).lightnessF() for x in (edge - 3, edge + 3)]
    assert row[0] < 0.2 < 0.8 < row[1]


def test_the_theme_switches_live(view: SpectrogramView) -> None:
    view.show_picture(picture(quiet()))
    dark = pixel(view, 200, 100)
    view._theme.choose(ThemeChoice.LIGHT)
    assert dark.lightnessF() < 0.2
    assert pixel(view, 200, 100).lightnessF() > 0.9
    assert QColor(shot(view).pixel(2, HEIGHT - 3)).lightnessF() > 0.9


def test_click_seeks_and_drag_marks_a_region_that_loops(
    view: SpectrogramView, qtbot: QtBot
) -> None:
    view.show_picture(picture(quiet()))
    transport, axis = view._transport, view._axis
    left = Qt.MouseButton.LeftButton
    qtbot.mouseClick(view, left, pos=QPoint(round(axis.to_px(4.0, WIDTH)), 100))
    assert transport.position_s == pytest.approx(4.0, abs=0.02)
    qtbot.mousePress(view, left, pos=QPoint(round(axis.to_px(2.0, WIDTH)), 100))
    for time_s in (2.5, 5.0):
        qtbot.mouseMove(view, QPoint(round(axis.to_px(time_s, WIDTH)), 100))
    qtbot.mouseRelease(view, left, pos=QPoint(round(axis.to_px(5.0, WIDTH)), 100))
    assert transport.region_s == pytest.approx((2.0, 5.0), abs=0.03)
    assert transport.loop


def test_the_pointer_is_told_in_words(view: SpectrogramView, qtbot: QtBot) -> None:
    level = quiet()
    level[:] = -42.0
    view.show_picture(picture(level))
    monkey = view.underMouse
    view.underMouse = lambda: True  # type: ignore[method-assign]
    with qtbot.waitSignal(view.readout_changed) as told:
        qtbot.mouseMove(view, QPoint(LEFT_MARGIN_PX + INNER // 2, TOP_PX + TALL // 2))
    view.underMouse = monkey  # type: ignore[method-assign]
    assert told.args[0].startswith("5.0")
    assert "Hz" in told.args[0]
    assert told.args[0].endswith("−42 dB")


def test_ctrl_wheel_zooms_around_the_pointer(view: SpectrogramView) -> None:
    axis = view._axis
    at = QPointF(axis.to_px(3.0, WIDTH), 100.0)
    nothing = Qt.MouseButton.NoButton
    event = QWheelEvent(
        at,
        at,
        QPoint(),
        QPoint(0, 240),
        nothing,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)
    assert axis.span_s < 7.0
    assert axis.to_px(3.0, WIDTH) == pytest.approx(at.x(), abs=0.5)


def test_the_level_range_is_adjustable_and_told(view: SpectrogramView, qtbot: QtBot) -> None:
    assert view.range_db == DEFAULT_RANGE_DB
    view.show_picture(picture(quiet() + 40.0))
    before = pixel(view, 200, 100).lightnessF()
    with qtbot.waitSignal(view.range_changed):
        view.set_range(-70.0, -50.0)
    assert pixel(view, 200, 100).lightnessF() > before + 0.1
    scale = view._scale
    scale.setFocus()
    qtbot.keyClick(scale, Qt.Key.Key_Up)
    assert view.range_db == (-65.0, -45.0)
    qtbot.keyClick(scale, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert view.range_db == (-70.0, -45.0)
    assert "-70" in scale.accessibleDescription()
    view.set_range(50.0, -300.0)
    floor_db, top_db = view.range_db
    assert top_db - floor_db >= 10.0


def test_an_unknown_colour_map_is_ignored(view: SpectrogramView) -> None:
    view.set_colour_map("jet")
    assert view.colour_map == "magma"
    view.set_colour_map("viridis")
    assert view.colour_map == "viridis"
    assert len(view.menu().actions()) > len(COLOUR_MAPS)


def test_nothing_shown_is_said(view: SpectrogramView) -> None:
    view.show_picture(None)
    assert view.accessibleDescription() == "Empty"
    assert view.accessibleName() == "Spectrogram"
