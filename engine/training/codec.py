"""How the house codec learns: principal components of a corpus, then fine magnitudes from them.

No phase is learnt, so there is nothing adversarial here: the network is asked for what two
Fourier windows see, and when within them it begins (`codec_losses.py`). With another codec's
weights to start from, its projection stays, and so do the latents that denoisers know; those that
it lacks are added. Some of what is heard is out of tune, as the world is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor
from tqdm import tqdm

from engine.codecs.house import HouseCodec, HouseCodecConfig
from engine.training.codec_calibration import calibrate
from engine.training.codec_losses import loss, targets
from engine.training.codec_tones import tones
from engine.training.corpus.dataset import render_many
from engine.training.runs import Run, cosine_rate

CODEC_FILE = "codec.safetensors"
HOUSE_CODEC = HouseCodecConfig(latent_channels=160, tells_motion=True, hears_width=True)
CALIBRATION_PIECES = 24


@dataclass(frozen=True)
class CodecTraining:
    """`pieces` renders are kept on disk as 16-bit samples; crops of them are the batches."""

    pieces: int = 400
    piece_s: float = 24.0
    first_seed: int = 1_000_000
    steps: int = 1_800
    batch: int = 24
    crop_frames: int = 48
    tone_share: float = 1 / 12  # of a batch: pure tones in place of music
    detuned_share: float = 1 / 4  # and music up to half a semitone out of tune
    narrow_share: float = 1 / 2  # and latents of which only the first are told
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
        batch: list[NDArray[Any]] = [
            pieces[i][:, s : s + length] for i, s in zip(chosen, starts, strict=True)
        ]
        gain = 10 ** (rng.uniform(-6, 2, size=(training.batch, 1, 1)) / 20)
        pure = round(training.tone_share * training.batch)
        for item in range(pure):
            batch[item] = 32_768 * tones(rng, length)
        for item in range(pure, pure + round(training.detuned_share * training.batch)):
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


def fit_projection(codec: HouseCodec, paths: list[Path], kept: int = 0, pieces: int = 240) -> float:
    """Fit to up to `pieces` whole pieces, each second one also out of tune; see `HouseCodec.fit`.

    Returns the rms error in dB.
    """
    features = []
    for number, path in enumerate(tqdm(paths[:pieces], desc="principal components")):
        sounds = [whole_sound(path)]
        if number % 2:
            rng = np.random.default_rng(number)
            sounds.append(torch.from_numpy(detuned(sounds[0][0].numpy(), rng))[None])
        features += [codec.features(codec.hear(sound))[0] for sound in sounds]
    return codec.fit(torch.cat(features), kept)


def begin_with(codec: HouseCodec, weights: Mapping[str, Tensor]) -> int:
    """Take another codec's weights; returns how many of the latents are its own.

    Where it has fewer latents or hears less, zeros are added to its weights. Raises
    `RuntimeError` for weights that do not fit otherwise.
    """
    own = codec.state_dict()
    codec.load_state_dict({name: _padded(w, own[name]) for name, w in weights.items()}, False)
    return min(weights["basis"].shape[1], codec.latent_channels)


def _padded(weight: Tensor, like: Tensor) -> Tensor:
    missing = [max(0, n - m) for m, n in zip(weight.shape, like.shape, strict=True)]
    return F.pad(weight, [side for n in reversed(missing) for side in (0, n)])


def train_codec(
    run: Run,
    training: CodecTraining,
    config: HouseCodecConfig,
    minutes: float = 1e9,
    start: Mapping[str, Tensor] | None = None,
) -> HouseCodec:
    """Train until `training.steps` or for `minutes`; continues from the run's checkpoint.

    A new run begins with the weights `start`, those that it has; the first latents are then
    theirs. Raises what `begin_with` does.
    """
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
        kept = begin_with(codec, start) if start is not None else 0
        if kept < codec.latent_channels:
            run.log(step=0, projection_rms_db=fit_projection(codec, paths, kept))
    batches = crops(paths, training, codec.hop, step)
    end = time.monotonic() + 60 * minutes
    bar = tqdm(total=training.steps, initial=step, desc="codec")
    while step < training.steps and time.monotonic() < end:
        torch.manual_seed(step)  # a resumed run draws what an unbroken one would
        rate = cosine_rate(step, training.steps, training.peak_rate)
        error = _step(codec, optimizer, next(batches), rate, training.narrow_share)
        step += 1
        bar.update()
        bar.set_postfix(loss=f"{error:.4f}")
        if step % 10 == 0:
            run.log(step=step, loss=error)
        if step % 200 == 0 or step == training.steps:
            _save(run, codec, optimizer, step)
    _save(run, codec, optimizer, step)
    bar.close()
    codec.eval()
    if config.tells_motion:
        calibrate(codec, map(whole_sound, paths[:CALIBRATION_PIECES]))
    save_file(codec.state_dict(), run.folder / CODEC_FILE)
    return codec


def _step(
    codec: HouseCodec,
    optimizer: torch.optim.Optimizer,
    audio: Tensor,
    rate: float,
    narrow_share: float,
) -> float:
    for group in optimizer.param_groups:
        group["lr"] = rate
    with torch.no_grad():
        heard = codec.hear(audio)
        latents = codec.project(codec.features(heard))
        true = targets(codec, audio, heard)
        # The denoiser's latents will never be perfect: the decoder meets slightly wrong ones.
        latents = latents + 0.05 * torch.rand(len(latents), 1, 1) * torch.randn_like(latents)
        latents = latents * first_alone(len(latents), latents.shape[1], narrow_share)
    with torch.autocast("cpu", torch.bfloat16):
        made = codec.amplitudes(latents)
    error = loss(codec, made, true)
    optimizer.zero_grad(set_to_none=True)
    error.backward()
    torch.nn.utils.clip_grad_norm_(codec.parameters(), 1.0)
    optimizer.step()
    return error.item()


def first_alone(items: int, channels: int, share: float) -> Tensor:
    """(items, channels, 1): 1 for the latents that an item keeps, always the first ones.

    All of them, but for `share` of the items some number from half of them on: so the first ones
    are a codec of their own (nested dropout: Rippel, Gelbart and Adams 2014).
    """
    kept = torch.randint(channels // 2, channels + 1, (items, 1))
    kept[torch.rand(items, 1) >= share] = channels
    return (torch.arange(channels) < kept).float()[..., None]


def _save(run: Run, codec: HouseCodec, optimizer: torch.optim.Optimizer, step: int) -> None:
    run.save({"codec": codec.state_dict(), "optimizer": optimizer.state_dict(), "step": step})
