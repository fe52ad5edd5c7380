"""Where the noise levels of the steps lie: steps + 1 values, falling, the last one 0."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.api import ScheduleName


def sigmas(name: ScheduleName, steps: int, sigma_min: float, sigma_max: float) -> Tensor:
    """(steps + 1,) fp32: from `sigma_max` to `sigma_min`, then 0. One step goes straight to 0.

    Raises `ValueError` unless steps ≥ 1 and 0 < sigma_min < sigma_max.
    """
    if steps < 1:
        raise ValueError(f"a schedule has at least 1 step, not {steps}")
    if not 0 < sigma_min < sigma_max:
        raise ValueError(f"noise levels must have 0 < {sigma_min} < {sigma_max}")
    ramp = torch.linspace(0, 1, steps, dtype=torch.float64)
    levels = _CURVES[name](ramp, sigma_min, sigma_max)
    return torch.cat([levels, levels.new_zeros(1)]).float()


def karras(ramp: Tensor, sigma_min: float, sigma_max: float, rho: float = 7.0) -> Tensor:
    """Even in σ^(1/ρ) (Karras et al. 2022, eq. 5): most steps at little noise."""
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return (high + ramp * (low - high)) ** rho


def exponential(ramp: Tensor, sigma_min: float, sigma_max: float) -> Tensor:
    """Even in ln σ."""
    return (math.log(sigma_max) + ramp * math.log(sigma_min / sigma_max)).exp()


def cosine(ramp: Tensor, sigma_min: float, sigma_max: float) -> Tensor:
    """Even in the angle φ of σ = tan φ, where x_t = cos φ·x0 + sin φ·ε (Nichol & Dhariwal 2021)."""
    low, high = math.atan(sigma_min), math.atan(sigma_max)
    return (high + ramp * (low - high)).tan()


def linear(ramp: Tensor, sigma_min: float, sigma_max: float) -> Tensor:
    """Even in the rectified flow's time t = σ / (1 + σ) (Liu et al. 2022)."""
    low, high = sigma_min / (1 + sigma_min), sigma_max / (1 + sigma_max)
    t = high + ramp * (low - high)
    return t / (1 - t)


_CURVES = {
    ScheduleName.KARRAS: karras,
    ScheduleName.EXPONENTIAL: exponential,
    ScheduleName.COSINE: cosine,
    ScheduleName.LINEAR: linear,
}
