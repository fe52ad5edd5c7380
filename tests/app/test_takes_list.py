"""The list of takes in the hand: keys, clicks, search, stars and what it says aloud."""

from collections.abc import Iterator
from dataclasses import replace
from math import prod
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from app.actions import Actions
from app.library import THUMBNAIL_SHAPE, Take
from app.state.takes import Takes
from app.theme import Theme, ThemeChoice
from app.widgets.takes_list import TakesList, wording
from app.widgets.takes_list.delegate import TakeDelegate
from app.widgets.takes_list.takes_list import TAKE_ACTIONS
from engine.api import GenerationRequest, Refinement, Score, Stem
from tests.fakes import clip

PROMPTS = ("slow jazz", "fast funk", "solo piano")  # listed the other way round


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    theme = Theme(ThemeChoice.DARK)
    theme.apply()
    return theme


@pytest.fixture
def actions(theme: Theme) -> Actions:
    return Actions(theme)


@pytest.fixture
def takes(qtbot: QtBot, tmp_path: Path) -> Iterator[Takes]:
    takes = Takes(tmp_path)
    with qtbot.waitSignal(takes.opened):
        pass
    yield takes
    takes.close()


@pytest.fixture
def empty(qtbot: QtBot, takes: Takes, actions: Actions, theme: Theme) -> TakesList:
    widget = TakesList(takes, actions, theme)
    widget.resize(800, 320)
    widget.addActions(actions.all())
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    widget.activateWindow()
    return widget


@pytest.fixture
def listed(qtbot: QtBot, empty: TakesList, takes: Takes) -> TakesList:
    for seed, prompt in enumerate(PROMPTS):
        takes.add(clip(GenerationRequest(prompt, seed=seed), clip_s=0.1))
    takes.wait_until_saved()
    qtbot.wait(10)
    return empty


def prompts(widget: TakesList) -> list[str]:
    model = widget.view.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def place_in(widget: TakesList, row: int, right_px: int | None = None) -> QPoint:
    """The middle of a row, or a point that far from its right edge."""
    area = widget.view.visualRect(widget.view.model().index(row, 0))
    return QPoint(area.right() - right_px, area.center().y()) if right_px else area.center()


def test_the_newest_take_is_on_top(listed: TakesList) -> None:
    assert prompts(listed) == ["solo piano", "fast funk", "slow jazz"]


def test_arrows_choose_and_enter_plays(qtbot: QtBot, listed: TakesList, takes: Takes) -> None:
    listed.view.setFocus()
    listed.view.setCurrentIndex(listed.view.model().index(0, 0))
    qtbot.keyClick(listed.view, Qt.Key.Key_Down)
    assert takes.current is not None
    assert takes.current.request.prompt == "fast funk"
    with qtbot.waitSignal(listed.play_requested) as played:
        qtbot.keyClick(listed.view, Qt.Key.Key_Return)
    assert played.args[0].request.prompt == "fast funk"


