"""Noise that does not depend on the device, and the noise levels of training."""

from __future__ import annotations

import torch
from torch import Tensor


def initial_noise(
    seed: int,
    shape: tuple[int, ...],
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Unit Gaussian noise: drawn in fp32 by a local CPU generator, then moved.

    So one seed gives one start on any device. A sampler starts from it times `sigmas[0]`.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator).to(device, dtype)


def training_sigmas(
    batch: int, log_mean: float, log_std: float, generator: torch.Generator | None = None
) -> Tensor:
    """Log-normal noise levels (B,), one in each of `batch` equally likely strata.

    Karras et al. 2022 (table 1) draw them so, with mean −1.2 and deviation 1.2 at σ_data 0.5.
    In flow time t = σ / (1 + σ) it is the logit-normal of Esser et al. 2024. The strata make
    every batch cover the whole range, which takes noise out of the loss.
    """
    u = (torch.arange(batch) + torch.rand(batch, generator=generator)) / batch
    z = torch.special.ndtri(u.double().clamp(1e-6, 1 - 1e-6))
    order = torch.randperm(batch, generator=generator)
    return (log_mean + log_std * z).exp().float()[order]
