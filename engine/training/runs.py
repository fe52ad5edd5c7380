"""A training run on disk: checkpoints that survive interruption, and a log that can be plotted.

Everything half-made lives in one folder outside the repository (or in the ignored `.runs/`):
a run is continued by giving the same folder again.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, BinaryIO

import torch

from engine.errors import EngineError


def default_root() -> Path:
    """Where runs live unless told otherwise: the user's cache folder."""
    import platformdirs  # a packed run has a folder of its own and does without

    return Path(platformdirs.user_cache_dir("undertone")) / "training"


@dataclass(frozen=True)
class Run:
    """One folder: `checkpoint.pt` (replaced atomically) and `log.jsonl` (appended)."""

    folder: Path

    @property
    def checkpoint_path(self) -> Path:
        return self.folder / "checkpoint.pt"

    @property
    def log_path(self) -> Path:
        return self.folder / "log.jsonl"

    def save(self, state: Mapping[str, Any]) -> None:
        """Replace the checkpoint; an interruption leaves the old one or the new one, whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.checkpoint_path.with_suffix(".tmp")
        with temporary.open("wb") as file:
            torch.save(dict(state), file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.checkpoint_path)

    def load(self) -> dict[str, Any] | None:
        """The last checkpoint, or None at the beginning. Tensors and plain values only.

        Raises `EngineError` for a file that is no checkpoint.
        """
        if not self.checkpoint_path.exists():
            return None
        try:
            return torch.load(self.checkpoint_path, map_location="cpu", weights_only=True)
        except (RuntimeError, EOFError, UnpicklingError) as error:
            raise EngineError(
                f"The checkpoint “{self.checkpoint_path}” is damaged.",
                "Delete it to train from the beginning, or give another --run-folder.",
            ) from error

    def log(self, **values: float) -> None:
        """Append a line, on a line of its own even after one that a crash cut off."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("a+b") as file:
            if file.tell() and not self._ends_whole(file):
                file.write(b"\n")
            file.write(json.dumps({"time": time.time(), **values}).encode() + b"\n")

    @staticmethod
    def _ends_whole(file: BinaryIO) -> bool:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"

    def history(self) -> Iterator[dict[str, float]]:
        """What was logged, oldest first; a line cut off by a crash is left out."""
        if not self.log_path.exists():
            return
        for line in self.log_path.read_text().splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def cosine_rate(step: int, total: int, peak: float, warm_up: int = 200) -> float:
    """Learning rate at `step`: a linear rise over `warm_up` steps, then half a cosine to 2 %."""
    rise = min(1.0, (step + 1) / warm_up)
    progress = min(1.0, step / max(total, 1))
    return peak * rise * (0.02 + 0.49 * (1 + math.cos(math.pi * progress)))
