"""How the house codec learns: principal components of a corpus, then fine magnitudes from them.

No phase is learnt: the network is asked for what two Fourier windows see, and when within them it
begins (`codec_losses.py`). A distance alone teaches it the middle of what may have been, which is
smoother than any sound; so a judge listens to the magnitudes too, in the last part of the training
(`codec_judge.py`). With another codec's weights to start from, its projection stays, and so do the
latents that denoisers know; those that it lacks are added. Some of what is heard is out of tune,
as the world is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm

from engine.codecs.house import HouseCodec, HouseCodecConfig
from engine.device import choose
from engine.training.codec_calibration import calibrate
from engine.training.codec_judge import CodecJudge, Judged
from engine.training.codec_losses import loss, targets
from engine.training.codec_sound import CodecSound, crops, detuned, render_audio, whole_sound
from engine.training.denoiser import update_average
from engine.training.runs import Run, cosine_rate

CODEC_FILE = "codec.safetensors"
HOUSE_CODEC = HouseCodecConfig(latent_channels=160, tells_motion=True, hears_width=True)
CALIBRATION_PIECES = 24
BETAS = (0.5, 0.95)
"""Little momentum: what was right against an earlier opponent is not kept up for long."""
WARM_UP, JUDGE_ALONE = 100, 60
"""Steps. The judge knows nothing at first: until it does, the codec had better not listen."""
ADVERSARIAL_WEIGHT, ALIKE_WEIGHT = 0.6, 0.8
"""Of being preferred to what is true, and of looking alike to the judge, beside the distances."""
DECAY = 0.99  # of the averaged weights, a step


@dataclass(frozen=True)
class CodecTraining(CodecSound):
    """What it hears, and how long and how fast it learns."""

    steps: int = 1_800
    narrow_share: float = 1 / 2  # of a batch: latents of which only the first are told
    peak_rate: float = 1.5e-3
    judged_share: float = 1 / 2  # of the steps, the last ones
    judge_rate: float = 4e-4

    @property
    def judged_from(self) -> int:
        """The first step with a judge."""
        return round(self.steps * (1 - self.judged_share))


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
    theirs. Returns the average of the weights on the way. Raises what `begin_with` does.
    """
    paths = render_audio(run.folder / "audio", training)
    trainer = CodecTrainer(run, training, config)
    if state := run.load():
        trainer.restore(state)
    else:
        trainer.begin(paths, start)
    trainer.train(paths, minutes)
    codec = trainer.average
    if config.tells_motion:
        calibrate(codec, map(whole_sound, paths[:CALIBRATION_PIECES]))
    save_file(codec.state_dict(), run.folder / CODEC_FILE)
    return codec


