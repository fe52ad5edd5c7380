"""Carries the engine's events from its thread into Qt's, in order and without flooding it.

The engine calls the bridge on its own thread; the signals fire on the thread that made the
bridge. Of the previews that pile up while the window is busy only the latest of each job is
delivered; every other event arrives, in order.
"""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Qt, Signal

from engine.api import (
    Cancelled,
    Event,
    Excerpt,
    Failed,
    Finished,
    Loading,
    Preview,
    Progress,
    Queued,
    Ready,
)


class EngineBridge(QObject):
    """Give `bridge.on_event` to the engine; connect to the signal of each kind of event."""

    ready = Signal(object)
    queued = Signal(object)
    loading = Signal(object)
    progress = Signal(object)
    preview = Signal(object)
    excerpt = Signal(object)
    finished = Signal(object)
    cancelled = Signal(object)
    failed = Signal(object)
    _wake = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pending: list[Event] = []
        self._lock = threading.Lock()
        self._signals = {
            Ready: self.ready,
            Queued: self.queued,
            Loading: self.loading,
            Progress: self.progress,
            Preview: self.preview,
            Excerpt: self.excerpt,
            Finished: self.finished,
            Cancelled: self.cancelled,
            Failed: self.failed,
        }
        self._wake.connect(self.deliver, Qt.ConnectionType.QueuedConnection)

    def on_event(self, event: Event) -> None:
        """Accept one event, from any thread. Never blocks on the window."""
        with self._lock:
            if isinstance(event, Preview):
                self._pending = [e for e in self._pending if not _outdated(e, event)]
            self._pending.append(event)
            first = len(self._pending) == 1
        if first:
            self._wake.emit()

    def deliver(self) -> None:
        """Fire the signals of all that is pending; happens by itself while Qt's loop runs."""
        with self._lock:
            events, self._pending = self._pending, []
        for event in events:
            self._signals[type(event)].emit(event)


def _outdated(old: Event, new: Preview) -> bool:
    return isinstance(old, Preview) and old.job_id == new.job_id
