"""diffusers' schedulers, driven through whole loops and seen in the variance-exploding view.

A scheduler holds `x_t = α·x0 + σ_t·ε`; our samplers hold `x = x_t / α` at `σ = σ_t / α`. Where α
is 1 / √(1 + σ²) it preserves variance, where it is 1 / (1 + σ) it follows a rectified flow, and
where it is 1 it is our view already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from engine.diffusion.parameterisation import Parameterisation

Alpha = Callable[[Tensor], Tensor]
PRESERVING: Alpha = lambda sigma: (1 + sigma**2).rsqrt()  # noqa: E731
FLOW: Alpha = lambda sigma: 1 / (1 + sigma)  # noqa: E731
EXPLODING: Alpha = torch.ones_like

KINDS = {
    "epsilon": Parameterisation.EPS,
    "sample": Parameterisation.X0,
    "v_prediction": Parameterisation.V,
    "flow_prediction": Parameterisation.FLOW,
}
SPREAD = 0.3


def denoise(x: Tensor, sigma: Tensor) -> Tensor:
    """E[x0 | x] for x0 from two Gaussians around ±1 of deviation SPREAD: smooth, not linear."""
    total = SPREAD**2 + sigma**2
    return (SPREAD**2 * x + sigma**2 * (x / total).tanh()) / total


def noise(sigma: float | Tensor, dtype: torch.dtype = torch.float64) -> Tensor:
    """Where walks start: a mark at every height that noise of this level has."""
    return sigma * torch.linspace(-2, 2, 24, dtype=dtype).reshape(1, 2, 12)


def levels_of(scheduler: Any, timesteps: Iterable[int], last: float = 0.0) -> Tensor:
    """The levels σ of a discrete training's `timesteps`, then `last`; makes its maths double."""
    scheduler.alphas_cumprod = scheduler.alphas_cumprod.double()
    kept = scheduler.alphas_cumprod[torch.as_tensor(timesteps)]
    return torch.cat([(1 / kept - 1).sqrt(), torch.tensor([last], dtype=torch.float64)])


def follow(
    scheduler: Any, levels: Tensor, kind: str, x: Tensor, alpha: Alpha, **options: Any
) -> list[Tensor]:
    """Our view of the sample after each call of `scheduler.step`.

    Call i has a network's output of `kind` at `levels[i]` and takes the sample to
    `levels[i + 1]`, both of which are the same where a step is corrected.
    """
    sample, seen = alpha(levels[0]) * x, []
    for t, (sigma, sigma_next) in zip(scheduler.timesteps, pairwise(levels), strict=True):
        x = sample / alpha(sigma)
        x0 = denoise(x, sigma)
        output = KINDS[kind].target(x0, (x - x0) / sigma, sigma)
        sample = scheduler.step(output, t, sample, **options).prev_sample
        seen.append(sample / alpha(sigma_next))
    return seen


def assert_same(ours: Iterable[Tensor], theirs: Iterable[Tensor], bound: float = 1e-5) -> None:
    """Every state within `bound` of the reference's, relative to its greatest value."""
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        error = ((a - b).abs().max() / b.abs().max()).item()
        assert error <= bound, f"step {i + 1}: {error:.1e}"
