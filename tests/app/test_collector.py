"""Garbage dies on the window's thread, whatever thread made it."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.collector import Collector


class Knot(QObject):
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self


def test_a_cycle_survives_other_threads_and_dies_on_its_own(qtbot: QtBot) -> None:
    owner = QObject()
    Collector(owner)
    died_on: list[int] = []
    weakref.finalize(Knot(), lambda: died_on.append(threading.get_ident()))
    busy = threading.Thread(target=lambda: [[object()] for _ in range(200_000)])
    busy.start()
    busy.join()
    assert died_on == []
    held = [[] for _ in range(gc.get_threshold()[0] + 1)]  # as much as a busy window allocates
    qtbot.waitUntil(lambda: bool(died_on), timeout=10_000)
    assert died_on == [threading.get_ident()]
    assert len(held) > 0