def test_a_double_click_plays(qtbot: QtBot, listed: TakesList) -> None:
    with qtbot.waitSignal(listed.play_requested) as played:
        place = place_in(listed, 2)
        qtbot.mouseClick(listed.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseDClick(listed.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert played.args[0].request.prompt == "slow jazz"


def test_a_click_on_the_star_stars_and_selects_nothing(
    qtbot: QtBot, listed: TakesList, takes: Takes
) -> None:
    place = place_in(listed, 1, right_px=20)
    qtbot.mouseClick(listed.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert [take.starred for take in takes.visible()] == [False, True, False]
    assert takes.current is None


def test_searching_and_on_to_the_list_by_keys(
    qtbot: QtBot, listed: TakesList, actions: Actions, takes: Takes
) -> None:
    actions["find"].trigger()
    qtbot.keyClicks(listed.search, "fun")
    assert prompts(listed) == ["fast funk"]
    qtbot.keyClick(listed.search, Qt.Key.Key_Return)
    assert takes.current is not None
    assert takes.current.request.prompt == "fast funk"
    listed.search.setText("polka")
    assert "No take matches “polka”" in listed._empty_text.text()
    qtbot.keyClick(listed.search, Qt.Key.Key_Escape)
    assert len(prompts(listed)) == 3
    assert takes.current.request.prompt == "fast funk"  # searching moves nothing


def test_unstarring_leaves_the_filtered_list(
    qtbot: QtBot, listed: TakesList, takes: Takes, actions: Actions
) -> None:
    takes.select(takes.visible()[0].id)
    actions["favourite"].trigger()
    listed.starred_only.click()
    assert prompts(listed) == ["solo piano"]
    assert actions["favourite"].isChecked()
    actions["favourite"].trigger()
    assert prompts(listed) == []
    assert "No take has a star" in listed._empty_text.text()


def test_delete_moves_on_and_undo_returns(
    qtbot: QtBot, listed: TakesList, takes: Takes, actions: Actions
) -> None:
    takes.select(takes.visible()[1].id)
    actions["delete"].trigger()
    assert prompts(listed) == ["solo piano", "slow jazz"]
    assert listed.view.currentIndex().data() == "slow jazz"
    takes.undo.undo()
    assert prompts(listed) == ["solo piano", "fast funk", "slow jazz"]
    assert listed.view.currentIndex().data() == "fast funk"


def test_a_deletion_offers_the_way_back_until_something_else_changes(
    qtbot: QtBot, listed: TakesList, takes: Takes, actions: Actions
) -> None:
    actions["undo"].triggered.connect(takes.undo.undo)
    button = listed.findChild(QAbstractButton, "undoDelete")
    assert button is not None
    assert not button.isVisible()
    takes.select(takes.visible()[1].id)
    actions["delete"].trigger()
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert prompts(listed) == ["solo piano", "fast funk", "slow jazz"]
    assert not button.isVisible()
    actions["delete"].trigger()
    assert button.isVisible()
    actions["favourite"].trigger()
    assert not button.isVisible()


def test_actions_wait_for_a_take(listed: TakesList, takes: Takes, actions: Actions) -> None:
    assert not any(actions[id].isEnabled() for id in TAKE_ACTIONS)
    assert all("Choose a take first." in actions[id].toolTip() for id in TAKE_ACTIONS)
    takes.select(takes.visible()[0].id)
    assert all(actions[id].isEnabled() for id in TAKE_ACTIONS)
    assert not any("Choose a take first." in actions[id].toolTip() for id in TAKE_ACTIONS)


def test_the_empty_list_says_so(empty: TakesList) -> None:
    assert "kept here" in empty._empty_text.text()


def test_everything_has_a_name_and_rows_speak(
    qtbot: QtBot, listed: TakesList, takes: Takes
) -> None:
    assert listed.search.accessibleName()
    assert listed.view.accessibleName()
    buttons = [b for b in listed.findChildren(QAbstractButton) if b.isVisibleTo(listed)]
    own = [b for b in buttons if b.parent() is not listed.search]
    assert all(button.accessibleName() or button.text() for button in own)
    takes.star(takes.visible()[0].id, True)
    row = QAccessible.queryAccessibleInterface(listed.view).child(0)
    spoken = row.text(QAccessible.Text.Name)
    assert spoken.startswith("solo piano, 0:00, 90 bpm, A minor, 25 steps")
    assert "favourite" in spoken


def test_tool_tips_escape_the_prompt(listed: TakesList, takes: Takes) -> None:
    take: Take = takes.add(clip(GenerationRequest("<b>loud & clear", seed=1), clip_s=0.1))
    tip = listed.view.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;loud &amp; clear" in tip
    assert take.request.sampler.value in tip


def test_only_the_absence_of_drums_is_told(takes: Takes) -> None:
    told = {}
    for drums in (True, False):
        request = GenerationRequest("solo piano", score=Score(drums=drums), seed=1)
        told[drums] = wording.settings(takes.add(clip(request, clip_s=0.1)))
    assert told[False] == told[True].replace("A minor", "A minor · no drums")


@pytest.mark.parametrize(
    ("score", "told"),
    [
        (Score(stem=Stem.DRUMS, loop=True, bars=4), "drums · 4-bar loop · 0:11 · 90 bpm"),
        (Score(stem=Stem.BASS, drums=False), "bass · 0:00 · 90 bpm · A minor · 25 steps"),
        (Score(loop=True, bars=2), "2-bar loop · 0:05"),
        (Score(stem=Stem.MIX, drums=False), "0:00 · 90 bpm · A minor · no drums"),
    ],
)
def test_stems_and_loops_are_told_first(takes: Takes, score: Score, told: str) -> None:
    request = GenerationRequest("solo piano", score=score, seed=1)
    take = takes.add(clip(request, clip_s=0.1))
    assert wording.settings(take).startswith(told)


def test_hundreds_of_takes_and_both_themes_paint(
    qtbot: QtBot, listed: TakesList, takes: Takes, theme: Theme
) -> None:
    for seed in range(300):
        takes.add(clip(GenerationRequest(f"take {seed}", seed=seed), clip_s=0.01))
    assert listed.view.model().rowCount() == 303
    dark = listed.grab().toImage()
    theme.choose(ThemeChoice.LIGHT)
    light = listed.grab().toImage()
    corner = QPoint(listed.width() // 2, listed.height() - 2)
    assert light.pixelColor(corner).lightness() > dark.pixelColor(corner).lightness()


def test_silence_in_a_thumbnail_is_the_themes_ground(
    qtbot: QtBot, listed: TakesList, takes: Takes, theme: Theme
) -> None:
    delegate = listed.view.itemDelegate()
    assert isinstance(delegate, TakeDelegate)
    silent = replace(takes.visible()[0], thumbnail=bytes(prod(THUMBNAIL_SHAPE)))
    qtbot.waitUntil(lambda: delegate.thumbnail(silent) is not None)
    for choice in (ThemeChoice.LIGHT, ThemeChoice.DARK):
        theme.choose(choice)
        image = delegate.thumbnail(silent)
        assert image is not None
        assert image.pixelColor(0, 0) == theme.color("canvas")


@pytest.mark.parametrize(
    ("interval", "told"),
    [(None, ""), ((1.0, 1_000.0), "guided above σ 1"), ((0.3, 5.0), "guided at 0.3 &lt; σ ≤ 5")],
)
def test_the_tip_tells_where_guidance_acted(
    takes: Takes, interval: tuple[float, float] | None, told: str
) -> None:
    request = GenerationRequest("jazz", seed=1, refinement=Refinement(interval=interval))
    tip = wording.tool_tip(takes.add(clip(request, clip_s=0.1)))
    assert told in tip
    assert ("guided" in tip) is bool(told)
