"""Who plays and how long a loop is: what the panel asks for and what it tells."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.widgets.score_panel import ScorePanel
from app.widgets.sound_panel import SoundPanel
from engine.api import Score, Stem
from tests.app.conftest import Desk


@pytest.fixture
def panel(desk: Desk, qtbot: QtBot) -> Desk:
    desk.studio.request.edit(prompt="piano")
    qtbot.waitUntil(lambda: desk.studio.request.plan is not None)
    return desk


def picker(desk: Desk, name: str) -> QComboBox:
    found = desk.window.findChild(QComboBox, name)
    assert found is not None
    return found


def line(desk: Desk, name: str) -> QLineEdit:
    found = desk.window.findChild(QLineEdit, name)
    assert found is not None
    return found


def length_row(desk: Desk) -> tuple[QLabel, QWidget]:
    """What is told of the length, and the slider in whose place it stands."""
    sound = desk.window.findChild(SoundPanel)
    assert sound is not None
    return sound.rows["duration_s"].told, sound.rows["duration_s"].slider


@pytest.mark.parametrize("stem", list(Stem))
def test_every_stem_can_be_asked_for_and_taken_back(panel: Desk, stem: Stem) -> None:
    box = picker(panel, "stem")
    box.setCurrentIndex(box.findData(stem.value))
    assert panel.studio.request.draft.request().score.stem is stem
    assert panel.studio.actions["undo"].text() == "Undo: Change who plays"
    panel.studio.actions["undo"].trigger()
    assert panel.studio.request.draft.request().score.stem is None


def test_what_the_planner_chose_is_told(panel: Desk) -> None:
    assert picker(panel, "stem").currentText() == "everyone · auto"
    assert picker(panel, "loop").currentText() == "off · auto"


def test_a_loop_asks_for_bars_and_tells_how_long_it_will_be(panel: Desk, qtbot: QtBot) -> None:
    told, slider = length_row(panel)
    bars = line(panel, "bars")
    assert (bars.isVisible(), slider.isVisible(), told.isVisible()) == (False, True, False)
    loop = picker(panel, "loop")
    loop.setCurrentIndex(loop.findData("on"))
    qtbot.waitUntil(told.isVisible)
    assert told.text() == "4 bars · 10.67 s"
    assert not slider.isVisible()
    assert bars.placeholderText() == "4 bars · auto"
    qtbot.keyClicks(bars, "2 bars")
    line(panel, "tempo_bpm").setFocus()
    qtbot.keyClicks(line(panel, "tempo_bpm"), "120")
    qtbot.waitUntil(lambda: told.text() == "2 bars · 4.00 s")
    wanted = panel.studio.request.draft.request().score
    assert (wanted.loop, wanted.bars, wanted.tempo_bpm) == (True, 2, 120.0)
    loop.setCurrentIndex(loop.findData("off"))
    qtbot.waitUntil(slider.isVisible)
    assert not bars.isVisible()
    assert panel.studio.request.draft.request().score == Score(tempo_bpm=120.0, loop=False)


@pytest.mark.parametrize("text", ["0", "four", "513", "2.5"])
def test_bad_bars_are_marked_where_they_are(panel: Desk, qtbot: QtBot, text: str) -> None:
    panel.studio.request.edit(loop="on")
    qtbot.waitUntil(line(panel, "bars").isVisible)
    qtbot.keyClicks(line(panel, "bars"), text)
    panel.studio.actions["generate"].trigger()
    assert panel.engine.requests == {}
    assert line(panel, "bars").property("invalid")
    assert line(panel, "bars").isVisible()
    panel.studio.request.edit(loop="off")  # other music has no bars to be wrong about
    panel.studio.actions["generate"].trigger()
    assert panel.engine.requests[1].score.loop is False


def test_the_estimate_is_of_the_loop_not_of_the_slider(panel: Desk, qtbot: QtBot) -> None:
    panel.studio.request.edit(duration_s="300", loop="on", bars="1")
    qtbot.waitUntil(lambda: panel.studio.estimate.text == "29 MB of memory")


def test_loop_and_stem_are_there_after_a_restart(start: Callable[[], Desk]) -> None:
    first = start()
    first.studio.request.edit(prompt="x", stem="bass", loop="on", bars="8", over="/gone.wav")
    first.window.close()
    draft = start().studio.request.draft
    assert (draft.stem, draft.loop, draft.bars, draft.over) == ("bass", "on", "8", "/gone.wav")


def test_all_rows_are_in_view_at_1280_by_720(panel: Desk, qtbot: QtBot) -> None:
    panel.window.resize(1280, 720)
    panel.studio.request.edit(loop="on", over="/x.wav")
    qtbot.wait(150)
    fold = panel.window.findChild(QWidget, "moreButton")
    assert fold is not None
    assert not fold.visibleRegion().isEmpty()
    assert fold.visibleRegion().boundingRect() == fold.rect()
    bars = line(panel, "bars")
    metrics = bars.fontMetrics()
    assert metrics.horizontalAdvance("16 bars · auto") <= bars.width() - 2 * 10


def test_players_are_planned_taken_over_and_completed_one_by_one(panel: Desk, qtbot: QtBot) -> None:
    players = line(panel, "instruments")
    plan = panel.studio.request.plan
    assert plan is not None
    assert players.placeholderText() == f"{', '.join(plan.instruments or ())} · auto"
    players.setFocus()
    qtbot.keyClicks(players, "rhodes, Upri")
    completer = players.completer()
    assert completer is not None
    assert completer.currentCompletion() == "rhodes, upright bass"
    popup = completer.popup()
    qtbot.waitUntil(popup.isVisible)
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert players.text() == "rhodes, upright bass"
    wanted = panel.studio.request.draft.request().score
    assert wanted.instruments == ("electric piano", "upright bass")
    qtbot.waitUntil(lambda: panel.studio.request.plan is not None)
    assert panel.studio.actions["undo"].text() == "Undo: Change the players"


def test_a_player_that_is_unknown_is_marked_with_what_was_meant(panel: Desk, qtbot: QtBot) -> None:
    players = line(panel, "instruments")
    players.setFocus()
    qtbot.keyClicks(players, "pianno")
    qtbot.waitUntil(lambda: bool(players.property("invalid")))
    scores = panel.window.findChild(ScorePanel)
    assert scores is not None
    assert "Did you mean" in scores.error.text()
    panel.studio.actions["generate"].trigger()
    assert panel.engine.requests == {}
