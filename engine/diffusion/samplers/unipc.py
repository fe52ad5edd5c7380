"""UniPC (Zhao et al. 2023, arXiv 2302.04867): each estimate also corrects the step before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.diffusion.samplers.walk import Denoise, Step, pairs


@dataclass(frozen=True, eq=False)
class _Estimate:
    """The estimate `m` of x0, made at log noise `lam` = −ln σ."""

    lam: Tensor
    m: Tensor


def unipc(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """UniPC-2 with B(h) = e^h − 1 ("bh2"), on x0: UniP of order 2, then UniC of order 2.

    The corrector needs no evaluation of its own: it uses the one at the predicted x. It makes
    the whole third-order. The first step has order 1, and so has the step to 0, where it is exact.
    """
    past: deque[_Estimate] = deque(maxlen=2)
    x_corrected = x
    for i, (sigma, sigma_next) in enumerate(pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        now = _Estimate(-sigma.log(), denoised)
        if past:
            x_corrected = _correct(x_corrected, past, now)
        past.appendleft(now)
        x = _predict(x_corrected, past, -sigma_next.log()) if sigma_next > 0 else denoised
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def _predict(x: Tensor, past: deque[_Estimate], lam: Tensor) -> Tensor:
    """UniP-2 (algorithm 2): from x, where the newest estimate was made, to `lam`."""
    s = past[0]
    h = lam - s.lam
    B = torch.expm1(-h)
    x_t = torch.exp(-h) * x - B * s.m
    if len(past) == 1:
        return x_t
    r = (past[1].lam - s.lam) / h
    return x_t - B * (past[1].m - s.m) / r / 2


def _correct(x: Tensor, past: deque[_Estimate], t: _Estimate) -> Tensor:
    """UniC-2 (algorithm 1): the same step again, knowing the estimate at its end."""
    s = past[0]
    h = t.lam - s.lam
    B = torch.expm1(-h)
    x_t = torch.exp(-h) * x - B * s.m
    if len(past) == 1:
        return x_t - B * (t.m - s.m) / 2
    r = (past[1].lam - s.lam) / h
    phi_2 = -B / h - 1
    phi_3 = -phi_2 / h - 1 / 2
    a = (phi_2 - 2 * phi_3) / (1 - r) / B  # ρ of R·ρ = b, solved by hand
    return x_t - B * (a * (past[1].m - s.m) / r + (phi_2 / B - a) * (t.m - s.m))
