"""Small JSON files that survive a crash while being written, and their own damage when read."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from engine.audio.atomic import write_atomically
from engine.errors import EngineError


class JsonStore:
    """One JSON object in one file.

    A file that cannot be read as such is kept beside its place under another name, and `problem`
    says so; the caller goes on with an empty object.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""

    def load(self) -> dict[str, Any]:
        try:
            value = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            self.problem = f"{self.path} could not be read: {error.strerror}."
            return {}
        except ValueError:
            return self._set_aside()
        return value if isinstance(value, dict) else self._set_aside()

    def save(self, value: dict[str, Any]) -> None:
        """Replace the file as a whole. Raises `EngineError` saying why it could not."""
        text = json.dumps(value, indent=2, ensure_ascii=False)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EngineError(f"{self.path.parent} could not be made: {error.strerror}.") from error
        write_atomically(self.path, [text.encode()])

    def _set_aside(self) -> dict[str, Any]:
        aside = self.path.with_suffix(f".broken-{time.strftime('%Y%m%d-%H%M%S')}.json")
        try:
            self.path.replace(aside)
            self.problem = f"{self.path.name} was damaged. It was kept as {aside.name}."
        except OSError:
            self.problem = f"{self.path} is damaged and could not be moved aside."
        return {}
