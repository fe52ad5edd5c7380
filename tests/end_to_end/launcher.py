"""The real program with a side door for tests: where a widget is, what it shows, how it blocks.

`python -m tests.end_to_end.launcher SOCKET` runs `app.__main__` as it is and
answers JSON lines on a Unix socket beside it, so that the product itself holds no test code.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import queue
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget

Answer = dict[str, Any]
_TICK_MS = 5
_ANSWER_TIMEOUT_S = 100.0


class Probe(QObject):
    """Answers questions about the window on the window's own thread.

    It lives in the thread that made it, the main one; `ask` may be called from any other.
    """

    _asked = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._asked.connect(self._answer, Qt.ConnectionType.QueuedConnection)
        self._timer: QTimer | None = None
        self._last_tick = 0.0
        self._longest_gap_s = 0.0

    def ask(self, question: Answer) -> Answer:
        reply: queue.Queue[Answer] = queue.Queue()
        self._asked.emit(question, reply)
        return reply.get(timeout=_ANSWER_TIMEOUT_S)

    @Slot(object, object)
    def _answer(self, question: Answer, reply: queue.Queue[Answer]) -> None:
        try:
            reply.put(getattr(self, f"say_{question.pop('say')}")(**question))
        except Exception as error:  # told to the test that asked, which fails with it
            reply.put({"error": repr(error)})

    def say_widget(self, name: str) -> Answer:
        """Place on the screen and state of the visible widget called `name`, if there is one."""
        for widget in self._widgets():
            if widget.objectName() == name:
                return describe(widget)
        return {}

    def say_property(self, name: str, property: str) -> Answer:
        found = [w for w in self._widgets(hidden=True) if w.objectName() == name]
        return {"value": found[0].property(property) if found else None}

    def say_widgets(self) -> Answer:
        """Every visible widget that has a name: for whoever writes a test."""
        named = [w for w in self._widgets() if w.objectName() and "qt_" not in w.objectName()]
        return {"widgets": [describe(widget) for widget in named]}

    def say_focus(self) -> Answer:
        widget = QApplication.focusWidget()
        return {"name": widget.objectName() if widget else ""}

    def say_rows(self, name: str) -> Answer:
        """How many rows the list called `name` shows."""
        views = (w for w in self._widgets() if isinstance(w, QAbstractItemView))
        return {"rows": sum(v.model().rowCount() for v in views if v.objectName() == name)}

    def say_picture(self, path: str) -> Answer:
        """Save what the screen shows, for a person to look at."""
        screen = QApplication.primaryScreen()
        return {"saved": screen.grabWindow(0).save(path)}

    def say_blocked(self) -> Answer:
        """The longest time in which the event loop did not tick since the last such question."""
        if self._timer is None:
            self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer)
            self._timer.timeout.connect(self._tick)
            self._timer.start(_TICK_MS)
        longest_s, self._longest_gap_s = self._longest_gap_s, 0.0
        self._last_tick = time.perf_counter()
        return {"blocked_ms": 1e3 * longest_s}

    def _tick(self) -> None:
        now = time.perf_counter()
        self._longest_gap_s = max(self._longest_gap_s, now - self._last_tick - 1e-3 * _TICK_MS)
        self._last_tick = now

    def _widgets(self, hidden: bool = False) -> list[QWidget]:
        return [w for w in QApplication.allWidgets() if hidden or w.isVisible()]


def describe(widget: QWidget) -> Answer:
    corner = widget.mapToGlobal(QPoint(0, 0))
    texts = (widget.property(name) for name in ("text", "plainText", "currentText", "windowTitle"))
    return {
        "name": widget.objectName(),
        "kind": type(widget).__name__,
        "accessible_name": widget.accessibleName(),
        "x": corner.x(),
        "y": corner.y(),
        "width": widget.width(),
        "height": widget.height(),
        "enabled": widget.isEnabled(),
        "text": next((text for text in texts if isinstance(text, str) and text), ""),
    }


def serve(path: Path, probe: Probe) -> None:
    """Answer one client after the other, a JSON line a question."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        while True:
            client, _ = server.accept()
            with client, client.makefile("rw", encoding="utf-8") as lines:
                for line in lines:
                    lines.write(json.dumps(probe.ask(json.loads(line))) + "\n")
                    lines.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("socket", type=Path)
    arguments = parser.parse_args()
    faulthandler.register(signal.SIGUSR1)  # prints where every thread is
    probe = Probe()
    threading.Thread(target=serve, args=(arguments.socket, probe), daemon=True).start()
    import app.__main__ as program

    sys.argv = ["undertone-app"]
    return program.main()


if __name__ == "__main__":
    sys.exit(main())
