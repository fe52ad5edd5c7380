"""The window's benchmarks: figures from scenes, and a block of the event loop found by name."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from app.benchmarks import __main__ as program
from app.benchmarks import figures
from app.benchmarks.loop_watch import LoopWatch

SCENES: dict[str, dict[str, Any]] = {
    "start": {"usable_s": 0.5, "first_take_s": 12.0},
    "together": {
        "underruns": 0, "takes": 9, "longest_block_ms": 61.0, "where": "in a test",
        "long_blocks": 1,
        "busiest_ms": 20.0, "busiest_where": "in a paint event",
    },
    "memory": {"readings": [(5, 800.0), (10, 900.0), (15, 905.0), (20, 910.0)]},
}  # fmt: skip


@pytest.fixture
def scenes(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What each scene tells, in place of half a minute of playing it."""
    told = {name: dict(result) for name, result in SCENES.items()}
    monkeypatch.setattr(figures, "run_scene", lambda name, *_: told[name])
    return told


def measured(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, Any]]:
    assert program.main([*words, "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    return {figure["name"]: figure for figure in map(json.loads, lines)}


def test_every_scene_becomes_figures_beside_their_bars(
    scenes: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    told = measured(capsys)
    assert told["process start to a usable window"]["kept"] is True
    assert told["process start to the first take"]["kept"] is False
    assert told["longest block of the event loop"]["note"] == "in a test"
    assert told["underruns while playing and generating"]["kept"] is True
    assert told["memory of the window after 20 takes"]["kept"] is True
    assert told["growth a take, second half"]["value"] == pytest.approx(1.0)


def test_a_promise_is_for_the_usual_takes(
    scenes: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    told = measured(capsys, "start", "--steps", "4")
    assert told["process start to the first take"]["kept"] is None
    assert told["process start to a usable window"]["bar"] == figures.USABLE_BAR_S
    assert len(told) == 2


def test_silence_is_told(
    scenes: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    scenes["together"]["underruns"] = None
    underruns = measured(capsys, "together")["underruns while playing and generating"]
    assert underruns["value"] is None
    assert "no audio output" in underruns["note"]


def test_a_block_is_found_with_what_caused_it(qtbot: QtBot) -> None:
    def dawdle() -> None:
        time.sleep(0.15)

    watch = LoopWatch()
    watch.start()
    QTimer.singleShot(20, dawdle)
    qtbot.waitUntil(lambda: watch.longest.lasted_ms > 100.0)
    watch.stop()
    assert "dawdle" in watch.longest.where
    assert watch.longest.busy_ms < watch.longest.lasted_ms
