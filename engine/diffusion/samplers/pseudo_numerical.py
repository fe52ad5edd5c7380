"""Pseudo numerical methods (Liu et al. 2022, "PNDM", arXiv 2202.09778), and their improved form.

The paper replaces the linear move of a classical method by DDIM's `φ(x_t, ε, t, t')` and feeds
it a better noise than the last one. In the variance-exploding view φ is linear itself:
`φ = x + (σ' − σ)·ε`. So its pseudo Runge-Kutta is the classical one on `dx/dσ = ε`, and the
multistep part is Adams and Bashforth's, which counts every step as one whatever its size: order
2 on any row of levels, 4 on one that is even in σ.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from engine.diffusion.samplers.walk import Denoise, Step, pairs

Middle = Callable[[Tensor, Tensor], Tensor]
"""The level halfway between two."""

Start = Callable[[Denoise, Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""`start(denoise, x, sigma, sigma_next, e)`, `e` the noise at `x`: the noise of the whole step,
and the last estimate of x0."""

_ADAMS_BASHFORTH = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)


def _mean(sigma: Tensor, sigma_next: Tensor) -> Tensor:
    return (sigma + sigma_next) / 2


def pndm(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    generator: torch.Generator | None = None,
    middle: Middle = _mean,
) -> Iterator[Step]:
    """F-PNDM (algorithm 2): three steps of Runge-Kutta, four evaluations each, then multistep.

    The paper halves its time t for the `middle` of a step; here σ is the time, unless told.
    """
    return _multistep(denoise, x, sigmas, _runge_kutta(middle), 3)


def plms(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """PNDM as Stable Diffusion runs it (Rombach et al. 2022): one improved Euler step first.

    That step costs two evaluations; then the past grows to the fourth order by one each.
    """
    return _multistep(denoise, x, sigmas, _improved_euler, 1)


def ipndm(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """Improved PNDM (Zhang & Chen 2022, arXiv 2204.13902): multistep from the first step on.

    One evaluation a step; the first ones make do with the past there is.
    """
    return _multistep(denoise, x, sigmas)


def _multistep(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    start: Start | None = None,
    start_steps: int = 0,
) -> Iterator[Step]:
    """`start` takes the first steps, but not one to 0, where there is no noise to evaluate."""
    past: deque[Tensor] = deque(maxlen=len(_ADAMS_BASHFORTH))
    for i, (sigma, sigma_next) in enumerate(pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        past.appendleft((x - denoised) / sigma)
        if start and i <= start_steps and sigma_next > 0:
            e, denoised = start(denoise, x, sigma, sigma_next, past[0])
        else:
            weights = _ADAMS_BASHFORTH[len(past) - 1]
            e = sum((w * each for w, each in zip(weights, past, strict=True)), torch.zeros_like(x))
        x = x + (sigma_next - sigma) * e
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def _runge_kutta(middle: Middle) -> Start:
    def start(
        denoise: Denoise, x: Tensor, sigma: Tensor, sigma_next: Tensor, e1: Tensor
    ) -> tuple[Tensor, Tensor]:
        half = middle(sigma, sigma_next)
        e2, _ = _noise_at(denoise, x + (half - sigma) * e1, half)
        e3, _ = _noise_at(denoise, x + (half - sigma) * e2, half)
        e4, denoised = _noise_at(denoise, x + (sigma_next - sigma) * e3, sigma_next)
        return (e1 + 2 * e2 + 2 * e3 + e4) / 6, denoised

    return start


def _improved_euler(
    denoise: Denoise, x: Tensor, sigma: Tensor, sigma_next: Tensor, e1: Tensor
) -> tuple[Tensor, Tensor]:
    e2, denoised = _noise_at(denoise, x + (sigma_next - sigma) * e1, sigma_next)
    return (e1 + e2) / 2, denoised


def _noise_at(denoise: Denoise, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    denoised = denoise(x, sigma)
    return (x - denoised) / sigma, denoised
