"""How the house codec learns: principal components of a corpus, then fine magnitudes from them.

No phase is learnt, so there is nothing adversarial here: the network is asked for the log
magnitudes that two Fourier windows see, and compared both in log and in compressed amplitude
(the log alone would render noise too quiet, the amplitude alone would forget what is soft).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor
from tqdm import tqdm

from engine.codecs.house import HouseCodec, HouseCodecConfig
from engine.training.corpus.dataset import render_many
from engine.training.runs import Run, cosine_rate

AMPLITUDE_FLOOR = 1e-4  # −80 dB
CODEC_FILE = "codec.safetensors"


@dataclass(frozen=True)
class CodecTraining:
    """`pieces` renders are kept on disk as 16-bit samples; crops of them are the batches."""

    pieces: int = 400
    piece_s: float = 24.0
    first_seed: int = 1_000_000
    steps: int = 1_800
    batch: int = 24
    crop_frames: int = 48
    peak_rate: float = 1.5e-3
    workers: int = 2


def render_audio(folder: Path, training: CodecTraining) -> list[Path]:
    """Render what is missing; returns the paths of (2, samples) int16 arrays, in seed order."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(training.first_seed, training.first_seed + training.pieces)
    paths = {seed: folder / f"{seed}.npy" for seed in seeds}
    missing = [seed for seed in seeds if not paths[seed].exists()]
    rendered = render_many(missing, training.workers, duration_s=training.piece_s)
    for piece, audio in tqdm(rendered, total=len(missing), desc="rendering", disable=not missing):
        temporary = folder / f"{piece.seed}.tmp.npy"
        np.save(temporary, (audio.T * 32_767).round().clip(-32_768, 32_767).astype(np.int16))
        temporary.replace(paths[piece.seed])
    return list(paths.values())


def crops(
    paths: list[Path], training: CodecTraining, hop: int, first_step: int = 0
) -> Iterator[Tensor]:
    """Endless batches of audio, (batch, 2, crop_frames · hop), from the one of `first_step` on.

    A batch is drawn from its step alone, so that a resumed run meets what an unbroken one would.
    """
    pieces: list[NDArray[np.int16]] = [np.load(path, mmap_mode="r") for path in paths]
    length = training.crop_frames * hop
    for step in count(first_step):
        rng = np.random.default_rng((training.first_seed, step))
        chosen = rng.integers(len(pieces), size=training.batch)
        starts = [rng.integers(pieces[i].shape[1] - length) for i in chosen]
        batch = [pieces[i][:, s : s + length] for i, s in zip(chosen, starts, strict=True)]
        gain = 10 ** (rng.uniform(-6, 2, size=(training.batch, 1, 1)) / 20)
        yield torch.from_numpy((np.stack(batch) / 32_768 * gain).astype(np.float32))


def fit_projection(codec: HouseCodec, paths: list[Path], pieces: int = 300) -> float:
    """Principal components over up to `pieces` whole pieces; returns the rms error in dB."""
    features = [
        codec.features(*codec.powers(torch.from_numpy(np.load(path) / np.float32(32_768))[None]))[0]
        for path in tqdm(paths[:pieces], desc="principal components")
    ]
    return codec.fit(torch.cat(features))


def log_amplitude(power: Tensor) -> Tensor:
    """(B, 2, frames, bins) power → (B, frames, bins), what `HouseCodec.magnitudes` predicts."""
    return 0.5 * torch.log(power.mean(1) + AMPLITUDE_FLOOR**2)


def magnitude_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error of log amplitudes (nats) and of amplitudes to the power of 0.4."""
    floor = np.log(AMPLITUDE_FLOOR)
    soft = predicted.clamp(min=floor, max=3.0)
    log_error = (predicted - target).abs().mean()
    compressed = ((0.4 * soft).exp() - (0.4 * target).exp()).abs().mean()
    return log_error + 8.0 * compressed


def train_codec(
    run: Run, training: CodecTraining, config: HouseCodecConfig, minutes: float = 1e9
) -> HouseCodec:
    """Train until `training.steps` or for `minutes`; continues from the run's checkpoint."""
    paths = render_audio(run.folder / "audio", training)
    torch.manual_seed(training.first_seed)
    codec = HouseCodec(config)
    optimizer = torch.optim.AdamW(codec.parameters(), betas=(0.9, 0.95), weight_decay=0.01)
    step = 0
    if state := run.load():
        codec.load_state_dict(state["codec"])
        optimizer.load_state_dict(state["optimizer"])
        step = int(state["step"])
    else:
        run.log(step=0, projection_rms_db=fit_projection(codec, paths))
    batches = crops(paths, training, codec.hop, step)
    end = time.monotonic() + 60 * minutes
    bar = tqdm(total=training.steps, initial=step, desc="codec")
    while step < training.steps and time.monotonic() < end:
        torch.manual_seed(step)  # a resumed run draws what an unbroken one would
        loss = _step(
            codec, optimizer, next(batches), cosine_rate(step, training.steps, training.peak_rate)
        )
        step += 1
        bar.update()
        bar.set_postfix(loss=f"{loss:.4f}")
        if step % 10 == 0:
            run.log(step=step, loss=loss)
        if step % 200 == 0 or step == training.steps:
            _save(run, codec, optimizer, step)
    _save(run, codec, optimizer, step)
    save_file(codec.state_dict(), run.folder / CODEC_FILE)
    bar.close()
    return codec.eval()


def _step(codec: HouseCodec, optimizer: torch.optim.Optimizer, audio: Tensor, rate: float) -> float:
    for group in optimizer.param_groups:
        group["lr"] = rate
    with torch.no_grad():
        powers = codec.powers(audio)
        latents = codec.project(codec.features(*powers))
        targets = [log_amplitude(power) for power in powers]
        # The denoiser's latents will never be perfect: the decoder meets slightly wrong ones.
        latents = latents + 0.05 * torch.rand(len(latents), 1, 1) * torch.randn_like(latents)
    with torch.autocast("cpu", torch.bfloat16):
        low, high, _ = codec.magnitudes(latents)
    loss = magnitude_loss(low.float(), targets[0]) + magnitude_loss(high.float(), targets[1])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(codec.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def _save(run: Run, codec: HouseCodec, optimizer: torch.optim.Optimizer, step: int) -> None:
    run.save({"codec": codec.state_dict(), "optimizer": optimizer.state_dict(), "step": step})
