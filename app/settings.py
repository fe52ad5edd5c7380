"""What the user chose once and expects again: theme, output, volume, layout, shortcuts."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_type_hints

import platformdirs
from PySide6.QtCore import QObject, Signal

from app.library.folders import HOME_VARIABLE
from app.store import JsonStore
from engine.errors import EngineError


def config_folder() -> Path:
    """The system's place for a program's settings, or what UNDERTONE_HOME names."""
    chosen = os.environ.get(HOME_VARIABLE)
    if chosen:
        return Path(chosen)
    return platformdirs.user_config_path("undertone", appauthor=False)


@dataclass
class Values:
    """The settings as they are stored; byte strings of Qt's layouts as base64 text."""

    theme: str = "system"
    output_device: str = ""  # "" is the system's default
    volume: float = 0.8
    geometry: str = ""
    columns: str = ""  # the splitter between the panel and the stage
    rows: str = ""  # the splitter between the stage and the takes
    more_open: bool = False
    colour_map: str = "magma"
    floor_db: float = -75.0  # what the first and the last colour of the spectrogram stand for
    top_db: float = -5.0
    shortcuts: dict[str, list[str]] = field(default_factory=dict)
    seconds_per_evaluation: dict[str, float] = field(default_factory=dict)
    recent_files: list[str] = field(default_factory=list)  # exported or opened, newest first


class Settings(QObject):
    """`settings.values` is what is in force; `save` writes it.

    A value of the wrong type falls back to its default on its own, so that one bad line costs
    one setting. `failed` carries an `EngineError` when the file cannot be written.
    """

    failed = Signal(object)

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = JsonStore((folder or config_folder()) / "settings.json")
        self.values = _read(self._store.load())

    @property
    def problem(self) -> str:
        """What was wrong with the file at start, for people; empty when nothing was."""
        return self._store.problem

    def save(self) -> None:
        try:
            self._store.save(asdict(self.values))
        except EngineError as error:
            self.failed.emit(error)


def _read(stored: dict[str, Any]) -> Values:
    values = Values()
    hints = get_type_hints(Values)
    for each in fields(Values):
        if each.name in stored and _fits(stored[each.name], str(hints[each.name])):
            setattr(values, each.name, stored[each.name])
    return values


def _fits(value: Any, hint: str) -> bool:
    match hint:
        case "<class 'str'>":
            return isinstance(value, str)
        case "<class 'bool'>":
            return isinstance(value, bool)
        case "<class 'float'>":
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return number and math.isfinite(value)
        case "list[str]":
            return _all(value, list, str)
        case "dict[str, float]":
            return isinstance(value, dict) and _all(list(value.values()), list, int | float)
        case _:
            return isinstance(value, dict) and all(_all(v, list, str) for v in value.values())


def _all(value: Any, container: Any, item: Any) -> bool:
    return isinstance(value, container) and all(isinstance(each, item) for each in value)
