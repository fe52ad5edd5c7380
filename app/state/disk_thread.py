"""One thread for one disk: what is asked is done in order, and the window never waits for it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import shiboken6
from PySide6.QtCore import QObject, Qt, Signal

from engine.errors import EngineError, InternalError

T = TypeVar("T")


class DiskThread(QObject):
    """`run(work, done, failed)`: `work` there, then one of the two here, on the owner's thread."""

    _answered = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="disk")
        self._answered.connect(lambda answer: answer(), Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[EngineError], None],
    ) -> None:
        def task() -> None:
            answer: Callable[[], None]
            try:
                answer = partial(done, work())
            except EngineError as error:
                answer = partial(failed, error)
            except Exception as error:  # a fault of ours: shown, with its traceback to copy
                answer = partial(failed, _fault(error))
            if shiboken6.isValid(self):
                self._answered.emit(answer)

        self._thread.submit(task)

    def wait(self) -> None:
        """Block until everything asked so far is done; the answers follow in the event loop."""
        self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Finish what was asked and end the thread. Safe to call twice."""
        self._thread.shutdown(wait=True)


def _fault(error: Exception) -> InternalError:
    return InternalError(
        f"The library of takes met a fault: {error}.",
        "Export the takes you need and restart Undertone.",
        traceback.format_exc(),
    )
