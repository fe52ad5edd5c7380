"""What an export will do to the sound, known before it is done.

The plan is made from the sound as the file will hold it (at the file's rate), so that the peak
and the gain it shows are the true ones. Nothing is normalised unless the choice says so.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.api import Clip, GenerationRequest
from engine.audio.files import FileFormat, resample, write
from engine.audio.levels import Levels, from_db

PEAK_TARGET_DB = -1.0
TRUE_PEAK_CEILING_DB = -1.0
LOUDNESS_TARGETS_LUFS = (-14.0, -16.0, -23.0)  # streaming, podcasts, broadcast (EBU R 128)
_NAME_CHARS = 60


class Normalise(StrEnum):
    """The visible choice of level."""

    OFF = "off"
    PEAK = "peak"
    LOUDNESS = "loudness"


@dataclass(frozen=True)
class ExportChoice:
    """Everything a person chooses about an export, the place apart."""

    format: FileFormat = FileFormat.WAV_24
    sample_rate: int | None = None  # None keeps the model's own
    normalise: Normalise = Normalise.OFF
    loudness_lufs: float = LOUDNESS_TARGETS_LUFS[0]


@dataclass(frozen=True, eq=False)
class ExportPlan:
    """A choice worked out for one clip: the sound at the file's rate and what happens to it."""

    choice: ExportChoice
    audio: NDArray[np.float32]  # (frames, channels), before the gain
    sample_rate: int
    before: Levels
    gain_db: float
    limited_by_true_peak: bool  # the ceiling kept the loudness below its target

    @property
    def after(self) -> Levels:
        return self.before.raised(self.gain_db)

    @property
    def too_loud(self) -> bool:
        """Whether the format cannot hold the peak, so that writing would be refused."""
        return bool(self.choice.format.bits) and self.after.peak_db > 0.0


def plan_export(clip: Clip, choice: ExportChoice) -> ExportPlan:
    """Work out the gain and the levels. Takes some milliseconds a second of sound."""
    sample_rate = choice.sample_rate or clip.sample_rate
    audio = resample(clip.audio, clip.sample_rate, sample_rate)
    before = Levels.of(audio, sample_rate)
    gain_db, limited = _gain(before, choice)
    return ExportPlan(choice, audio, sample_rate, before, gain_db, limited)


def export(path: str | Path, clip: Clip, choice: ExportChoice) -> ExportPlan:
    """Plan and write; returns what was done. Raises `AudioFileError`."""
    plan = plan_export(clip, choice)
    write_plan(path, plan, clip.request)
    return plan


def write_plan(path: str | Path, plan: ExportPlan, request: GenerationRequest) -> None:
    """Write the planned sound with `request` inside. Raises `AudioFileError`."""
    audio = plan.audio
    if plan.gain_db:
        audio = (audio * np.float64(from_db(plan.gain_db))).astype(np.float32)
    write(path, audio, plan.sample_rate, plan.choice.format, request)


def suggested_name(request: GenerationRequest) -> str:
    """A file name without suffix that every system takes: the prompt's words and the seed."""
    words = unicodedata.normalize("NFKC", request.prompt).casefold()
    words = re.sub(r"[^\w#]+", "-", words).strip("-_")[:_NAME_CHARS].rstrip("-_")
    while len(words.encode("utf-8", "replace")) > 3 * _NAME_CHARS:  # letters of many bytes
        words = words[:-1]
    seed = "" if request.seed is None else f"-{request.seed}"
    return f"{words or 'take'}{seed}"


def _gain(before: Levels, choice: ExportChoice) -> tuple[float, bool]:
    """Gain in dB, and whether the true-peak ceiling held it back. Silence gets none."""
    if choice.normalise is Normalise.OFF or before.peak_db == -math.inf:
        return 0.0, False
    if choice.normalise is Normalise.PEAK:
        return PEAK_TARGET_DB - before.peak_db, False
    if before.loudness_lufs == -math.inf:
        return 0.0, False
    wanted = choice.loudness_lufs - before.loudness_lufs
    allowed = TRUE_PEAK_CEILING_DB - before.true_peak_db
    return min(wanted, allowed), wanted > allowed
