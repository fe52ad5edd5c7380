"""What is kept of a sound once it has been listened to: enough for every row of the report.

A clip of 10 s takes 1.8 MB, what is heard in it some 100 kB. Rows are arithmetic on this.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import librosa
import numpy as np
from numpy.typing import NDArray

from engine.audio.spectrogram import FLOOR_DB, log_mel
from engine.training import measures
from engine.training.listening.loops import seam_rank
from engine.training.listening.pitches import pitches

Sound = NDArray[np.float32]  # (frames, 2)
SAMPLE_RATE = 44_100
MELS, PICTURE_RATE = 96, 50  # bands from 30 Hz to 20 kHz; columns a second
HOP = 256
_WINDOW = 1_024


@dataclass(frozen=True, eq=False)
class Heard:
    """One sound. Everything is an array, so that it is one file on disk."""

    picture: NDArray[np.float16]  # (MELS, columns), dB
    envelope: NDArray[np.float32]  # (hops of HOP frames,), onset strength
    pitches: NDArray[np.float16]  # (60, columns of 46 ms), as `pitches.pitches`
    frames: int
    seam: float  # as `loops.seam_rank`; 0 where it was not asked
    faults: tuple[str, ...] = ()
    told: str = ""  # what its maker said about it, as JSON

    @property
    def duration_s(self) -> float:
        return self.frames / SAMPLE_RATE

    def save(self, path: Path) -> None:
        """Whole or not at all, whatever interrupts."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".tmp.npz")
        np.savez_compressed(
            temporary, **{part.name: getattr(self, part.name) for part in fields(self)}
        )
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        with np.load(path) as stored:
            return cls(
                stored["picture"], stored["envelope"], stored["pitches"], int(stored["frames"]),
                float(stored["seam"]), tuple(map(str, stored["faults"])), str(stored["told"]),
            )  # fmt: skip


def hear(sound: Sound, loop: bool = False) -> Heard:
    """Listen to (frames, 2) at `SAMPLE_RATE`. What is no number is heard as silence.

    A `loop`'s seam is listened to beside.
    """
    faults = tuple(measures.faults(sound))
    sound = np.nan_to_num(sound, nan=0.0, posinf=0.0, neginf=0.0)
    one = measures.mono(sound)
    columns = max(1, round(len(sound) / SAMPLE_RATE * PICTURE_RATE))
    picture = log_mel(sound, SAMPLE_RATE, mels=MELS, columns=columns).level_db
    return Heard(
        picture=np.maximum(picture, FLOOR_DB).astype(np.float16),
        envelope=_envelope(one),
        pitches=pitches(one, SAMPLE_RATE).astype(np.float16),
        frames=len(sound),
        seam=seam_rank(sound) if loop else 0.0,
        faults=faults,
    )


def _envelope(sound: measures.Mono) -> NDArray[np.float32]:
    found = librosa.onset.onset_strength(y=sound, sr=SAMPLE_RATE, hop_length=HOP, n_fft=_WINDOW)
    return found.astype(np.float32)
