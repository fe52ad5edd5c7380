"""DPM-Solver++ (Lu et al. 2022, arXiv 2211.01095), multistep: the past gives the estimate's slope.

The linear part of the equation is solved exactly and only the estimate D is approximated, as a
polynomial in λ = −ln σ. The first step has no past, and the step to 0 is exact: both are DDIM's.
One evaluation a step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import torch
from torch import Tensor

from engine.diffusion.samplers.walk import Denoise, Step, noise_like, pairs


def dpmpp_2m(
    denoise: Denoise, x: Tensor, sigmas: Tensor, *, generator: torch.Generator | None = None
) -> Iterator[Step]:
    """DPM-Solver++(2M) (algorithm 2): deterministic, second order."""
    return dpmpp_2m_sde(denoise, x, sigmas, eta=0.0)


def dpmpp_2m_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    generator: torch.Generator | None = None,
    eta: float = 1.0,
) -> Iterator[Step]:
    """SDE-DPM-Solver++(2M) (eq. 18 and the midpoint rule): 2M with `eta` of the diffusion's noise.

    At `eta` 0 it is DPM-Solver++(2M).
    """
    denoised_before, h_before = None, None
    for i, (sigma, sigma_next) in enumerate(pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        h = (sigma / sigma_next).log()  # λ_next − λ, infinite at the last step to 0
        D = denoised
        if denoised_before is not None and h_before is not None and sigma_next > 0:
            r = h_before / h
            D = denoised + (denoised - denoised_before) / (2 * r)
        x = torch.exp(-(1 + eta) * h) * x - torch.expm1(-(1 + eta) * h) * D
        x = x + _added(eta, h, sigma_next, x, generator)
        denoised_before, h_before = denoised, h
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def dpmpp_3m_sde(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    generator: torch.Generator | None = None,
    eta: float = 1.0,
) -> Iterator[Step]:
    """DPM-Solver++(3M) SDE: a parabola through three estimates (k-diffusion, `dpmpp_3m_sde`).

    At `eta` 0 it is the third-order multistep of the authors' code; the paper stops at 2M. As in
    both, the first step has no past and the curvature half of Taylor's weight, so that the error
    still falls with the second order: it is about a third of 2M's.
    """
    past: deque[tuple[Tensor, Tensor]] = deque(maxlen=2)  # (estimate, the h that followed it)
    for i, (sigma, sigma_next) in enumerate(pairs(sigmas), 1):
        denoised = denoise(x, sigma)
        h = (sigma / sigma_next).log()
        z = (1 + eta) * h
        x = torch.exp(-z) * x - torch.expm1(-z) * denoised
        if past and sigma_next > 0:
            x = x + _bend(denoised, past, h, z)
        x = x + _added(eta, h, sigma_next, x, generator)
        past.appendleft((denoised, h))
        yield Step(i, len(sigmas) - 1, float(sigma_next), x, denoised)


def _bend(D: Tensor, past: deque[tuple[Tensor, Tensor]], h: Tensor, z: Tensor) -> Tensor:
    """What slope and curvature of the estimate add: `φ2·D' + φ3·D''`, D' and D'' in units of h."""
    phi_2 = torch.expm1(-z) / z + 1
    phi_3 = 1 / 2 - phi_2 / z
    D_1, h_1 = past[0]
    slope = (D - D_1) * h / h_1
    if len(past) == 1:
        return phi_2 * slope
    D_2, h_2 = past[1]
    slope_before = (D_1 - D_2) * h / h_2
    curvature = (slope - slope_before) * h / (h_1 + h_2)
    return phi_2 * (slope + curvature * h_1 / h) + phi_3 * curvature


def _added(
    eta: float, h: Tensor, sigma_next: Tensor, x: Tensor, generator: torch.Generator | None
) -> Tensor | float:
    """The noise that `eta` of the diffusion adds on the way to `sigma_next`."""
    if eta == 0 or sigma_next == 0:
        return 0.0
    return sigma_next * (-torch.expm1(-2 * eta * h)).sqrt() * noise_like(x, generator)
