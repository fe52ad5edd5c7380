"""How fast the window is: `python -m app.benchmarks [--json] [--seconds 60] [--takes 20]`.

Each scene runs the real program in a process of its own, with folders of its own, and prints
one JSON line. Where there is no screen the window is drawn off screen; where there is no audio
output the scene that plays says so.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

START_RUNS = 3
TICK_MS = 5
LONG_BLOCK_MS = 50.0
SETTLE_S = 2.0
PROMPT = "slow lo-fi hip hop with electric piano, 75 bpm"
UNITS = {"s": "s", "ms": "ms", "mb": "MB"}
Result = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="app.benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=60.0, help="of generating while playing")
    parser.add_argument("--takes", type=int, default=20, help="before memory is read")
    parser.add_argument("--scene", choices=sorted(SCENES), help=argparse.SUPPRESS)
    parser.add_argument("--began", type=float, default=0.0, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.scene:
        return play_scene(options)
    results = measure(options)
    print(json.dumps(results) if options.json else table(results))
    return 0


def measure(options: argparse.Namespace) -> Result:
    """Every scene's numbers; those of the start are medians of `START_RUNS` runs."""
    starts = [run_scene("start", options) for _ in range(START_RUNS)]
    results: Result = {key: statistics.median(run[key] for run in starts) for key in starts[0]}
    return results | run_scene("together", options) | run_scene("memory", options)


def run_scene(name: str, options: argparse.Namespace) -> Result:
    """Start the program for one scene. Raises `RuntimeError` with what it printed when it fails."""
    words = ["--seconds", str(options.seconds), "--takes", str(options.takes), "--scene", name]
    environment = dict(os.environ)
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & environment.keys():
        environment["QT_QPA_PLATFORM"] = "offscreen"
    ended = subprocess.run(
        [sys.executable, "-m", "app.benchmarks", *words, "--began", str(time.time())],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = ended.stdout.splitlines()
    if ended.returncode or not lines:
        raise RuntimeError(f"the scene “{name}” failed:\n{ended.stderr[-2000:]}")
    return dict(json.loads(lines[-1]))


def table(results: Result) -> str:
    """One line a number, its unit read from its name's end."""
    lines = []
    for key, value in results.items():
        words = key.split("_")
        unit = UNITS.get(words[-1], "")
        title = " ".join(words[:-1] if unit else words)
        shown = f"{value:10.2f}" if isinstance(value, float) else f"{value!s:>10}"
        lines.append(f"{title:<44}{shown} {unit}")
    return "\n".join(lines)


# -- in the scene's own process ----------------------------------------------------------------


def play_scene(options: argparse.Namespace) -> int:
    """Run the program until the scene is over, and print its result."""
    from app.__main__ import compose

    logging.basicConfig(level=logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="undertone-bench-") as folder:
        app, studio, window = compose(Path(folder) / "config", Path(folder) / "data")
        scene = SCENES[options.scene](studio, window, options)
        scene.begin_when_shown()
        app.exec()
        window.close()
        print(json.dumps(scene.result))
    return 0


class Scene(ABC):
    """What happens between the shown window and the result. Ends by `end`."""

    def __init__(self, studio: Any, window: Any, options: argparse.Namespace) -> None:
        self.studio = studio
        self.window = window
        self.options = options
        self.result: Result = {}
        studio.jobs.failed.connect(self._on_failed)
        studio.jobs.finished.connect(self.on_take)

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
        """Ask for one take of the panel's default length, as a click on an example does."""
        self.window.conductor.generate_example(PROMPT)

    @abstractmethod
    def on_take(self, job: Any) -> None:
        """A take is finished."""

    def end(self) -> None:
        from PySide6.QtCore import QCoreApplication

        QCoreApplication.quit()

    def _on_failed(self, job: Any) -> None:
        raise SystemExit(f"a take failed: {job.error}")


class Start(Scene):
    """Process start to a window that answers, and to the first finished take."""

    def begin(self) -> None:
        self.result["start_to_usable_window_s"] = time.time() - self.options.began
        self.generate()

    def on_take(self, job: Any) -> None:
        self.result["start_to_first_take_s"] = time.time() - self.options.began
        self.end()


class Together(Scene):
    """One take plays in a loop while others are made: does the sound or the window falter?"""

    def __init__(self, studio: Any, window: Any, options: argparse.Namespace) -> None:
        super().__init__(studio, window, options)
        self._takes = 0
        self._gaps_ms: list[float] = []
        self._last = self._until = 0.0
        self._underruns = 0

    def on_take(self, job: Any) -> None:
        from PySide6.QtCore import QTimer

        self._takes += 1
        if self._takes == 1:
            self.studio.transport.set_loop(True)
            self.studio.transport.play()
            QTimer.singleShot(round(1000 * SETTLE_S), self._watch)
        self.generate()

    def _watch(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self._last = time.perf_counter()
        self._until = self._last + self.options.seconds
        self._underruns = self.studio.transport.underruns
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def _tick(self) -> None:
        now = time.perf_counter()
        self._gaps_ms.append(max(0.0, 1e3 * (now - self._last) - TICK_MS))
        self._last = now
        if now > self._until:
            self._timer.stop()
            self._report()
            self.studio.jobs.cancel_all()
            self.end()

    def _report(self) -> None:
        transport = self.studio.transport
        playing = transport.is_playing
        self.result = {
            "together_length_s": self.options.seconds,
            "together_takes_made": self._takes - 1,
            "together_underruns": transport.underruns - self._underruns if playing else None,
            "together_longest_block_ms": max(self._gaps_ms),
            f"together_blocks_over_{LONG_BLOCK_MS:g}_ms_count": sum(
                gap > LONG_BLOCK_MS for gap in self._gaps_ms
            ),
        }


class Memory(Scene):
    """What the program holds after a quarter of the takes and after all of them."""

    def __init__(self, studio: Any, window: Any, options: argparse.Namespace) -> None:
        super().__init__(studio, window, options)
        self._takes = 0

    def on_take(self, job: Any) -> None:
        self._takes += 1
        for count in {max(1, self.options.takes // 4), self.options.takes}:
            if self._takes == count:
                self.result[f"memory_after_{count}_takes_mb"] = resident_mb()
        if self._takes < self.options.takes:
            self.generate()
        else:
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

if __name__ == "__main__":
    sys.exit(main())
