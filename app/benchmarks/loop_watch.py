"""How long the event loop stands still, and what it was doing at the time."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType

from PySide6.QtCore import QObject, Qt, QTimer

TICK_MS = 5
LATE_MS = 20.0
_CALLS_TOLD = 4
_SCHEDULE = Path("/proc/thread-self/schedstat")  # nanoseconds run, nanoseconds queued


@dataclass(frozen=True)
class Block:
    """Of `lasted_ms` the window's thread computed for `busy_ms` and stood in line for a core for
    `queued_ms`; the rest it waited for another thread of its process, or for the disk."""

    lasted_ms: float
    busy_ms: float
    queued_ms: float
    where: str

    def __str__(self) -> str:
        return f"{self.busy_ms:.0f} ms busy, {self.queued_ms:.0f} ms without a core, {self.where}"


_NONE = Block(0.0, 0.0, 0.0, "")


class LoopWatch(QObject):
    """A tick every `TICK_MS`, and a thread that looks at the window's stack when one is late."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Block] = []  # all that were later than LATE_MS
        self._watched = threading.get_ident()
        self._last = time.perf_counter()
        self._busy, self._queued = time.thread_time(), _queued_s()
        self._seen = ""
        self._ended = threading.Event()
        self._timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._last, self._busy = time.perf_counter(), time.thread_time()
        self._queued = _queued_s()
        self._timer.start()
        threading.Thread(target=self._look, name="loop watch", daemon=True).start()

    def stop(self) -> None:
        self._timer.stop()
        self._ended.set()

    @property
    def longest(self) -> Block:
        return max(self.blocks, key=lambda block: block.lasted_ms, default=_NONE)

    @property
    def busiest(self) -> Block:
        """The block in which the window itself computed most."""
        return max(self.blocks, key=lambda block: block.busy_ms, default=_NONE)

    def _tick(self) -> None:
        now, busy, queued = time.perf_counter(), time.thread_time(), _queued_s()
        late_ms = 1e3 * (now - self._last) - TICK_MS
        if late_ms > LATE_MS:
            where = self._seen or "between two events"
            parts_ms = 1e3 * (busy - self._busy), 1e3 * (queued - self._queued)
            self.blocks.append(Block(late_ms, *parts_ms, where))
        self._last, self._busy, self._queued, self._seen = now, busy, queued, ""

    def _look(self) -> None:
        while not self._ended.wait(TICK_MS / 1e3):
            late_ms = 1e3 * (time.perf_counter() - self._last)
            if late_ms > LATE_MS and not self._seen:
                self._seen = _told(_calls(self._watched))


def _queued_s() -> float:
    """How long this thread was ready to run and had no core; 0 where the system does not tell."""
    try:
        return int(_SCHEDULE.read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def _calls(thread: int) -> list[tuple[CodeType, int]]:
    """The innermost calls of a thread, newest first, with their lines.

    Nothing here may wait: a frame that is held keeps its locals, and a painter that outlives
    its paint event takes the process with it.
    """
    frame: FrameType | None = sys._current_frames()[thread]
    calls: list[tuple[CodeType, int]] = []
    while frame is not None and len(calls) < _CALLS_TOLD:
        calls.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return calls


def _told(calls: list[tuple[CodeType, int]]) -> str:
    named = ((Path(code.co_filename).stem, code.co_name, line) for code, line in calls)
    return " < ".join(f"{module}.{name}:{line}" for module, name, line in named)
