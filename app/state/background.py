"""Work that would hold up the window runs in Qt's thread pool; its result comes back by signal."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, QThreadPool, Signal

T = TypeVar("T")
_importing = threading.Lock()


def import_behind(name: str) -> ModuleType:
    """Import a slow module on a thread of the pool, one after the other.

    Two threads in one package's import can each come upon a half of it: rather than deadlock,
    Python lets them see it.
    """
    with _importing:
        return importlib.import_module(name)


class Background(QObject):
    """`run(work, done)`: `work` in the pool, then `done(result)` on the owner's thread.

    Results that arrive after the owner was deleted are dropped with it.
    """

    _finished = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._finished.connect(self._hand_over, Qt.ConnectionType.QueuedConnection)

    def run(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        def task() -> None:
            result = work()
            if shiboken6.isValid(self):
                self._finished.emit(done, result)

        QThreadPool.globalInstance().start(task)

    @staticmethod
    def _hand_over(done: Callable[[Any], None], result: object) -> None:
        done(result)
