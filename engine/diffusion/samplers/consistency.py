"""Samplers for distilled networks, whose every estimate is already a clean signal.

They go all the way to the estimate and add all the noise of the next level anew. That is right
for a consistency model, which maps any x on the ODE's path to its end; the estimate of an
ordinary network is the mean of what x may come from, and loses variety with each step.

Both are one step in the variance-exploding view; they differ in the levels they are used with.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from engine.diffusion.samplers.walk import Denoise, Step, noise_like, pairs


def lcm(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """Multistep latent consistency sampling (Luo et al. 2023, algorithm 3, arXiv 2310.04378)."""
    for i, (sigma, sigma_next) in enumerate(pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        x = denoised
        if sigma_next > 0:
            x = x + sigma_next * noise_like(x, generator)
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def ping_pong(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """Ping-pong in flow time `t = σ / (1 + σ)`: `x_t' = (1 − t')·x0 + t'·ε`.

    Stable Audio Open Small's own (Novack et al. 2025, arXiv 2505.08175); 8 steps, no guidance.
    """
    for i, (sigma, sigma_next) in enumerate(pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        t_next = sigma_next / (1 + sigma_next)
        x_t = (1 - t_next) * denoised
        if sigma_next > 0:
            x_t = x_t + t_next * noise_like(x, generator)
        x = x_t / (1 - t_next)
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)
