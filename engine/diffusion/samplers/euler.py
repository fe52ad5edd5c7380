"""Straight steps and their correction: DDIM, Euler, its ancestral form, the flow's, and Heun.

Where no noise is added, DDIM's step, Euler's in σ and Euler's along a rectified flow are one and
the same: all go to `D + σ_next·ε` with the noise ε that the estimate D leaves.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from engine.diffusion.samplers.walk import Denoise, Step, noise_like, pairs


def ddim(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    generator: torch.Generator | None = None,
    eta: float = 0.0,
) -> Iterator[Step]:
    """DDIM (Song, Meng & Ermon 2021, eq. 12 and 16), in the variance-exploding view.

    At `eta` 0 it is deterministic; at 1 it is the ancestral sampler of DDPM.
    """
    for i, (sigma, sigma_next) in enumerate(pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        epsilon = (x - denoised) / sigma
        added = eta * sigma_next * (1 - (sigma_next / sigma) ** 2).clamp(min=0).sqrt()
        x = denoised + (sigma_next**2 - added**2).sqrt() * epsilon
        if added > 0:
            x = x + added * noise_like(x, generator)
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def euler(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """Euler's method on the ODE (Karras et al. 2022, algorithm 1 without its correction)."""
    for i, (sigma, sigma_next) in enumerate(pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        d = (x - denoised) / sigma
        x = x + (sigma_next - sigma) * d
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def euler_ancestral(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """Euler's step to below the next level, then noise up to it (Song et al. 2021, eq. 47).

    `σ_up² + σ_down² = σ_next²`; k-diffusion gave it its name. It is DDIM with `eta` 1.
    """
    for i, (sigma, sigma_next) in enumerate(pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        d = (x - denoised) / sigma
        sigma_down = sigma_next**2 / sigma
        sigma_up = (sigma_next**2 - sigma_down**2).sqrt()
        x = x + (sigma_down - sigma) * d
        if sigma_next > 0:
            x = x + sigma_up * noise_like(x, generator)
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def rectified_flow(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """Euler's method along `x_t = (1 − t)·x0 + t·ε` (Liu et al. 2022), `t = σ / (1 + σ)`."""
    for i, (sigma, sigma_next) in enumerate(pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        velocity = (x - denoised) / sigma - denoised  # ε − x0
        t, t_next = sigma / (1 + sigma), sigma_next / (1 + sigma_next)
        x_t = x / (1 + sigma) + (t_next - t) * velocity
        x = x_t * (1 + sigma_next)
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def heun(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """Heun's second-order method (Karras et al. 2022, algorithm 1): two evaluations a step."""
    for i, (sigma, sigma_next) in enumerate(pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        d = (x - denoised) / sigma
        x_next = x + (sigma_next - sigma) * d
        if sigma_next > 0:
            denoised = denoise(x_next, sigma_next)
            d_next = (x_next - denoised) / sigma_next
            x_next = x + (sigma_next - sigma) * (d + d_next) / 2
        x = x_next
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)
