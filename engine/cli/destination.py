"""Where a clip of the command line goes: a name that is free, known to work before the work.

Nothing is overwritten unasked, and no finished clip is lost to a full or read-only disk.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from engine.api import Clip
from engine.audio.export import ExportChoice, ExportPlan, Normalise, plan_export, suggested_name
from engine.audio.export import write_plan as write_export
from engine.audio.files import FileFormat
from engine.errors import AudioFileError, InvalidRequest


@dataclass(frozen=True)
class Destination:
    """`path` is None for a name made from the prompt, in the current folder."""

    path: Path | None
    format: FileFormat
    normalise: Normalise
    overwrite: bool

    @classmethod
    def check(
        cls, out: str | None, format: FileFormat | None, normalise: Normalise, overwrite: bool
    ) -> Destination:
        """Raises `InvalidRequest` for what could not be written in the end."""
        if out is None:
            return cls(None, format or FileFormat.WAV_24, normalise, overwrite)
        path = Path(out)
        try:
            format = format or FileFormat.of_suffix(path)
        except AudioFileError as error:
            raise InvalidRequest("out", error.message, error.remedy) from error
        _check_path(path, format, overwrite)
        return cls(path, format, normalise, overwrite)

    def write(self, clip: Clip) -> tuple[Path, ExportPlan, tuple[str, ...]]:
        """Write the clip; returns where, how, and notices. Raises `AudioFileError`."""
        plan = plan_export(clip, ExportChoice(self.format, normalise=self.normalise))
        notices: tuple[str, ...] = ()
        if plan.too_loud:
            plan = plan_export(clip, ExportChoice(self.format, normalise=Normalise.PEAK))
            notices = (
                f"The sound peaks at {plan.before.peak_db:+.1f} dBFS, which {self.format.bits}-bit "
                f"files cannot hold: it was lowered by {-plan.gain_db:.1f} dB.",
            )
        path = self.path or Path(suggested_name(clip.request) + self.format.suffix)
        if not self.overwrite:
            path = free_name(path)
        try:
            write_export(path, plan, clip.request)
        except AudioFileError as error:
            raise self._rescued(error, clip, plan) from error
        return path, plan, notices

    def _rescued(self, error: AudioFileError, clip: Clip, plan: ExportPlan) -> AudioFileError:
        """The error, with the place where the clip is kept all the same."""
        name = suggested_name(clip.request) + self.format.suffix
        for folder in (Path.home(), Path(tempfile.gettempdir())):
            path = free_name(folder / name)
            try:
                write_export(path, plan, clip.request)
            except AudioFileError:
                continue
            return AudioFileError(error.message, f"The clip was kept as “{path}”. {error.remedy}")
        return error


def free_name(path: Path) -> Path:
    """`path`, or with -2, -3, … before the suffix when it is taken."""
    if not path.exists():
        return path
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(candidate for candidate in numbered if not candidate.exists())


def _check_path(path: Path, format: FileFormat, overwrite: bool) -> None:
    if path.suffix.lower() != format.suffix:
        raise InvalidRequest(
            "out",
            f"“{path.name}” does not end with {format.suffix}, which {format} needs.",
            f"Name it “{path.stem}{format.suffix}”, or leave --format out.",
        )
    if path.exists() and not overwrite:
        raise InvalidRequest(
            "out", f"“{path}” is already there.", "Choose another name, or add --force."
        )
    if not path.parent.is_dir():
        raise InvalidRequest(
            "out", f"The folder “{path.parent}” does not exist.", "Create it first."
        )
    if not os.access(path.parent, os.W_OK):
        raise InvalidRequest(
            "out",
            f"The folder “{path.parent}” does not allow writing.",
            "Choose a folder of your own.",
        )
