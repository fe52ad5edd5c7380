"""What the window has to tell: errors, warnings and news as state, shown inline, never a pop-up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from engine.errors import EngineError


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Notice:
    """`message` says what happened, `remedy` what to do next; `details` is only copied."""

    severity: Severity
    message: str
    remedy: str = ""
    details: str = ""

    @property
    def for_clipboard(self) -> str:
        return "\n".join(part for part in (self.message, self.remedy, self.details) if part)


class Notices(QObject):
    """The notices not yet dismissed, the newest first in line to be seen."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open: list[Notice] = []

    @property
    def current(self) -> Notice | None:
        return self._open[-1] if self._open else None

    @property
    def hidden(self) -> int:
        """How many wait behind the current one."""
        return max(0, len(self._open) - 1)

    def add(self, notice: Notice) -> None:
        """Show `notice`; one that says the same is not shown twice."""
        self._open = [each for each in self._open if each != notice] + [notice]
        self.changed.emit()

    def info(self, message: str, remedy: str = "") -> None:
        self.add(Notice(Severity.INFO, message, remedy))

    def warn(self, message: str, remedy: str = "") -> None:
        self.add(Notice(Severity.WARNING, message, remedy))

    def error(self, error: EngineError) -> None:
        details = getattr(error, "details", "")
        self.add(Notice(Severity.ERROR, error.message, error.remedy, details))

    def dismiss(self) -> None:
        """Take the current notice away."""
        if self._open:
            self._open.pop()
            self.changed.emit()

    def forget(self, notice: Notice) -> None:
        """Take `notice` away when its cause is gone."""
        if notice in self._open:
            self._open.remove(notice)
            self.changed.emit()
