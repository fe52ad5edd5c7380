"""Samplers: each walks `x` down a row of noise levels, and reads like its paper.

All share one signature and are generators of `Step`, so that progress, preview, cancelling and
recording are only their consumers. In the variance-exploding view the probability-flow ODE is
`dx/dσ = (x − D(x; σ)) / σ`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from engine.api import SamplerName

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


def euler(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """Euler's method on the ODE (Karras et al. 2022, algorithm 1 without its correction)."""
    for i, (sigma, sigma_next) in enumerate(_pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        d = (x - denoised) / sigma
        x = x + (sigma_next - sigma) * d
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def heun(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """Heun's second-order method (Karras et al. 2022, algorithm 1): two evaluations a step."""
    for i, (sigma, sigma_next) in enumerate(_pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        d = (x - denoised) / sigma
        x_next = x + (sigma_next - sigma) * d
        if sigma_next > 0:
            denoised = denoise(x_next, sigma_next)
            d_next = (x_next - denoised) / sigma_next
            x_next = x + (sigma_next - sigma) * (d + d_next) / 2
        x = x_next
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def ddim(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    generator: torch.Generator | None = None,
    eta: float = 0.0,
) -> Iterator[Step]:
    """DDIM (Song, Meng & Ermon 2021, eq. 12 and 16), in the variance-exploding view.

    At `eta` 0 it is deterministic and, in this view, the same step as Euler's; at 1 it is the
    ancestral sampler of DDPM.
    """
    for i, (sigma, sigma_next) in enumerate(_pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        epsilon = (x - denoised) / sigma
        added = eta * sigma_next * (1 - (sigma_next / sigma) ** 2).clamp(min=0).sqrt()
        x = denoised + (sigma_next**2 - added**2).sqrt() * epsilon
        if added > 0:
            x = x + added * _noise_like(x, generator)
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def dpmpp_2m(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """DPM-Solver++(2M) (Lu et al. 2022, algorithm 2) with λ = −ln σ: second order, one evaluation.

    The first step has no past, and the step to 0 is exact in the first order; both are DDIM's.
    """
    denoised_before, h_before = None, None
    for i, (sigma, sigma_next) in enumerate(_pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        h = (sigma / sigma_next).log()  # λ_next − λ, infinite at the last step to 0
        D = denoised
        if denoised_before is not None and h_before is not None and sigma_next > 0:
            r = h_before / h
            D = denoised + (denoised - denoised_before) / (2 * r)
        x = (sigma_next / sigma) * x - torch.expm1(-h) * D
        denoised_before, h_before = denoised, h
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


SAMPLERS: dict[SamplerName, Sampler] = {
    SamplerName.DDIM: ddim,
    SamplerName.EULER: euler,
    SamplerName.HEUN: heun,
    SamplerName.DPMPP_2M: dpmpp_2m,
}


def evaluations(name: SamplerName, steps: int) -> int:
    """How often `steps` steps down to 0 call the denoiser."""
    return 2 * steps - 1 if name is SamplerName.HEUN else steps


def _pairs(sigmas: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """(σ, σ_next) of each step, as scalar tensors."""
    return itertools.pairwise(sigmas.unbind())


def _noise_like(x: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.randn(x.shape, generator=generator).to(x.device, x.dtype)
