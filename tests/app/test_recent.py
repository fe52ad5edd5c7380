"""Recent files: remembered, offered in the menu, forgotten when they are gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.state.recent import MOST_FILES, RecentFiles
from engine.api import GenerationRequest
from engine.audio.export import ExportChoice, export
from tests.app.conftest import Desk
from tests.fakes import clip


def entries(desk: Desk) -> list[QAction]:
    """What the menu offers."""
    menus = desk.window.findChildren(QMenu)
    (files,) = [menu for menu in menus if menu.title() == "Recent files"]
    return files.actions()


def test_the_newest_is_first_and_each_is_there_once() -> None:
    stored: list[str] = []
    recent = RecentFiles(stored)
    for number in (*range(12), 5):
        recent.add(Path(f"{number}.wav"))
    assert recent.paths[:3] == [Path("5.wav"), Path("11.wav"), Path("10.wav")]
    assert len(stored) == MOST_FILES


def test_an_opened_file_can_be_opened_again_after_a_restart(
    start: Callable[[], Desk], tmp_path: Path
) -> None:
    path = tmp_path / "fish & chips.wav"
    made = clip(GenerationRequest("a shanty", seed=5, steps=33), clip_s=0.1)
    export(path, made, ExportChoice())
    first = start()
    assert entries(first) == []
    first.window.conductor.open_file(path)
    first.window.close()
    second = start()
    (entry,) = entries(second)
    assert entry.text() == "fish && chips.wav"
    second.studio.request.edit(prompt="something else", steps="10")
    entry.trigger()
    assert (second.studio.request.draft.prompt, second.studio.request.draft.steps) == (
        "a shanty",
        "33",
    )


def test_a_file_that_is_gone_is_told_and_forgotten(desk: Desk, tmp_path: Path) -> None:
    desk.studio.recent.add(tmp_path / "gone.wav")
    entries(desk)[0].trigger()
    assert desk.studio.notices.current is not None
    assert entries(desk) == []
