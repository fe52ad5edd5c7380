"""The composition root: builds the engine, the studio and the window, and runs them.

Nothing slow is imported before the window shows: torch comes with the first model, on the
engine's own thread.
"""

from __future__ import annotations

import logging
import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from app.studio import build_studio
from engine.worker import EngineWorker


def main() -> int:
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    app = QApplication(sys.argv)
    app.setApplicationName("undertone")
    app.setApplicationDisplayName("Undertone")
    app.setDesktopFileName("undertone")
    studio = build_studio(EngineWorker)
    window = MainWindow(studio)
    window.show()
    QTimer.singleShot(0, studio.jobs.warm_up)
    QTimer.singleShot(0, studio.transport.find_devices)
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
