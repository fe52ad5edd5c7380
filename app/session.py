"""What was being made: the draft and the prompts used, kept so that nothing typed is lost."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.settings import config_folder
from app.state.draft import Draft
from app.state.request import RequestModel
from app.store import JsonStore
from engine.errors import EngineError

SAVE_AFTER_MS = 800
PROMPTS_KEPT = 200


class Session(QObject):
    """Restores `request` at start and writes it soon after each change.

    `failed` carries an `EngineError`, once, when the file cannot be written.
    """

    failed = Signal(object)

    def __init__(
        self, request: RequestModel, folder: Path | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._request = request
        self._store = JsonStore((folder or config_folder()) / "session.json")
        self._told = False
        self._timer = QTimer(self, singleShot=True, interval=SAVE_AFTER_MS)
        self._timer.timeout.connect(self.save)
        self._restore()
        request.changed.connect(lambda _name: self._timer.start())
        request.remembered.connect(self._timer.start)

    @property
    def problem(self) -> str:
        return self._store.problem

    def save(self) -> None:
        """Write now; the window calls this once more when it closes."""
        self._timer.stop()
        prompts = self._request.prompts[-PROMPTS_KEPT:]
        try:
            self._store.save({"draft": asdict(self._request.draft), "prompts": prompts})
        except EngineError as error:
            if not self._told:
                self._told = True
                self.failed.emit(error)

    def _restore(self) -> None:
        stored = self._store.load()
        prompts = stored.get("prompts", [])
        if isinstance(prompts, list):
            self._request.prompts = [each for each in prompts if isinstance(each, str)]
        self._request.restore(Draft.from_stored(stored.get("draft", {})))
