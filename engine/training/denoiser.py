"""How the house denoiser learns: crops of latents, their score beside them, their prompt across.

Each condition is left out at random, so that each may be left open later and guidance has its
unconditional branch. The kept weights are an exponential moving average of the trained ones.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from engine.device import Device
from engine.diffusion.noise import training_sigmas
from engine.diffusion.parameterisation import Denoiser, Parameterisation
from engine.nets.build import Net, NetConfig, build
from engine.nets.conditioning import Conditioning
from engine.nets.unet import UNetConfig
from engine.score import DRUMS_ROWS, HARMONY_ROWS, RHYTHM_ROWS, SCORE_CHANNELS, columns
from engine.training.latents import PROMPTS_PER_PIECE, Pieces
from engine.training.runs import Run, cosine_rate

HOUSE_UNET = UNetConfig(
    in_channels=96,
    out_channels=96,
    concat_channels=SCORE_CHANNELS,
    channels=(192, 320, 384),
    blocks_per_level=1,
    embedding_channels=256,
    context_channels=384,
    groups=4,  # 48 channels a group and more: the CPU's bf16 group norm wants multiples of 16
)


@dataclass(frozen=True)
class DenoiserTraining:
    """σ is drawn log-normally, as in Karras et al. 2022, relative to unit-variance data."""

    steps: int = 6_000
    batch: int = 16
    crop_frames: int = 224
    peak_rate: float = 6e-4
    sigma_log_mean: float = -0.2
    sigma_log_deviation: float = 1.5
    ema: float = 0.999
    drop_all: float = 0.08
    drop_text: float = 0.08
    drop_rhythm: float = 0.08
    drop_harmony: float = 0.12
    drop_drums: float = 0.12
    save_every: int = 200
    loaders: int = 0  # processes that cut batches ahead; a fast GPU would wait for one alone


@dataclass(frozen=True, eq=False)
class Batch:
    x0: Tensor  # (B, C, T)
    conditioning: Conditioning


class Batches(Sequence[Batch]):
    """One batch of random crops a step, most of them beginning with a bar, as music does.

    A batch is a function of `seed` and its step alone, so that a resumed run meets what an
    unbroken one would and several processes can cut batches side by side. Every piece comes
    once before any comes again.
    """

    def __init__(
        self, pieces: Pieces, training: DenoiserTraining, frame_rate: float, seed: int = 0
    ) -> None:
        if len(pieces) == 0 or pieces.latents.shape[2] < training.crop_frames:
            raise ValueError(f"no piece of {training.crop_frames} frames to train on")
        self.pieces, self.training, self.frame_rate = pieces, training, frame_rate
        self.seed = seed
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def __len__(self) -> int:
        return self.training.steps

    def __getitem__(self, step: int) -> Batch:  # type: ignore[override]
        if not 0 <= step < len(self):
            raise IndexError(f"there is no step {step} of {len(self)}")
        rng = np.random.default_rng((self.seed, step))
        first = step * self.training.batch
        places = range(first, first + self.training.batch)
        items = [self._item(self._piece(place), rng) for place in places]
        latents, score, tokens, keep = (torch.stack(part) for part in zip(*items, strict=True))
        longest = max(1, int(keep.sum(1).max()))
        told = Conditioning(
            context=tokens[:, :longest], context_mask=keep[:, :longest], concat=score
        )
        return Batch(latents, told)

    def _piece(self, place: int) -> int:
        """The piece at `place` of an endless list of shufflings of them all."""
        epoch, within = divmod(place, len(self.pieces))
        if epoch != self._epoch:
            rng = np.random.default_rng((self.seed, epoch, len(self.pieces)))
            self._epoch, self._order = epoch, rng.permutation(len(self.pieces))
        return int(self._order[within])

    def _item(self, index: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """A crop's latents, the score's columns there, a prompt's token states and its mask."""
        pieces, crop = self.pieces, self.training.crop_frames
        start = self._start(index, rng)
        latents = pieces.latents[index, :, start : start + crop].float()
        score = columns(pieces.score(index), crop, self.frame_rate, start / self.frame_rate)
        prompt = int(rng.integers(PROMPTS_PER_PIECE))
        tokens = pieces.tokens[index, prompt].float()
        keep = torch.arange(len(tokens)) < pieces.lengths[index, prompt]
        self._drop(score, keep, rng)
        return latents, torch.from_numpy(score), tokens, keep

    def _start(self, index: int, rng: np.random.Generator) -> int:
        """A crop's first frame: the piece's beginning, the beginning of a bar, or anywhere."""
        last = self.pieces.latents.shape[2] - self.training.crop_frames
        bar_s = self.pieces.score(index).seconds_per_bar
        choice = rng.random()
        if choice < 0.3 or bar_s is None:
            return 0
        if choice < 0.8:
            bars = int(last / self.frame_rate / bar_s)
            return round(float(rng.integers(bars + 1)) * bar_s * self.frame_rate)
        return int(rng.integers(last + 1))

    def _drop(self, score: np.ndarray, keep: Tensor, rng: np.random.Generator) -> None:
        """Leave conditions out in place: nothing is known where a row or token is silent."""
        training = self.training
        everything = rng.random() < training.drop_all
        if everything or rng.random() < training.drop_text:
            keep[:] = False
        if everything or rng.random() < training.drop_rhythm:
            score[RHYTHM_ROWS] = 0
        if everything or rng.random() < training.drop_harmony:
            score[HARMONY_ROWS] = 0
        if everything or rng.random() < training.drop_drums:
            score[DRUMS_ROWS] = 0


