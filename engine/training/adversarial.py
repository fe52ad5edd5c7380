"""Adversarial post-training: a denoiser learns to answer with music instead of with its mean.

A denoiser taught by squared error answers with the mean of all that a noisy clip may come from:
attacks and timbre are smoothed, and guidance and many steps are needed to bring them back. Here a
discriminator hears the answer beside the real clip, and the denoiser learns to be preferred. Both
sides follow Novack et al. 2025 ("Fast text-to-audio generation with adversarial post-training",
ARC, arXiv 2505.08175):

- The loss is relativistic (Jolicoeur-Martineau 2018): the discriminator is to prefer the real clip
  to the answer about the same prompt and score, the denoiser is to be preferred. There is nothing
  to win by leaving out kinds of music.
- The discriminator also learns to prefer a clip with its own prompt and score to the same clip
  with another's, so that it hears whether music is as asked, and less guidance is needed.
  There one number tells both, and here two: with one, answers came to be preferred by fitting
  their prompt better than music does, and what is real was no longer told (Fréchet distance 3.65
  after 400 steps). The denoiser is to fit as well as the real clip does, and no better.
- The discriminator begins as the denoiser, and hears both clips in noise.

Trained to its end such a denoiser is sampled by ping-pong, without guidance: every answer is a
piece, and the next noise is new. The house's had 1,000 steps; it serves best as it was sampled
before, without rescaling.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.device import Device
from engine.diffusion.noise import training_sigmas
from engine.diffusion.parameterisation import Denoiser, Parameterisation
from engine.errors import InvalidRequest
from engine.nets.conditioning import Conditioning
from engine.nets.unet import UNetConfig
from engine.training.batches import Batch, DenoiserTraining
from engine.training.denoiser import DenoiserTrainer, parameter_groups, update_average
from engine.training.discriminator import Discriminator, Logits, preferred
from engine.training.processes import load_network, load_optimizer
from engine.training.runs import Run, cosine_rate

WARM_UP, JUDGE_WARM_UP = 200, 20
"""Steps. The judge's heads know nothing: until they do, the denoiser had better not listen."""
BETAS = (0.0, 0.99)
"""No momentum: what was right against an earlier opponent is not kept up."""


@dataclass(frozen=True)
class AdversarialTraining(DenoiserTraining):
    """The denoiser's σ are those of sampling, from first to last; the judge's are lower.

    A judge that hears little noise hears timbre and attacks, with much of it form and harmony.
    """

    steps: int = 4_000
    peak_rate: float = 4e-5
    sigma_log_mean: float = 0.8
    sigma_log_deviation: float = 2.0
    judge_haste: float = 2.0  # its rate in units of the denoiser's (Heusel et al. 2017)
    judge_log_mean: float = -0.5
    judge_log_deviation: float = 1.3
    fit: float = 0.5
    """Of the denoiser's loss: how much it counts to fit prompt and score less than music does."""


