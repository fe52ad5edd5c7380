"""The chords above the ruler: what they show, and how they are rewritten for the next take."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.state.chord_sheet import ChordSheet, diatonic
from app.theme import ThemeChoice
from app.widgets.chord_lane import ChordLane
from app.widgets.chord_lane.editor import ChordEditor
from app.widgets.chord_lane.painting import Run, runs, split
from engine.api import Key, Preview
from tests.app.conftest import Desk


def make(desk: Desk, chords: str = "F#m D A E", key: str = "F# minor", **values: str) -> None:
    score = {"tempo_bpm": "120", "loop": "on", "bars": "8", **values}
    desk.studio.request.edit(prompt="piano", chords=chords, key=key, **score)
    desk.studio.actions["generate"].trigger()
    desk.studio.bridge.deliver()
    while desk.engine.advance() is not None:
        desk.studio.bridge.deliver()


def lane_of(desk: Desk) -> ChordLane:
    found = desk.window.findChild(ChordLane)
    assert found is not None
    return found


@pytest.fixture
def lane(desk: Desk) -> ChordLane:
    """Over a loop of eight bars, two seconds each, with four chords."""
    make(desk)
    desk.studio.request.edit(chords="", key="")
    QApplication.processEvents()
    return lane_of(desk)


def sheet(desk: Desk) -> ChordSheet:
    return desk.studio.chords


def names(desk: Desk) -> list[str]:
    return [sheet(desk).name(bar) for bar in range(sheet(desk).bars)]


def editor(lane: ChordLane) -> ChordEditor:
    assert lane.editor is not None
    return lane.editor


def write(qtbot: QtBot, lane: ChordLane, text: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
    editor(lane).selectAll()
    qtbot.keyClicks(editor(lane), text)
    qtbot.keyClick(editor(lane), key)


def click(qtbot: QtBot, lane: ChordLane, bar: int) -> None:
    middle = lane.box(bar, bar + 1).center().toPoint()
    qtbot.mouseClick(lane, Qt.MouseButton.LeftButton, pos=middle)


def test_the_shown_takes_chords_stand_over_their_bars(desk: Desk, lane: ChordLane) -> None:
    assert lane.isVisible()
    assert names(desk) == ["F#m", "D", "A", "E"] * 2
    axis = desk.studio.axis
    for bar in (0, 3, 7):
        assert lane.box(bar, bar + 1).left() == pytest.approx(axis.to_px(2.0 * bar, lane.width()))
    axis.show(4.0, 8.0)
    assert lane.box(2, 3).left() == pytest.approx(axis.to_px(4.0, lane.width()))
    assert lane.box(2, 4).width() == pytest.approx(axis.inner_px(lane.width()) - 2)


def test_without_tempo_or_chords_it_is_not_seen(desk: Desk) -> None:
    lane = lane_of(desk)
    make(desk, chords="", loop="off")
    assert not lane.isVisible()
    make(desk)
    assert lane.isVisible()
    desk.studio.axis.set_meter(None, None)
    assert not lane.isVisible()


def test_while_a_take_is_made_its_plan_is_shown(desk: Desk, lane: ChordLane) -> None:
    desk.studio.request.edit(chords="Bm G", bars="2", key="D major")
    desk.studio.actions["generate"].trigger()
    desk.engine.run_until(lambda event: isinstance(event, Preview))
    desk.studio.bridge.deliver()
    assert names(desk) == ["Bm", "G"]
    assert desk.studio.axis.duration_s == pytest.approx(4.0)


def test_a_chord_is_rewritten_wherever_the_progression_comes_again(
    desk: Desk, lane: ChordLane, qtbot: QtBot
) -> None:
    click(qtbot, lane, 5)
    assert editor(lane).text() == "D"
    assert editor(lane).accessibleName() == "Chord of bar 6"
    write(qtbot, lane, "Bm7")
    assert lane.editor is None
    assert desk.studio.request.draft.chords == "F#m Bm7 A E"
    assert names(desk) == ["F#m", "Bm7", "A", "E"] * 2
    assert [sheet(desk).is_written(bar) for bar in range(4)] == [False, True, False, False]
    assert "for the next take" in lane.accessibleDescription()
    assert desk.studio.actions["undo"].text() == "Undo: Change the chords"
    desk.studio.actions["undo"].trigger()
    assert desk.studio.request.draft.chords == ""
    assert names(desk) == ["F#m", "D", "A", "E"] * 2
    desk.studio.actions["redo"].trigger()
    assert names(desk)[1] == "Bm7"
    desk.studio.actions["generate"].trigger()
    asked = desk.engine.requests[2].score
    assert asked.chord_names == "F#m Bm7 A E"


def test_tab_goes_from_bar_to_bar_and_every_chord_is_kept(
    desk: Desk, lane: ChordLane, qtbot: QtBot
) -> None:
    click(qtbot, lane, 0)
    for chord in ("Bm", "E7", "C#m"):
        write(qtbot, lane, chord, Qt.Key.Key_Tab)
    assert editor(lane).text() == "E"
    qtbot.keyClick(editor(lane), Qt.Key.Key_Backtab)
    assert editor(lane).text() == "C#m"
    qtbot.keyClick(editor(lane), Qt.Key.Key_Return)
    assert desk.studio.request.draft.chords == "Bm E7 C#m E"
    lane.edit(7)
    qtbot.keyClick(editor(lane), Qt.Key.Key_Tab)
    assert lane.editor is None  # there is no ninth bar


def test_escape_leaves_the_chord_and_what_else_escape_does(
    desk: Desk, lane: ChordLane, qtbot: QtBot
) -> None:
    desk.studio.request.edit(steps="9", chords="G C")
    desk.studio.actions["generate"].trigger()
    desk.engine.run_until(lambda event: isinstance(event, Preview))
    desk.studio.bridge.deliver()
    lane.edit(0)
    write(qtbot, lane, "Bm", Qt.Key.Key_Escape)
    assert (lane.editor, desk.studio.request.draft.chords) == (None, "G C")
    assert lane.hasFocus()
    assert desk.engine.cancelled == set()


@pytest.mark.parametrize("text", ["H", "F#m7x", "D A", "?"])
def test_what_is_no_chord_is_told_and_stays_to_be_mended(
    desk: Desk, lane: ChordLane, qtbot: QtBot, text: str
) -> None:
    click(qtbot, lane, 1)
    write(qtbot, lane, text)
    assert editor(lane).property("invalid")
    assert f"“{text}” is not a chord." in editor(lane).accessibleDescription()
    assert desk.studio.request.draft.chords == ""
    qtbot.keyClick(editor(lane), Qt.Key.Key_Backspace)
    assert not editor(lane).property("invalid")
    write(qtbot, lane, "Dmaj7")
    assert desk.studio.request.draft.chords == "F#m Dmaj7 A E"


def test_leaving_by_the_mouse_keeps_a_chord_and_drops_what_is_none(
    desk: Desk, lane: ChordLane, qtbot: QtBot
) -> None:
    for text, kept in (("Bm", "Bm"), ("nonsense", "Bm")):
        click(qtbot, lane, 0)
        editor(lane).selectAll()
        qtbot.keyClicks(editor(lane), text)
        click(qtbot, lane, 2)
        assert sheet(desk).name(0) == kept
        qtbot.keyClick(editor(lane), Qt.Key.Key_Escape)


def test_an_emptied_field_brings_back_what_is_heard(
    desk: Desk, lane: ChordLane, qtbot: QtBot
) -> None:
    click(qtbot, lane, 0)
    write(qtbot, lane, "Bm")
    click(qtbot, lane, 0)
    editor(lane).clear()
    qtbot.keyClick(editor(lane), Qt.Key.Key_Return)
    assert not sheet(desk).is_written(0)
    assert desk.studio.request.draft.chords == "F#m D A E"


def test_other_changes_of_the_chords_end_what_was_written(
    desk: Desk, lane: ChordLane, qtbot: QtBot
) -> None:
    click(qtbot, lane, 0)
    write(qtbot, lane, "Bm")
    desk.studio.request.edit(chords="G C")
    assert names(desk)[:4] == ["F#m", "D", "A", "E"]
    make(desk, chords="Em C")
    assert names(desk)[:2] == ["Em", "C"]


def test_the_keyboard_goes_along_the_bars(desk: Desk, lane: ChordLane, qtbot: QtBot) -> None:
    lane.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(3):
        qtbot.keyClick(lane, Qt.Key.Key_Right)
    qtbot.keyClick(lane, Qt.Key.Key_Left)
    assert lane.accessibleDescription() == "Bar 3 of 8: A"
    qtbot.keyClick(lane, Qt.Key.Key_Return)
    write(qtbot, lane, "Amaj7")
    assert desk.studio.request.draft.chords == "F#m D Amaj7 E"
    assert lane.hasFocus()
    desk.studio.axis.show(0.0, 4.0)
    for _ in range(5):
        qtbot.keyClick(lane, Qt.Key.Key_Right)
    assert desk.studio.axis.start_s == pytest.approx(14.0, abs=2.0)
    assert lane.accessibleDescription().startswith("Bar 8 of 8")


def test_flats_are_spelt_in_flat_keys(desk: Desk, qtbot: QtBot) -> None:
    make(desk, chords="Bb Eb", key="Bb major")
    lane = lane_of(desk)
    click(qtbot, lane, 1)
    assert editor(lane).text() == "Eb"
    write(qtbot, lane, "Gm7")
    assert desk.studio.request.draft.chords == "Bb Gm7"


def test_the_keys_own_chords_are_offered() -> None:
    assert [str(chord) for chord in diatonic(Key.parse("C"))] == [
        *("C", "Dm", "Em", "F", "G", "Am", "Bdim"),
        *("Cmaj7", "Dm7", "Em7", "Fmaj7", "G7", "Am7", "Bm7b5"),
    ]
    minor = [str(chord) for chord in diatonic(Key.parse("A minor"))]
    assert minor[4:6] == ["Em", "E"]
    assert "E7" in minor


def test_down_opens_the_list(lane: ChordLane, qtbot: QtBot) -> None:
    lane.edit(0)
    qtbot.keyClick(editor(lane), Qt.Key.Key_Down)
    popup = editor(lane).completer().popup()
    assert popup is not None
    assert popup.isVisible()
    assert popup.model().rowCount() == 16
    qtbot.keyClick(editor(lane), Qt.Key.Key_Escape)
    assert not popup.isVisible()


def test_held_chords_are_one_run(desk: Desk) -> None:
    make(desk, chords="Am Am F G", bars="4")
    assert list(runs(sheet(desk), range(0, 4))) == [
        Run(0, 2, "Am", False), Run(2, 3, "F", False), Run(3, 4, "G", False),
    ]  # fmt: skip
    assert split("Bbm7b5") == ("B", "♭", "m7b5")
    assert split("F#") == ("F", "♯", "")


def test_the_chord_that_is_heard_is_lit(
    desk: Desk, lane: ChordLane, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lit() -> list[bool]:
        image = lane.grab().toImage()
        colour = desk.studio.theme.color("selection")
        boxes = [lane.box(bar, bar + 1) for bar in range(4)]
        return [image.pixelColor(round(b.right()) - 9, round(b.top()) + 3) == colour for b in boxes]

    desk.studio.transport.seek(2.5)
    assert lit() == [False] * 4
    monkeypatch.setattr(desk.studio.transport, "_playing", True)
    assert lit() == [False, True, False, False]
    desk.studio.transport.seek(4.0)
    assert lit() == [False, False, True, False]


def test_the_focus_is_seen(desk: Desk, lane: ChordLane, qtbot: QtBot) -> None:
    corner = lane.box(0, 1).toRect().topRight() + QPoint(-20, 1)
    before = lane.grab().toImage().pixelColor(corner)
    lane.setFocus(Qt.FocusReason.TabFocusReason)
    assert before == desk.studio.theme.color("block")
    assert lane.grab().toImage().pixelColor(corner) == desk.studio.theme.color("accent")


@pytest.mark.parametrize("choice", list(ThemeChoice)[1:])
def test_blocks_names_and_written_chords_are_drawn(
    desk: Desk, lane: ChordLane, qtbot: QtBot, choice: ThemeChoice
) -> None:
    desk.window.conductor.choose_theme(choice)

    def block(bar: int) -> set[str]:
        image: QImage = lane.grab().toImage()
        box = lane.box(bar, bar + 1).toRect().adjusted(4, 4, -4, -4)
        return {
            image.pixelColor(x, y).name()
            for x in range(box.left(), box.right())
            for y in range(box.top(), box.bottom())
        }

    theme = desk.studio.theme
    plain = block(1)
    assert theme.color("block").name() in plain
    assert theme.color("text").name() in plain
    assert theme.color("accent").name() not in plain
    click(qtbot, lane, 1)
    write(qtbot, lane, "Bm")
    assert theme.color("accent").name() in block(1)


def test_the_wheel_and_the_pointer_are_those_of_the_other_views(
    desk: Desk, lane: ChordLane, qtbot: QtBot
) -> None:
    qtbot.mouseMove(lane, QPoint(lane.width() // 2, 8))
    assert desk.studio.axis.cursor_s == pytest.approx(8.0, abs=0.1)
