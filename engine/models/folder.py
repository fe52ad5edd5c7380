"""A model on disk: one folder with `config.json` and the weights whose hashes it lists.

Nothing here needs torch, so that the window can list its models before torch is loaded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.api import ModelInfo, Refinement, SamplerName, ScheduleName
from engine.audio.atomic import write_atomically
from engine.errors import InvalidRequest, ModelUnavailable

CONFIG = "config.json"
FORMAT = 1
BYTES_A_SECOND = {"house": 11e6}
"""By family, measured while decoding 300 s; sampling takes a twentieth of it."""


@dataclass(frozen=True)
class ModelFolder:
    """`config` is what `config.json` holds: the common part read here, the rest by the family."""

    path: Path
    config: dict[str, Any]

    @classmethod
    def open(cls, path: Path) -> ModelFolder:
        """Read the config and look at every file's size. Raises `ModelUnavailable`."""
        try:
            config = json.loads((path / CONFIG).read_text("utf-8"))
        except FileNotFoundError as error:
            raise ModelUnavailable(
                f"The model “{path.name}” is not there: “{path / CONFIG}” is missing.", _remedy()
            ) from error
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"The model “{path.name}” has a damaged {CONFIG}: {error}.", _remedy()
            ) from error
        if not isinstance(config, dict) or config.get("format") != FORMAT:
            raise ModelUnavailable(
                f"The model “{path.name}” was made for another version of Undertone.",
                "Update Undertone, or fetch the model again.",
            )
        folder = cls(path, config)
        try:
            for name in folder.files:
                folder._check_size(name)
        except (KeyError, TypeError, AttributeError) as error:
            raise ModelUnavailable(
                f"The model “{path.name}” has a damaged {CONFIG}: its list of files is unreadable.",
                _remedy(),
            ) from error
        return folder

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(self.config["files"])

    def info(self) -> ModelInfo:
        """What the window shows. Raises `ModelUnavailable` for a config without it."""
        try:
            return ModelInfo(
                id=self.path.name,
                title=str(self.config["title"]),
                licence=str(self.config["licence"]),
                sample_rate=int(self.config["sample_rate"]),
                channels=int(self.config["channels"]),
                steps=int(self.config["steps"]),
                guidance=float(self.config["guidance"]),
                sampler=SamplerName(self.config["sampler"]),
                schedule=ScheduleName(self.config["schedule"]),
                refinement=_refinement(self.config),
                bytes_a_second=BYTES_A_SECOND.get(str(self.config.get("family")), 0.0),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise ModelUnavailable(
                f"The model “{self.path.name}” has a damaged {CONFIG}: {error}.", _remedy()
            ) from error

    def check_hashes(self) -> None:
        """Read every file and compare its hash. Raises `ModelUnavailable`."""
        for name in self.files:
            if sha256(self.path / name) != self.config["files"][name]["sha256"]:
                raise ModelUnavailable(
                    f"The model “{self.path.name}” is damaged: {name} is not what its checksum "
                    "says.",
                    _remedy(),
                )

    def _check_size(self, name: str) -> None:
        expected = self.config["files"][name]["bytes"]
        try:
            found = (self.path / name).stat().st_size
        except OSError as error:
            raise ModelUnavailable(
                f"The model “{self.path.name}” is incomplete: {name} is missing.", _remedy()
            ) from error
        if found != expected:
            raise ModelUnavailable(
                f"The model “{self.path.name}” is damaged: {name} has {found:,} bytes instead of "
                f"{expected:,}.",
                _remedy(),
            )


def write_config(path: Path, config: dict[str, Any], files: Iterable[str]) -> None:
    """Write `config.json` with the size and hash of `files`, which lie beside it.

    Raises `AudioFileError` where it cannot be written; an older one then stays.
    """
    listed = {
        name: {"bytes": (path / name).stat().st_size, "sha256": sha256(path / name)}
        for name in files
    }
    text = json.dumps({"format": FORMAT, **config, "files": listed}, indent=2, ensure_ascii=False)
    write_atomically(path / CONFIG, [f"{text}\n".encode()])


def sha256(path: Path) -> str:
    """Raises `ModelUnavailable` for a file that cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnavailable(
            f"The model's file “{path}” cannot be read: {error.strerror}.", _remedy()
        ) from error


def _refinement(config: dict[str, Any]) -> Refinement:
    """Raises `ValueError` or `TypeError` for what is none."""
    rescale, interval = config.get("guidance_rescale", 0.0), config.get("guidance_interval")
    if interval is not None:
        low, high = (float(level) for level in interval)
        interval = low, high
    try:
        return Refinement(rescale=float(rescale), interval=interval)
    except InvalidRequest as error:
        raise ValueError(error.message) from error


def _remedy() -> str:
    return "Restore the folder: git checkout -- assets/models, or install Undertone again."