class AdversarialTrainer(DenoiserTrainer):
    """A `DenoiserTrainer` whose loss is a discriminator, which learns beside it.

    Raises `InvalidRequest` for a batch in which an item has no neighbour.
    """

    training: AdversarialTraining
    config: UNetConfig

    def __init__(
        self, run: Run, training: AdversarialTraining, config: UNetConfig, device: Device
    ) -> None:
        if training.batch < 2:
            raise InvalidRequest(
                "batch",
                "One item has no other to be told apart from.",
                "Take a batch of 2 or more.",
            )
        torch.manual_seed(1)
        self.judge = Discriminator(config).to(device.torch)
        self.judge_optimizer = torch.optim.AdamW(
            parameter_groups(self.judge), betas=BETAS, fused=True
        )
        self.told_apart: list[tuple[float, float]] = []
        super().__init__(run, training, config, device)
        self._shared_judge = self.processes.share(self.judge)

    def _optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(parameter_groups(self.net), betas=BETAS, fused=True)

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        super().start_from(weights)
        if self.step == 0:
            load_network(self.judge.body, self.net.state_dict())

    def advance(self, batch: Batch) -> float:
        """A step of the judge, then one of the denoiser.

        Returns the loss: how far its answers are from being preferred, ln 2 where nobody can
        tell, and how far they fall short of fitting.
        """
        batch, training = batch.to(self.device.torch), self.training
        place = self.step * self.processes.count + self.processes.index
        draw = torch.Generator().manual_seed(place)
        with self.device.autocast():
            answer = self._answer(batch)
        hearing = self._hearing(batch, draw)
        real = self._teach_judge(batch, answer.detach(), hearing, draw)
        self.judge.learns(False)
        with self.device.autocast():
            (made,) = hearing(self.judge, [answer], [batch.conditioning])
        loss = preferred(made.real, real.real) + training.fit * short_of(made.fit, real.fit)
        self._descend(self.net, self.optimizer, loss, training.peak_rate, WARM_UP)
        self.judge.learns(True)
        self.step += 1
        decay = min(training.ema, (1 + self.step) / (10 + self.step))
        update_average(self.average, self.net, decay)
        return self.processes.mean(loss.detach())

    def _answer(self, batch: Batch) -> Tensor:
        """The estimates of x0, (B, C, T)."""
        denoiser = Denoiser(self._shared, self.training.parameterisation)
        x = batch.x0 + batch.sigma[:, None, None] * batch.noise
        return denoiser(x, batch.sigma, batch.conditioning)

    def _hearing(self, batch: Batch, draw: torch.Generator) -> Hearing:
        training = self.training
        levels = (training.judge_log_mean, training.judge_log_deviation)
        return Hearing(
            training.parameterisation,
            training_sigmas(len(batch), *levels, draw).to(batch.x0),
            torch.randn(batch.x0.shape, generator=draw).to(batch.x0),
        )

    def _teach_judge(
        self, batch: Batch, answer: Tensor, hearing: Hearing, draw: torch.Generator
    ) -> Judgement:
        """A step of the judge; returns what it had said of the real clips."""
        told = batch.conditioning
        clips, conditions = (batch.x0, answer, batch.x0), (told, told, mismatched(told, draw))
        with self.device.autocast():
            real, made, strange = hearing(self._shared_judge, clips, conditions)
        known, fitting = preferred(real.real, made.real), preferred(real.fit, strange.fit)
        loss = known + fitting
        rate = self.training.judge_haste * self.training.peak_rate
        self._descend(self.judge, self.judge_optimizer, loss, rate, JUDGE_WARM_UP)
        self.told_apart.append((float(known.detach()), float(fitting.detach())))
        return real.detached()

    def figures(self) -> dict[str, float]:
        """How surely the judge knew what is real, and what fits, since this was last asked.

        Losses: ln 2 where it could not tell.
        """
        real, fitting = np.mean(self.told_apart, axis=0).tolist()
        self.told_apart.clear()
        return {"real": real, "fitting": fitting}

    def _descend(
        self,
        net: nn.Module,
        optimizer: torch.optim.Optimizer,
        loss: Tensor,
        peak: float,
        warm_up: int,
    ) -> None:
        for group in optimizer.param_groups:
            group["lr"] = cosine_rate(self.step, self.training.steps, peak, warm_up)
        optimizer.zero_grad(set_to_none=True)
        self.processes.accelerator.backward(loss)
        self.processes.accelerator.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()

    def state(self) -> dict[str, Any]:
        return super().state() | {
            "judge": self.judge.state_dict(),
            "judge_optimizer": self.judge_optimizer.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        load_network(self.judge, state["judge"])
        load_optimizer(self.judge_optimizer, state["judge_optimizer"])


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a `Discriminator` says of B clips: how real they are, and how fitting."""

    real: Logits
    fit: Logits

    def detached(self) -> Judgement:
        real, fit = (tuple(each.detach() for each in said) for said in (self.real, self.fit))
        return Judgement(real, fit)


@dataclass(frozen=True, eq=False)
class Hearing:
    """The noise in which a judge hears clips: the same for all that it is to compare."""

    parameterisation: Parameterisation
    sigma: Tensor  # (B,)
    noise: Tensor  # (B, C, T)

    def __call__(
        self, judge: nn.Module, clips: Sequence[Tensor], told: Sequence[Conditioning]
    ) -> list[Judgement]:
        """What is said of each group of B clips, in one pass."""
        c = self.parameterisation.scalings(self.sigma)
        noise = self.sigma[:, None, None] * self.noise
        x = torch.cat([c.into[:, None, None] * (clip + noise) for clip in clips])
        conditions = reduce(Conditioning.stack, told)
        logits = judge(x, c.noise.repeat(len(clips)), conditions)
        groups = zip(*(each.float().split(len(self.sigma)) for each in logits), strict=True)
        return [Judgement(group[:2], group[2:]) for group in groups]


def short_of(these: Logits, those: Logits) -> Tensor:
    """How far these stay below those, where they do."""
    pairs = zip(these, those, strict=True)
    return torch.stack([F.relu(b - a).mean() for a, b in pairs]).mean()


def mismatched(told: Conditioning, draw: torch.Generator) -> Conditioning:
    """Each item with the words of its neighbour, or with the neighbour's score instead.

    One of both at a time, so that neither can be judged by the other alone.
    """
    assert told.concat is not None
    count = len(told.concat)
    words = torch.rand(count, generator=draw) < 0.5

    def taken(part: Tensor | None, where: Tensor) -> Tensor | None:
        if part is None:
            return None
        chosen = where.to(part.device).view(-1, *[1] * (part.dim() - 1))
        return torch.where(chosen, part.roll(1, 0), part)

    return Conditioning(
        taken(told.context, words), taken(told.context_mask, words), taken(told.concat, ~words)
    )