@torch.no_grad()
def update_average(average: nn.Module, net: nn.Module, decay: float) -> None:
    for kept, new in zip(average.parameters(), net.parameters(), strict=True):
        kept.lerp_(new, 1 - decay)


def parameter_groups(net: nn.Module) -> list[dict[str, object]]:
    """Weight decay for matrices and kernels alone."""
    many = [p for p in net.parameters() if p.dim() > 1]
    few = [p for p in net.parameters() if p.dim() <= 1]
    return [{"params": many, "weight_decay": 0.01}, {"params": few, "weight_decay": 0.0}]


class DenoiserTrainer:
    """Net, average, optimiser and step counter: everything a checkpoint holds."""

    def __init__(
        self, run: Run, training: DenoiserTraining, config: NetConfig, device: Device
    ) -> None:
        self.run, self.training, self.config, self.device = run, training, config, device
        torch.manual_seed(0)
        self.net = build(config).to(device.torch)
        self.average = copy.deepcopy(self.net)
        self.optimizer = torch.optim.AdamW(
            parameter_groups(self.net), betas=(0.9, 0.95), fused=True
        )
        self.step = 0
        if state := run.load():
            self.net.load_state_dict(state["net"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step = int(state["step"])

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with a trained network's weights; a run that has begun goes on as it is.

        Rows of the score that it did not hear yet start at zero: they change nothing until
        they are learnt.
        """
        if self.step > 0:
            return
        key, wanted = "input.weight", self.net.input.weight
        trained = weights[key].float()
        missing = wanted.shape[1] - trained.shape[1]
        widened = F.pad(trained, (0, 0) * (trained.dim() - 2) + (0, missing))
        for net in (self.net, self.average):
            net.load_state_dict({**weights, key: widened})

    def train(self, pieces: Pieces, frame_rate: float, minutes: float = 1e9) -> Net:
        """Train until `training.steps` or for `minutes`; the averaged network comes back."""
        training = self.training
        batches = iter(self._batches(Batches(pieces, training, frame_rate)))
        end = time.monotonic() + 60 * minutes
        bar = tqdm(total=training.steps, initial=self.step, desc="denoiser", smoothing=0.05)
        losses: list[float] = []
        while self.step < training.steps and time.monotonic() < end:
            losses.append(self.advance(next(batches)))
            bar.update()
            if self.step % 20 == 0 or self.step == training.steps:
                mean = float(np.mean(losses))
                bar.set_postfix(loss=f"{mean:.4f}")
                self.run.log(step=self.step, loss=mean)
                losses.clear()
            if self.step % training.save_every == 0:
                self.save()
        self.save()
        bar.close()
        return self.average

    def _batches(self, batches: Batches) -> DataLoader[Batch]:
        """Those of the steps that are left, in order."""
        loaders = self.training.loaders
        return DataLoader(
            batches,  # type: ignore[arg-type]
            batch_size=None,
            sampler=range(self.step, len(batches)),
            num_workers=loaders,
            multiprocessing_context="spawn" if loaders else None,
        )

    def advance(self, batch: Batch) -> float:
        """One step of the optimiser; returns the batch's mean loss."""
        training = self.training
        rate = cosine_rate(self.step, training.steps, training.peak_rate)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        torch.manual_seed(self.step)  # a resumed run draws what an unbroken one would
        denoiser = Denoiser(self.net, Parameterisation.V)
        device = self.device.torch
        sigma = training_sigmas(
            len(batch.x0), training.sigma_log_mean, training.sigma_log_deviation
        ).to(device)
        noise = torch.randn_like(batch.x0).to(device)
        told = batch.conditioning.to(device, torch.float32)
        with torch.autocast(device.type, self.device.dtype, self.device.dtype != torch.float32):
            loss = denoiser.loss(batch.x0.to(device), noise, sigma, told)
        self.optimizer.zero_grad(set_to_none=True)
        loss.mean().backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        decay = min(training.ema, (1 + self.step) / (10 + self.step))
        update_average(self.average, self.net, decay)
        return loss.detach().mean().item()

    def save(self) -> None:
        self.run.save(
            {
                "net": self.net.state_dict(),
                "average": self.average.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
            }
        )
