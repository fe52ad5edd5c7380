"""Sound that new music is to fit: read from a file, with what is known of its tempo and harmony."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.api import GenerationRequest
from engine.audio.files import read, read_settings, resample
from engine.errors import EngineError, InvalidRequest
from engine.score import TEMPO_BPM, Score

RMS_DB = -19.0  # as loud as the training material's accompaniments are
PEAK = 0.7
QUIETEST = 1e-4  # −80 dBFS: what never gets louder is the dither of silence
BEATS_PER_BAR = 4  # of a loop that says nothing of its metre


def score_of(path: str) -> Score:
    """What the file's own settings tell of its music; an open score for other sound.

    Who plays is left open: what fits a drum loop is no drum loop. Raises nothing.
    """
    try:
        stat = os.stat(path)
        return _score_of(path, stat.st_mtime_ns, stat.st_size)
    except (OSError, ValueError):
        return Score()


@lru_cache(maxsize=8)
def _score_of(path: str, modified_ns: int, size: int) -> Score:
    try:
        settings = read_settings(path)
    except EngineError:
        return Score()
    if settings is None:
        return Score()
    open_parts = {"drums": None, "stem": None, "instruments": None}
    if not settings.score.loop:  # other music may go on for longer than what it is played over
        open_parts |= {"loop": None, "bars": None}
    return replace(settings.score, **open_parts)


def tempo_of_loop(path: str, score: Score) -> float | None:
    """Beats a minute of a file that lasts exactly the bars of `score`; None where it cannot be."""
    if not (score.loop and score.bars):
        return None
    audio, sample_rate = read(path)
    beats = score.bars * (score.beats_per_bar or BEATS_PER_BAR)
    tempo_bpm = 60.0 * beats * sample_rate / max(1, len(audio))
    return tempo_bpm if TEMPO_BPM[0] <= tempo_bpm <= TEMPO_BPM[1] else None


def with_known_tempo(request: GenerationRequest, tempo_bpm: float | None) -> GenerationRequest:
    """`request` with the tempo that what it is written over has; `tempo_bpm` is the prompt's.

    Raises `InvalidRequest` where nothing tells it, `AudioFileError` for a file that cannot be read.
    """
    known = request.score.filled_by(score_of(request.over)).tempo_bpm or tempo_bpm
    known = known or tempo_of_loop(request.over, request.score)
    if known is None:
        raise InvalidRequest(
            "tempo_bpm",
            f"How fast “{Path(request.over).name}” is, is not known.",
            "Give its tempo, or for a loop the number of its bars.",
        )
    return replace(request, score=replace(request.score, tempo_bpm=known))


def load(
    path: str, sample_rate: int, channels: int, samples: int, around: bool
) -> NDArray[np.float32]:
    """(channels, samples): the file's beginning, as loud as what models learnt from.

    A shorter file is followed by silence, or goes round and round where `around`. Raises
    `AudioFileError` for a file that cannot be read, `InvalidRequest` for one without sound.
    """
    audio, rate = read(path)
    if not len(audio) or not np.isfinite(audio).all() or np.abs(audio).max() < QUIETEST:
        raise InvalidRequest(
            "over", f"There is no sound in “{Path(path).name}”.", "Choose another file."
        )
    audio = resample(audio, rate, sample_rate)
    audio = np.repeat(audio, channels, axis=1) if audio.shape[1] == 1 else audio[:, :channels]
    audio = np.resize(audio, (samples, channels)) if around else audio[:samples]
    audio = np.pad(audio, ((0, samples - len(audio)), (0, 0)))
    return np.ascontiguousarray(levelled(audio).T)


def levelled(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """At `RMS_DB`, or as much quieter as its peaks ask for."""
    rms = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))
    gain = min(10 ** (RMS_DB / 20) / max(rms, 1e-9), PEAK / max(float(np.abs(audio).max()), 1e-9))
    return audio * np.float32(gain)
