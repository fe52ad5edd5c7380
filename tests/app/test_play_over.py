"""Accompaniment: a take or a file under the next take, on every way it comes there."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from PySide6.QtCore import QMimeData, QObject, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.controls.file_field import FileField
from app.library import TakeState
from app.request_panel import RequestPanel
from engine.api import Score, Stem, parse_chords
from engine.audio.export import ExportChoice, export
from tests.app.conftest import Desk
from tests.fakes import clip

CHORDS = "Am7 F C G"
MADE = {
    "tempo_bpm": "96",
    "key": "A minor",
    "chords": CHORDS,
    "beats_per_bar": "4",
    "loop": "on",
    "bars": "2",
}


def make_take(desk: Desk, qtbot: QtBot) -> None:
    """A loop of drums, saved."""
    desk.studio.request.edit(prompt="dusty drums", stem="drums", drums="with", **MADE)
    desk.studio.actions["generate"].trigger()
    desk.studio.bridge.deliver()
    while desk.engine.advance() is not None:
        desk.studio.bridge.deliver()
    desk.studio.takes.wait_until_saved()
    qtbot.waitUntil(lambda: desk.studio.takes.visible()[0].state is TakeState.SAVED)


def forget_all(desk: Desk) -> None:
    open_fields = dict.fromkeys(MADE, "")
    desk.studio.request.edit(prompt="a bass", stem="bass", drums="", **open_fields)


def row(desk: Desk) -> FileField:
    found = desk.window.findChild(FileField, "over")
    assert found is not None
    return found


def panel(desk: Desk) -> RequestPanel:
    found = desk.window.findChild(RequestPanel)
    assert found is not None
    return found


def files(path: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    return data


class Drop(QDropEvent):
    """A drop that keeps its data alive; `own` is dragged from the window itself."""

    def __init__(self, data: QMimeData, own: bool = False) -> None:
        copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        super().__init__(QPointF(9, 9), copy, data, left, Qt.KeyboardModifier.NoModifier)
        self._data = data
        self._source = QObject() if own else None

    def source(self) -> QObject | None:  # type: ignore[override]
        return self._source


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / "a guitar.wav"
    soundfile.write(path, [0.0] * 4_410, 44_100)
    return path


def test_a_part_is_written_over_a_take_in_one_step(desk: Desk, qtbot: QtBot) -> None:
    make_take(desk, qtbot)
    forget_all(desk)
    before = desk.studio.request.draft
    desk.studio.actions["play_over"].trigger()
    draft = desk.studio.request.draft
    assert {name: getattr(draft, name) for name in MADE} == MADE
    assert (draft.prompt, draft.stem, draft.drums) == ("a bass", "bass", "")
    assert soundfile.info(draft.over).frames == round(5.0 * 44_100)
    assert row(desk).shown.text() == "dusty drums"
    assert desk.studio.actions["undo"].text() == "Undo: Write a part over a take"
    desk.studio.actions["undo"].trigger()
    assert desk.studio.request.draft == before
    desk.studio.actions["redo"].trigger()
    desk.studio.actions["generate"].trigger()
    asked = desk.engine.requests[2]
    assert asked.over == draft.over
    assert asked.score == Score(
        96.0, 4, asked.score.key, parse_chords(CHORDS), 2, None, Stem.BASS, True, "jazz"
    )


def test_it_is_taken_off_by_one_click_and_comes_back_by_undo(desk: Desk, sound: Path) -> None:
    assert not row(desk).remove.isVisible()
    desk.studio.request.edit(over=str(sound))
    assert row(desk).shown.text() == "a guitar.wav"
    row(desk).remove.click()
    assert desk.studio.request.draft.over == ""
    assert not row(desk).remove.isVisible()
    desk.studio.actions["undo"].trigger()
    assert desk.studio.request.draft.over == str(sound)


def test_a_missing_file_is_told_at_its_row_when_it_is_needed(
    desk: Desk, qtbot: QtBot, sound: Path
) -> None:
    desk.studio.request.edit(prompt="a bass", over=str(sound))
    sound.unlink()
    qtbot.waitUntil(lambda: desk.studio.request.plan is not None)
    assert not row(desk).property("invalid")
    desk.studio.actions["generate"].trigger()
    assert desk.engine.requests == {}
    assert row(desk).property("invalid")
    assert "“a guitar.wav” is not there any more." in row(desk).accessibleDescription()
    row(desk).remove.click()
    qtbot.waitUntil(lambda: not row(desk).property("invalid"))
    desk.studio.actions["generate"].trigger()
    assert desk.engine.requests[1].over == ""


def test_a_file_dropped_on_the_panel_is_played_over(desk: Desk, sound: Path) -> None:
    panel(desk).dropEvent(Drop(files(sound)))
    draft = desk.studio.request.draft
    assert (draft.over, draft.tempo_bpm) == (str(sound), "")
    assert desk.studio.notices.current is None


def test_a_dropped_export_brings_its_score_but_not_its_prompt(desk: Desk, tmp_path: Path) -> None:
    desk.studio.request.edit(prompt="dusty drums", **MADE)
    path = tmp_path / "take.wav"
    export(path, clip(desk.studio.request.draft.request()), ExportChoice())
    forget_all(desk)
    panel(desk).dropEvent(Drop(files(path)))
    draft = desk.studio.request.draft
    assert {name: getattr(draft, name) for name in MADE} == MADE
    assert (draft.prompt, draft.over) == ("a bass", str(path))


def test_what_is_no_sound_is_refused(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("la la la")
    panel(desk).dropEvent(Drop(files(path)))
    assert desk.studio.request.draft.over == ""
    assert desk.studio.notices.current is not None


def test_a_take_dragged_from_the_list_is_itself_played_over(desk: Desk, qtbot: QtBot) -> None:
    make_take(desk, qtbot)
    take = desk.studio.takes.current
    assert take is not None
    copy = desk.studio.takes.file_to_drag(take.id)
    assert copy is not None
    panel(desk).dropEvent(Drop(files(copy), own=True))
    assert desk.studio.request.draft.over == str(desk.studio.takes.file_of(take))


@pytest.mark.parametrize("name", ["prompt", "chords", "seed"])
def test_text_fields_let_files_pass_and_take_words(desk: Desk, sound: Path, name: str) -> None:
    target = desk.window.findChild(QWidget, name)
    assert target is not None
    inner = target if isinstance(target, QLineEdit) else target.viewport()  # type: ignore[attr-defined]
    words = QMimeData()
    words.setText("piano")
    for data, passes in ((words, False), (files(sound), True)):
        enter = QDragEnterEvent(
            inner.rect().center(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(inner, enter)
        assert enter.isAccepted()
        assert (row(desk).shown.text() == "drop it here") is passes
        assert inner.underMouse() is not passes  # no field stays lit behind the file


def test_the_row_offers_itself_while_a_file_is_held_over_the_panel(desk: Desk, sound: Path) -> None:
    data = files(sound)
    enter = QDragEnterEvent(
        panel(desk).rect().center(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    usual = row(desk).shown.text()
    QApplication.sendEvent(panel(desk), enter)
    assert enter.isAccepted()
    assert row(desk).shown.text() == "drop it here"
    panel(desk).dropEvent(Drop(data))
    assert row(desk).shown.text() == "a guitar.wav"
    row(desk).remove.click()
    assert row(desk).shown.text() == usual


def test_the_button_chooses_a_file(desk: Desk, sound: Path) -> None:
    row(desk).choose.click()
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(sound))
    dialog.close()
    assert desk.studio.request.draft.over == str(sound)


def test_settings_of_an_accompaniment_come_back_with_what_is_under_it(
    desk: Desk, qtbot: QtBot, sound: Path
) -> None:
    desk.studio.request.edit(over=str(sound))
    make_take(desk, qtbot)
    desk.studio.request.edit(over="")
    desk.studio.actions["use_settings"].trigger()
    assert desk.studio.request.draft.over == str(sound)


def test_without_a_saved_take_it_waits(desk: Desk, qtbot: QtBot) -> None:
    action = desk.studio.actions["play_over"]
    assert not action.isEnabled()
    assert "Choose a take first." in action.toolTip()
    make_take(desk, qtbot)
    assert action.isEnabled()
