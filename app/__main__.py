"""The composition root: builds the engine, the studio and the window, and runs them.

Nothing slow is imported before the window shows: torch comes with the first model, on the
engine's own thread.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.collector import Collector
from app.main_window import MainWindow
from app.studio import Studio, build_studio
from engine.worker import EngineWorker


def compose(
    config: Path | None = None, data: Path | None = None
) -> tuple[QApplication, Studio, MainWindow]:
    """The program, shown and about to warm up; folders as in `build_studio`."""
    app = QApplication(sys.argv)
    app.setApplicationName("undertone")
    app.setApplicationDisplayName("Undertone")
    app.setDesktopFileName("undertone")
    collector = Collector(app)
    studio = build_studio(EngineWorker, config, data)
    studio.jobs.ready.connect(collector.settle)
    window = MainWindow(studio)
    window.show()
    QTimer.singleShot(0, studio.jobs.warm_up)
    QTimer.singleShot(0, studio.transport.output.find)
    return app, studio, window


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    app, _studio, _window = compose()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
