"""What is compared: the house codec, and classical codecs by ffmpeg."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import torch

from engine.codecs.house import HouseCodec
from engine.errors import EngineError
from engine.training.fidelity.distances import SAMPLE_RATE, Sound
from engine.training.latents import load_codec


class Coder(Protocol):
    """There and back again."""

    @property
    def name(self) -> str: ...

    def __call__(self, sound: Sound) -> Sound:
        """(frames, 2) → what is left of it, equally long and aligned."""


@dataclass(frozen=True)
class House:
    """The house codec with the weights of one file; each process reads them once."""

    weights: Path
    name: str = "house"

    @torch.inference_mode()
    def __call__(self, sound: Sound) -> Sound:
        codec = _loaded(self.weights)
        audio = torch.from_numpy(np.ascontiguousarray(sound.T))[None]
        made = codec.decode(codec.encode(audio), len(sound))
        return np.ascontiguousarray(made[0].T.float().numpy())


@cache
def _loaded(weights: Path) -> HouseCodec:
    return load_codec(weights).requires_grad_(False)


@dataclass(frozen=True)
class Ffmpeg:
    """One of ffmpeg's encoders at a constant rate, in a container that keeps its delay."""

    name: str
    encoder: str
    kilobits: int
    suffix: str

    def __call__(self, sound: Sound) -> Sound:
        """Raises `EngineError` where ffmpeg is missing or refuses."""
        with TemporaryDirectory(prefix="undertone-") as folder:
            path = Path(folder, f"coded{self.suffix}")
            raw = ("-f", "f32le", "-ar", str(SAMPLE_RATE), "-ac", "2")
            words = (*raw, "-i", "-", "-c:a", self.encoder, "-b:a", f"{self.kilobits}k")
            _ffmpeg(*words, str(path), sent=sound.astype("<f4").tobytes())
            found = np.frombuffer(_ffmpeg("-i", str(path), *raw, "-"), "<f4").reshape(-1, 2)
        made = np.zeros_like(sound)
        count = min(len(found), len(made))
        made[:count] = found[:count]
        return made


CLASSICAL = (
    Ffmpeg("MP3 96", "libmp3lame", 96, ".mp3"),
    Ffmpeg("MP3 128", "libmp3lame", 128, ".mp3"),
    Ffmpeg("Opus 96", "libopus", 96, ".opus"),
)


def check_ffmpeg() -> str:
    """The program's path. Raises `EngineError`, which says what to install, where there is none."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise EngineError(
            "ffmpeg, which codes MP3 and Opus for the comparison, is not installed.",
            "On Debian: apt install ffmpeg. Or measure the house codec alone: --no-classical.",
        )
    return program


def _ffmpeg(*words: str, sent: bytes = b"") -> bytes:
    """What it wrote to its standard output. Raises `EngineError`."""
    command = [check_ffmpeg(), "-hide_banner", "-loglevel", "error", "-y", *words]
    done = subprocess.run(command, input=sent, capture_output=True, check=False)
    if done.returncode:
        raise EngineError(
            f"ffmpeg failed: {done.stderr.decode(errors='replace').strip()}",
            "Install an ffmpeg with libmp3lame and libopus, or give --no-classical.",
        )
    return done.stdout
