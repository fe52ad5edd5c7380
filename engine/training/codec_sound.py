"""What the codec learns from: renders on disk, and crops of them; some out of tune, and tones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from engine.training.codec_tones import tones
from engine.training.corpus.dataset import render_many


@dataclass(frozen=True)
class CodecSound:
    """`pieces` renders are kept on disk as 16-bit samples; crops of them are the batches."""

    pieces: int = 400
    piece_s: float = 24.0
    first_seed: int = 1_000_000
    batch: int = 16
    crop_frames: int = 48
    tone_share: float = 1 / 12  # of a batch: pure tones in place of music
    detuned_share: float = 1 / 4  # and music up to half a semitone out of tune
    workers: int = 2


def render_audio(folder: Path, asked: CodecSound) -> list[Path]:
    """Render what is missing; returns the paths of (2, samples) int16 arrays, in seed order."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(asked.first_seed, asked.first_seed + asked.pieces)
    paths = {seed: folder / f"{seed}.npy" for seed in seeds}
    missing = [seed for seed in seeds if not paths[seed].exists()]
    rendered = render_many(missing, asked.workers, duration_s=asked.piece_s)
    for piece, audio in tqdm(rendered, total=len(missing), desc="rendering", disable=not missing):
        temporary = folder / f"{piece.seed}.tmp.npy"
        np.save(temporary, (audio.T * 32_767).round().clip(-32_768, 32_767).astype(np.int16))
        temporary.replace(paths[piece.seed])
    return list(paths.values())


def crops(paths: list[Path], asked: CodecSound, hop: int, first_step: int = 0) -> Iterator[Tensor]:
    """Endless batches of audio, (batch, 2, crop_frames · hop), from the one of `first_step` on.

    A batch is drawn from its step alone, so that a resumed run meets what an unbroken one would.
    """
    pieces: list[NDArray[np.int16]] = [np.load(path, mmap_mode="r") for path in paths]
    length = asked.crop_frames * hop
    for step in count(first_step):
        rng = np.random.default_rng((asked.first_seed, step))
        chosen = rng.integers(len(pieces), size=asked.batch)
        starts = [rng.integers(pieces[i].shape[1] - length) for i in chosen]
        batch: list[NDArray[Any]] = [
            pieces[i][:, s : s + length] for i, s in zip(chosen, starts, strict=True)
        ]
        gain = 10 ** (rng.uniform(-6, 2, size=(asked.batch, 1, 1)) / 20)
        pure = round(asked.tone_share * asked.batch)
        for item in range(pure):
            batch[item] = 32_768 * tones(rng, length)
        for item in range(pure, pure + round(asked.detuned_share * asked.batch)):
            batch[item] = detuned(batch[item], rng)
        yield torch.from_numpy((np.stack(batch) / 32_768 * gain).astype(np.float32))


def detuned(sound: NDArray[Any], rng: np.random.Generator) -> NDArray[np.float32]:
    """(2, samples) of any numbers, up to half a semitone sharp or flat.

    It is as long as before: what is too much is cut, what is missing is the beginning again.
    """
    ratio = 2 ** (rng.uniform(-50, 50) / 1_200)
    played = soxr.resample(sound.T.astype(np.float32), 1.0, ratio)
    return np.resize(played, (sound.shape[1], 2)).T


def whole_sound(path: Path) -> Tensor:
    """(1, 2, samples)"""
    return torch.from_numpy(np.load(path) / np.float32(32_768))[None]
