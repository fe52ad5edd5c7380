"""What every sampler is: a generator of steps down a row of noise levels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

Denoise = Callable[[Tensor, Tensor], Tensor]
"""`denoise(x, sigma)` → the estimate of x0; sigma is a scalar tensor."""


@dataclass(frozen=True, eq=False)
class Step:
    """Step `index` (1 … total) is done: `x` now lies at noise level `sigma`.

    `denoised` is the latest estimate of x0, made on the way there.
    """

    index: int
    total: int
    sigma: float
    x: Tensor
    denoised: Tensor


class Sampler(Protocol):
    """Walks `x`, which lies at noise level `sigmas[0]`, down to `sigmas[-1]` (usually 0).

    `generator`, on the CPU, feeds the samplers that add noise.
    """

    def __call__(
        self,
        denoise: Denoise,
        x: Tensor,
        sigmas: Tensor,
        *,
        generator: torch.Generator | None = None,
    ) -> Iterator[Step]: ...


def pairs(sigmas: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """(σ, σ_next) of each step, as scalar tensors."""
    return itertools.pairwise(sigmas.unbind())


def noise_like(x: Tensor, generator: torch.Generator | None) -> Tensor:
    """Unit Gaussian noise: drawn on the CPU, so that one seed adds the same on any device."""
    return torch.randn(x.shape, generator=generator).to(x.device, x.dtype)
