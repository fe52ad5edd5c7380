"""Where the noise levels of the steps lie: steps + 1 values, falling, the last one 0.

Each curve maps a ramp from 0 to 1 to levels from `sigma_max` to `sigma_min`, both reached
exactly; what sets the curves apart is the scale in which the levels are even.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
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
    """Even in ln σ: Stable Audio Open's."""
    return polyexponential(ramp, sigma_min, sigma_max, rho=1.0)


def polyexponential(ramp: Tensor, sigma_min: float, sigma_max: float, rho: float = 1.5) -> Tensor:
    """`ln σ = ln σ_min + (1 − ramp)^ρ · ln(σ_max / σ_min)` (k-diffusion).

    ρ 1 is the exponential; above it, more steps lie at little noise.
    """
    return sigma_min * ((1 - ramp) ** rho * math.log(sigma_max / sigma_min)).exp()


def cosine(ramp: Tensor, sigma_min: float, sigma_max: float) -> Tensor:
    """Even in the angle φ of σ = tan φ, where x_t = cos φ·x0 + sin φ·ε (Nichol & Dhariwal 2021).

    Their offset s = 0.008 keeps the least level above 0; here `sigma_min` does.
    """
    low, high = math.atan(sigma_min), math.atan(sigma_max)
    return (high + ramp * (low - high)).tan()


def crash(ramp: Tensor, sigma_min: float, sigma_max: float) -> Tensor:
    """Even in the t of `x_t = √(1 − s²)·x0 + s·ε`, s = sin²(πt/2) (Dance Diffusion, Harmonai).

    σ is the ratio s / √(1 − s²): both ends get many steps.
    """

    def time(sigma: float) -> float:
        return math.asin(math.sqrt(sigma / math.hypot(1, sigma)))

    half_angle = time(sigma_max) + ramp * (time(sigma_min) - time(sigma_max))  # πt/2
    s = half_angle.sin() ** 2
    return s / (half_angle.cos() * (1 + s).sqrt())  # 1 − s² = cos²·(1 + s)


def linear(ramp: Tensor, sigma_min: float, sigma_max: float) -> Tensor:
    """Even in the rectified flow's time t = σ / (1 + σ) (Liu et al. 2022)."""
    return shifted(ramp, sigma_min, sigma_max, shift=1.0)


def shifted(ramp: Tensor, sigma_min: float, sigma_max: float, shift: float = 3.0) -> Tensor:
    """Even in the flow's time t before `t' = s·t / (1 + (s − 1)·t)` (Esser et al. 2024, eq. 23).

    It multiplies σ = t / (1 − t) by s, and so shifts the log signal-to-noise ratio by −2·ln s;
    s = 3 is Stable Diffusion 3's. Larger signals need more of it.
    """
    low, high = (sigma / (shift + sigma) for sigma in (sigma_min, sigma_max))
    t = high + ramp * (low - high)
    return shift * t / (1 - t)


def scaled_linear(
    ramp: Tensor,
    sigma_min: float,
    sigma_max: float,
    beta_start: float = 0.00085,
    beta_end: float = 0.012,
) -> Tensor:
    """Even in the steps of the training that has `scaled_linear_levels` (Rombach et al. 2022).

    Between two of them σ is linear. Levels beyond the thousandth follow the same law.
    """
    levels = scaled_linear_levels(beta_start, beta_end, reach=sigma_max)
    steps = np.arange(len(levels))
    low, high = np.interp([sigma_min, sigma_max], levels, steps)
    return torch.from_numpy(np.interp((high + ramp * (low - high)).numpy(), steps, levels))


def scaled_linear_levels(
    beta_start: float = 0.00085, beta_end: float = 0.012, count: int = 1_000, reach: float = 0.0
) -> NDArray[np.float64]:
    """(count + 1,) or more: the noise level of each training step, 0 at step 0.

    √β is even from `beta_start` to `beta_end` over `count` steps (the defaults are Stable
    Diffusion's and Riffusion's; AudioLDM has 0.0015 and 0.0195), and goes on so until a level is
    at least `reach`. `σ = √(1/ᾱ − 1)`, ᾱ the product of all 1 − β so far.
    """
    first, rise = math.sqrt(beta_start), math.sqrt(beta_end) - math.sqrt(beta_start)
    levels, log_alpha = [0.0], 0.0
    while len(levels) <= count or levels[-1] < reach:
        beta = (first + rise * (len(levels) - 1) / (count - 1)) ** 2
        log_alpha += math.log1p(-beta)
        levels.append(math.sqrt(math.expm1(-log_alpha)))
    return np.array(levels)


_CURVES = {
    ScheduleName.KARRAS: karras,
    ScheduleName.EXPONENTIAL: exponential,
    ScheduleName.POLYEXPONENTIAL: polyexponential,
    ScheduleName.COSINE: cosine,
    ScheduleName.CRASH: crash,
    ScheduleName.SCALED_LINEAR: scaled_linear,
    ScheduleName.LINEAR: linear,
    ScheduleName.SHIFTED: shifted,
}
