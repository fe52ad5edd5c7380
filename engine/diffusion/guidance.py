"""Classifier-free guidance (Ho & Salimans 2022) in one batched pass."""

from __future__ import annotations

from typing import Protocol, Self, TypeVar

import torch
from torch import Tensor

from engine.diffusion.parameterisation import Denoiser
from engine.diffusion.samplers import Denoise


class Guidable(Protocol):
    """What guidance asks of a conditioning."""

    def repeat(self, batch: int) -> Self:
        """One item's conditioning for `batch` items."""
        ...

    def stack(self, other: Self) -> Self:
        """Both along the batch, self first."""
        ...


C = TypeVar("C", bound=Guidable)


def guided(denoiser: Denoiser, conditional: C, unconditional: C, scale: float) -> Denoise:
    """`denoise(x, sigma)` → `U + scale·(C − U)`, C and U the two estimates of x0.

    Both come from one pass over a doubled batch. Scale 1 is the conditional estimate alone and
    scale 0 the unconditional one: then there is no second half. Conditionings hold one item, or
    as many as x.
    """
    if scale in (0.0, 1.0):
        return _alone(denoiser, conditional if scale else unconditional)
    stacked: dict[int, C] = {}

    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        batch = len(x)
        if batch not in stacked:
            stacked[batch] = conditional.repeat(batch).stack(unconditional.repeat(batch))
        both = denoiser(torch.cat([x, x]), sigma.expand(batch).repeat(2), stacked[batch])
        with_prompt, without = both.chunk(2)
        return without + scale * (with_prompt - without)

    return denoise


def _alone(denoiser: Denoiser, conditioning: Guidable) -> Denoise:
    def denoise(x: Tensor, sigma: Tensor) -> Tensor:
        return denoiser(x, sigma.expand(len(x)), conditioning.repeat(len(x)))

    return denoise