class CodecTrainer:
    """Codec, average, judge and their optimisers: everything a checkpoint holds."""

    def __init__(self, run: Run, training: CodecTraining, config: HouseCodecConfig) -> None:
        torch.manual_seed(training.first_seed)
        self.run, self.training, self.step = run, training, 0
        self.codec = HouseCodec(config)
        self.average = deepcopy(self.codec).eval()
        self.judge = CodecJudge()
        self.optimizer = torch.optim.AdamW(self.codec.parameters(), betas=BETAS)
        self.judge_optimizer = torch.optim.AdamW(self.judge.parameters(), betas=(0.0, 0.99))

    def begin(self, paths: list[Path], start: Mapping[str, Tensor] | None) -> None:
        """With another codec's weights where there are any, and a projection for what is left."""
        kept = begin_with(self.codec, start) if start is not None else 0
        if kept < self.codec.latent_channels:
            self.run.log(step=0, projection_rms_db=fit_projection(self.codec, paths, kept))
        self.average.load_state_dict(self.codec.state_dict())

    def train(self, paths: list[Path], minutes: float) -> None:
        """Until the steps or the minutes are over; saved on the way, and at the end."""
        training = self.training
        batches = crops(paths, training, self.codec.hop, self.step)
        end = time.monotonic() + 60 * minutes
        bar = tqdm(total=training.steps, initial=self.step, desc="codec")
        while self.step < training.steps and time.monotonic() < end:
            figures = self.advance(next(batches))
            bar.update()
            bar.set_postfix({name: f"{value:.4f}" for name, value in figures.items()})
            if self.step % 10 == 0:
                self.run.log(step=self.step, **figures)
            if self.step % 200 == 0 or self.step == training.steps:
                self.run.save(self.state())
        self.run.save(self.state())
        bar.close()

    def advance(self, audio: Tensor) -> dict[str, float]:
        """A step on (B, 2, samples), of the judge first where it is its time; returns losses."""
        torch.manual_seed(self.step)  # a resumed run draws what an unbroken one would
        codec, judged_for = self.codec, self.step - self.training.judged_from
        with torch.no_grad():
            heard = codec.hear(audio)
            latents = self._told(codec.project(codec.features(heard)))
            true, outlines = targets(codec, audio, heard), codec.outlines(latents)
        with choose("cpu").autocast():
            made = codec.amplitudes(latents)
        error = total = loss(codec, made, true)
        figures = {"loss": float(error.detach())}
        pair = Judged(true, outlines), Judged(made, outlines)
        if judged_for >= 0:
            figures["known"] = self._teach_judge(*pair)
        if judged_for >= JUDGE_ALONE:
            preferred, alike = self.judge.against(*pair)
            total = error + ADVERSARIAL_WEIGHT * preferred + ALIKE_WEIGHT * alike
        rate = cosine_rate(self.step, self.training.steps, self.training.peak_rate, WARM_UP)
        _descend(codec, self.optimizer, total, rate)
        self.step += 1
        update_average(self.average, codec, min(DECAY, (1 + self.step) / (10 + self.step)))
        return figures

    def _told(self, latents: Tensor) -> Tensor:
        """A denoiser's latents will never be perfect: the decoder meets slightly wrong ones."""
        noise = 0.05 * torch.rand(len(latents), 1, 1) * torch.randn_like(latents)
        kept = first_alone(len(latents), latents.shape[1], self.training.narrow_share)
        return (latents + noise) * kept

    def _teach_judge(self, true: Judged, made: Judged) -> float:
        """A step of the judge; returns its loss, ln 2 where it cannot tell."""
        error = self.judge.mistaken(true, made.detached())
        rate = cosine_rate(self.step, self.training.steps, self.training.judge_rate, 1)
        _descend(self.judge, self.judge_optimizer, error, rate)
        return float(error.detach())

    def state(self) -> dict[str, Any]:
        parts = (self.codec, self.average, self.judge, self.optimizer, self.judge_optimizer)
        states = (part.state_dict() for part in parts)
        return dict(zip(_PARTS, states, strict=True)) | {"step": self.step}

    def restore(self, state: Mapping[str, Any]) -> None:
        """What a checkpoint from before there was a judge lacks begins anew."""
        for name in _PARTS:
            if name in state:
                getattr(self, name).load_state_dict(state[name])
        if "average" not in state:
            self.average.load_state_dict(state["codec"])
        self.step = int(state["step"])


_PARTS = ("codec", "average", "judge", "optimizer", "judge_optimizer")


def _descend(net: nn.Module, optimizer: torch.optim.Optimizer, error: Tensor, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    error.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()


def first_alone(items: int, channels: int, share: float) -> Tensor:
    """(items, channels, 1): 1 for the latents that an item keeps, always the first ones.

    All of them, but for `share` of the items some number from half of them on: so the first ones
    are a codec of their own (nested dropout: Rippel, Gelbart and Adams 2014).
    """
    kept = torch.randint(channels // 2, channels + 1, (items, 1))
    kept[torch.rand(items, 1) >= share] = channels
    return (torch.arange(channels) < kept).float()[..., None]
