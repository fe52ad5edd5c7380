"""What happens in the real program between its shown window and a result."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

PROMPT = "slow lo-fi hip hop with electric piano, 75 bpm"
SETTLE_S = 2.0
LONG_BLOCK_MS = 50.0


def play_scene(options: argparse.Namespace) -> None:
    """Run the program until the scene is over, and print its result as one JSON line."""
    from app.__main__ import compose

    logging.basicConfig(level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="undertone-bench-") as folder:
        app, studio, window = compose(Path(folder) / "config", Path(folder) / "data")
        scene = SCENES[options.scene](studio, window, options)
        scene.begin_when_shown()
        app.exec()
        window.close()
        print(json.dumps(scene.result))


class Scene(ABC):
    """Begins once the window is shown and ends by `end`."""

    def __init__(self, studio: Any, window: Any, options: argparse.Namespace) -> None:
        self.studio = studio
        self.window = window
        self.options = options
        self.takes = 0
        self.result: dict[str, Any] = {}
        studio.request.edit(steps=str(options.steps), duration_s=str(options.seconds))
        studio.jobs.failed.connect(self._on_failed)
        studio.jobs.finished.connect(self._on_finished)

    def begin_when_shown(self) -> None:
        """Call `begin` in the first turn of the event loop that finds the window on screen."""
        from PySide6.QtCore import QTimer

        handle = self.window.windowHandle()
        if handle is not None and handle.isExposed():
            QTimer.singleShot(0, self.begin)
        else:
            QTimer.singleShot(1, self.begin_when_shown)

    def begin(self) -> None:
        self.generate()

    def generate(self) -> None:
        """Ask for one take, as a click on an example does."""
        self.window.conductor.generate_example(PROMPT)

    @abstractmethod
    def on_take(self) -> None:
        """One more take is finished."""

    def end(self) -> None:
        from PySide6.QtCore import QCoreApplication

        QCoreApplication.quit()

    def _on_finished(self, job: Any) -> None:
        self.takes += 1
        self.on_take()

    def _on_failed(self, job: Any) -> None:
        raise SystemExit(f"a take failed: {job.error}")


class Start(Scene):
    """Process start to a window that answers, and to the first finished take."""

    def begin(self) -> None:
        self.result["usable_s"] = time.time() - self.options.began
        self.generate()

    def on_take(self) -> None:
        self.result["first_take_s"] = time.time() - self.options.began
        self.end()


class Together(Scene):
    """One take plays in a loop while others are made: does the sound or the window falter?"""

    def on_take(self) -> None:
        from PySide6.QtCore import QTimer

        if self.takes == 1:
            self.studio.transport.set_loop(True)
            self.studio.transport.play()
            QTimer.singleShot(round(1000 * SETTLE_S), self._watch)
        self.generate()

    def _watch(self) -> None:
        from PySide6.QtCore import QTimer

        from app.benchmarks.loop_watch import LoopWatch

        self._underruns, self._takes_before = self.studio.transport.output.underruns, self.takes
        self._loop = LoopWatch()
        self._loop.start()
        QTimer.singleShot(round(1000 * self.options.together), self._report)

    def _report(self) -> None:
        self._loop.stop()
        transport = self.studio.transport
        longest, busiest = self._loop.longest, self._loop.busiest
        heard = transport.output.underruns - self._underruns if transport.is_playing else None
        self.result = {
            "underruns": heard,
            "takes": self.takes - self._takes_before,
            "longest_block_ms": longest.lasted_ms,
            "where": str(longest),
            "busiest_ms": busiest.busy_ms,
            "busiest_where": busiest.where,
            "long_blocks": sum(each.lasted_ms > LONG_BLOCK_MS for each in self._loop.blocks),
        }
        self.studio.jobs.cancel_all()
        self.end()


class Memory(Scene):
    """What the program holds after each quarter of the takes."""

    def on_take(self) -> None:
        wanted = self.options.takes
        quarters = {max(1, round(wanted * part / 4)) for part in (1, 2, 3, 4)}
        resident = resident_mb()
        if self.takes in quarters and resident is not None:
            self.result.setdefault("readings", []).append((self.takes, resident))
        if self.takes < wanted:
            self.generate()
        else:
            self.result.setdefault("readings", [])
            self.end()


def resident_mb() -> float | None:
    """The process's memory now; its peak where only that is told; None where neither is."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


SCENES: dict[str, type[Scene]] = {"start": Start, "together": Together, "memory": Memory}
