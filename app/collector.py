"""Garbage is collected on the window's thread only.

Python collects cycles on whichever thread happens to allocate; a widget or timer that dies on
the engine's thread takes the process with it. So the automatic collector is switched off and
its work done between two events.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 1_000


class Collector(QObject):
    """Stands in for Python's own collector from the moment it is made."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    @staticmethod
    def collect() -> None:
        """Collect the oldest generation that is due by Python's own thresholds."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return

    @staticmethod
    def settle() -> None:
        """Leave what lives by now out of later collections: the modules of the loaded engine."""
        gc.freeze()
