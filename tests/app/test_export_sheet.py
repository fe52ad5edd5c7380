"""Exporting from the window: nothing hidden, nothing lost, all by keyboard."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.actions import Actions
from app.dialogs.export import ExportSheet
from app.state.exporter import Exporter
from app.state.notices import Notices
from app.state.takes import Takes
from app.store import JsonStore
from app.theme import Theme, ThemeChoice
from engine.api import Clip, GenerationRequest
from engine.audio.files import FileFormat, read, read_settings
from engine.audio.levels import peak_db

RATE = 44_100


@dataclass
class Desk:
    folder: Path
    takes: Takes
    notices: Notices
    exporter: Exporter
    actions: Actions
    window: QWidget
    sheet: ExportSheet
    bot: QtBot

    def add(self, level: float) -> Clip:
        time_s = np.arange(RATE // 2) / RATE
        audio = np.stack([np.sin(2 * np.pi * f * time_s) for f in (330, 440)], axis=1)
        clip = Clip((level * audio).astype(np.float32), RATE, GenerationRequest("a waltz", seed=5))
        self.takes.select(self.takes.add(clip).id)
        return clip

    def open(self) -> None:
        self.actions["export"].setEnabled(True)
        self.actions["export"].trigger()
        self.bot.waitUntil(lambda: self.exporter.plan is not None)

    def choose(self, picker: str, row: int) -> None:
        """Pick an entry as the keyboard does."""
        field = getattr(self.sheet, picker)
        field.setCurrentIndex(row)
        field.activated.emit(row)
        self.bot.waitUntil(lambda: self.exporter.plan is not None)

    def export(self) -> Path:
        with self.bot.waitSignal(self.exporter.exported) as done:
            self.bot.keyClick(self.sheet.name, Qt.Key.Key_Return)
        return Path(done.args[0])


@pytest.fixture
def desk(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    music = tmp_path / "music"
    music.mkdir()
    monkeypatch.setattr("app.state.exporter.platformdirs.user_music_dir", lambda: str(music))
    theme = Theme(ThemeChoice.LIGHT)
    theme.apply()
    window, actions = QWidget(), Actions(theme)
    window.resize(900, 600)
    takes, notices = Takes(tmp_path / "data"), Notices()
    exporter = Exporter(takes, notices, JsonStore(tmp_path / "export.json"))
    sheet = ExportSheet(exporter, takes, actions, theme, window)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield Desk(music, takes, notices, exporter, actions, window, sheet, qtbot)
    exporter.shut_down()
    takes.close()


def test_from_the_action_to_a_file_by_keys(desk: Desk) -> None:
    clip = desk.add(0.5)
    desk.open()
    assert desk.sheet.isVisible()
    assert "Nothing is changed" in desk.sheet._levels.text()
    path = desk.export()
    assert path == desk.folder / "a-waltz-5.wav"
    assert read_settings(path) == clip.request
    np.testing.assert_allclose(read(path)[0], clip.audio, atol=2e-7)
    assert not desk.sheet.isVisible()
    assert desk.notices.current is not None
    assert str(path) in desk.notices.current.message


def test_the_gain_is_shown_before_it_is_applied(desk: Desk) -> None:
    desk.add(0.25)
    desk.open()
    desk.choose("level", 1)
    text = desk.sheet._levels.text()
    assert "−12.0 dBFS" in text
    assert "Gain +11.0 dB" in text
    assert "−1.0 dBFS" in text
    assert peak_db(read(desk.export())[0]) == pytest.approx(-1.0, abs=0.01)


def test_too_loud_is_refused_with_two_ways_out(desk: Desk) -> None:
    clip = desk.add(1.5)
    desk.open()
    assert not desk.sheet.export_button.isEnabled()
    assert "over full scale" in desk.sheet._problem.text()
    desk.bot.keyClick(desk.sheet.name, Qt.Key.Key_Return)
    assert not desk.exporter.busy
    desk.choose("level", 1)
    assert desk.sheet.export_button.isEnabled()
    desk.choose("level", 0)
    desk.choose("format", list(FileFormat).index(FileFormat.WAV_FLOAT))
    np.testing.assert_array_equal(read(desk.export())[0], clip.audio)


def test_choices_and_folder_are_remembered_and_names_are_free(desk: Desk, tmp_path: Path) -> None:
    desk.add(0.5)
    desk.open()
    desk.choose("format", list(FileFormat).index(FileFormat.FLAC_16))
    desk.choose("rate", 5)
    other = tmp_path / "elsewhere"
    other.mkdir()
    desk.exporter.set_target(folder=str(other))
    first = desk.export()
    desk.open()
    second = desk.export()
    assert (first.name, second.name) == ("a-waltz-5.flac", "a-waltz-5-2.flac")
    assert first.parent == second.parent == other
    assert read(second)[1] == 48_000


def test_replacing_is_said_on_the_button(desk: Desk) -> None:
    desk.add(0.5)
    (desk.folder / "old.wav").write_bytes(b"old")
    desk.open()
    desk.exporter.set_target(name="old")
    assert desk.sheet.export_button.text() == "Replace the file"


@pytest.mark.parametrize("name", ["", "  ", "a/b", "..", "what?", "x\0y"])
def test_impossible_names_cannot_be_exported(desk: Desk, name: str) -> None:
    desk.add(0.5)
    desk.open()
    desk.exporter.set_target(name=name)
    assert not desk.exporter.can_export
    assert "name cannot be used" in desk.sheet._problem.text()


def test_a_missing_folder_keeps_the_sheet_open_with_what_to_do(desk: Desk) -> None:
    desk.add(0.5)
    desk.open()
    desk.exporter.set_target(folder=str(desk.folder / "nowhere"))
    desk.bot.keyClick(desk.sheet.folder, Qt.Key.Key_Return)
    desk.bot.waitUntil(lambda: desk.exporter.error is not None)
    assert "does not exist" in desk.sheet._problem.text()
    assert desk.sheet.isVisible()
    desk.exporter.set_target(folder=str(desk.folder))
    assert desk.export().exists()


def test_escape_closes_and_the_focus_goes_back(desk: Desk) -> None:
    desk.add(0.5)
    button = QWidget(desk.window)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.show()
    button.setFocus()
    desk.open()
    desk.bot.keyClick(desk.sheet.name, Qt.Key.Key_Escape)
    assert not desk.sheet.isVisible()
    assert desk.window.focusWidget() is button
    assert not list(desk.folder.iterdir())


def test_the_sheet_stays_in_the_corner(desk: Desk) -> None:
    desk.add(0.5)
    desk.open()
    desk.window.resize(1200, 700)
    inside = desk.window.rect()
    assert inside.contains(desk.sheet.geometry())
    assert inside.right() - desk.sheet.geometry().right() < 32


def test_every_field_has_a_name(desk: Desk) -> None:
    sheet = desk.sheet
    fields = (sheet.format, sheet.rate, sheet.level, sheet.name, sheet.folder)
    assert all(field.accessibleName() for field in fields)
    assert sheet.close_button.accessibleName()
