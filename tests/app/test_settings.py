"""Settings and session on disk: kept, replaced as a whole, and tolerant of damage."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QUndoStack
from pytestqt.qtbot import QtBot

from app.session import PROMPTS_KEPT, Session
from app.settings import Settings, Values
from app.state.draft import Draft
from app.state.request import RequestModel
from engine.planner import plan_for


def test_settings_come_back(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    settings.values.theme = "light"
    settings.values.shortcuts = {"play": ["Ctrl+P"]}
    settings.save()
    again = Settings(tmp_path)
    assert again.values == settings.values
    assert again.problem == ""


@pytest.mark.parametrize("damage", ["", "{", "[1, 2]", "\x00\xff", '{"theme": '])
def test_a_damaged_file_is_kept_aside_and_told(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(damage, encoding="latin-1")
    settings = Settings(tmp_path)
    assert settings.values == Values()
    assert "damaged" in settings.problem
    (aside,) = tmp_path.glob("settings.broken-*.json")
    assert aside.read_text(encoding="latin-1") == damage
    settings.save()
    assert Settings(tmp_path).problem == ""


def test_one_wrong_value_costs_one_setting(tmp_path: Path) -> None:
    stored = {"theme": 3, "volume": True, "more_open": True, "shortcuts": {"play": 1}, "new": 1}
    stored |= {"floor_db": float("nan"), "recent_files": ["take.wav", 3]}
    (tmp_path / "settings.json").write_text(json.dumps(stored))
    assert Settings(tmp_path).values == replace(Values(), more_open=True)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(tmp_path / "file")
    with qtbot.waitSignal(settings.failed):
        settings.save()


@given(st.recursive(st.none() | st.integers() | st.text(), lambda s: st.lists(s), max_leaves=4))
def test_any_stored_draft_gives_a_usable_one(value: object) -> None:
    stored = {"prompt": value, "steps": value, "sampler": value, "seed_locked": value}
    draft = Draft.from_stored(stored)
    assert isinstance(draft.steps, str)
    assert draft.sampler in ("ddim", "euler", "heun", "unipc")


def test_a_draft_from_before_the_drums_and_one_with_unknown_ones_load() -> None:
    before = {"prompt": "slow jazz", "tempo_bpm": "90"}
    assert Draft.from_stored(before) == Draft(prompt="slow jazz", tempo_bpm="90", drums="")
    assert Draft.from_stored(before | {"drums": "without"}).drums == "without"
    assert Draft.from_stored(before | {"drums": "bongos"}).drums == ""


def request_model() -> RequestModel:
    return RequestModel(plan_for, QUndoStack())


def test_what_was_typed_is_there_after_a_restart(tmp_path: Path, qtbot: QtBot) -> None:
    request = request_model()
    session = Session(request, tmp_path)
    request.type_text("prompt", "slow jazz 🎷")
    request.edit(steps="100000", seed="7", seed_locked=True)
    request.prompts = [f"prompt {i}" for i in range(PROMPTS_KEPT + 5)]
    session.save()
    again = request_model()
    Session(again, tmp_path)
    assert again.draft == request.draft
    assert again.prompts == request.prompts[5:]


def test_changes_are_written_soon_without_being_asked(tmp_path: Path, qtbot: QtBot) -> None:
    request = request_model()
    session = Session(request, tmp_path)
    request.type_text("prompt", "a fugue")
    qtbot.waitUntil((tmp_path / "session.json").exists, timeout=5000)
    assert "a fugue" in (tmp_path / "session.json").read_text()
    assert session.problem == ""


def test_an_unlocked_seed_is_fresh_at_each_start(tmp_path: Path, qtbot: QtBot) -> None:
    request = request_model()
    Session(request, tmp_path).save()
    seeds = set()
    for _ in range(4):
        again = request_model()
        Session(again, tmp_path)
        seeds.add(again.draft.seed)
    assert len(seeds) > 1
