"""A whole window over the scriptable engine, in folders of its own."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.studio import Studio, build_studio
from tests.fakes import FakeEngine

STEPS = 5


@dataclass
class Desk:
    """One started application: its state, its window and the engine behind it."""

    studio: Studio
    window: MainWindow
    engine: FakeEngine


@pytest.fixture(autouse=True)
def collect_here() -> Iterator[None]:
    """Let no thread of a test bury the objects of another; `app.collector` tells why."""
    gc.disable()
    yield
    gc.collect(0)
    gc.enable()


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[[], Desk]]:
    """Start the application; a second call starts it again in the same folders."""
    started: list[Desk] = []

    def begin() -> Desk:
        engines: list[FakeEngine] = []

        def make(on_event):  # type: ignore[no-untyped-def]
            engines.append(FakeEngine(on_event, clip_s=0.5))
            return engines[0]

        fresh = not (tmp_path / "config").exists()
        studio = build_studio(make, tmp_path / "config", tmp_path / "data")
        if fresh:  # short jobs: the fake engine draws every step's picture
            draft = replace(studio.request.draft, steps=str(STEPS), duration_s="2")
            studio.request.apply(draft)
        window = MainWindow(studio)
        window.show()
        started.append(Desk(studio, window, engines[0]))
        return started[-1]

    yield begin
    for desk in started:
        if not desk.engine.closed:
            desk.window.close()
        desk.window.deleteLater()
    # A window left alive would be dressed again by every later one.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def desk(start: Callable[[], Desk]) -> Desk:
    return start()
