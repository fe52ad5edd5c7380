"""Embeddings of the noise level and of whole-signal conditioning."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Self

import torch
from torch import Tensor, nn


class TimeFeatures(StrEnum):
    """How the scalar noise level becomes a vector before the MLP."""

    SINUSOIDAL = "sinusoidal"
    FOURIER = "fourier"


class VectorJoin(StrEnum):
    """How a class or global embedding meets the timestep embedding."""

    ADD = "add"
    CONCATENATE = "concatenate"


def sinusoidal(t: Tensor, channels: int) -> Tensor:
    """`γ_i(t) = sin(t / 10000^(2i/d))` for even i, `cos(…)` for odd i. (B,) → (B, channels).

    Continuous t, computed in fp32 whatever the network's dtype.
    """
    i = torch.arange(channels, device=t.device)
    angle = t.float()[:, None] / 10_000.0 ** (2 * i / channels)
    return torch.where(i % 2 == 0, angle.sin(), angle.cos())


class FourierFeatures(nn.Module):
    """Gaussian Fourier features `[cos 2πft, sin 2πft]`, f ~ N(0, std²). (B,) → (B, channels).

    After Tancik et al. 2020, "Fourier features let networks learn high frequency functions".
    The frequencies are representable in bf16, so that a cast network keeps its features.
    """

    frequencies: Tensor

    def __init__(self, channels: int, std: float = 1.0) -> None:
        super().__init__()
        if channels % 2:
            raise ValueError(f"Fourier features come in pairs, not in {channels}")
        drawn = torch.randn(channels // 2) * std
        self.register_buffer("frequencies", drawn.to(torch.bfloat16).float())

    def forward(self, t: Tensor) -> Tensor:
        precise = torch.promote_types(t.dtype, torch.float32)
        angle = t.to(precise)[:, None] * self.frequencies.to(precise) * (2 * math.pi)
        return torch.cat([angle.cos(), angle.sin()], dim=-1)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Goes where the network goes, but a cast leaves loaded frequencies as fine as they are."""
        fine = self.frequencies
        super()._apply(fn, recurse)
        if self.frequencies.itemsize < fine.itemsize:
            self.frequencies = fine.to(self.frequencies.device)
        return self


class MLP(nn.Sequential):
    """Linear, SiLU, Linear."""

    def __init__(self, in_channels: int, out_channels: int, bias: bool = True) -> None:
        first = nn.Linear(in_channels, out_channels, bias)
        super().__init__(first, nn.SiLU(), nn.Linear(out_channels, out_channels, bias))


class Embedding(nn.Module):
    """Noise level and optional vector → (B, channels), which every residual block reads.

    `scale` multiplies t before the sinusoid, whose fastest wave has period 2π: noise levels lie
    within a few units of zero, and would look almost alike without it.
    """

    def __init__(
        self,
        channels: int,
        features: TimeFeatures,
        scale: float,
        vector_channels: int,
        vector_join: VectorJoin,
    ) -> None:
        super().__init__()
        self.channels = channels
        self.scale = scale
        self.vector_channels = vector_channels
        self.fourier = FourierFeatures(channels) if features is TimeFeatures.FOURIER else None
        self.time = MLP(channels, channels)
        self.vector = MLP(vector_channels, channels) if vector_channels else None
        joined = vector_join is VectorJoin.CONCATENATE and vector_channels > 0
        self.join = nn.Linear(2 * channels, channels) if joined else None

    def forward(self, t: Tensor, vector: Tensor | None) -> Tensor:
        raw = self.fourier(t) if self.fourier else sinusoidal(t * self.scale, self.channels)
        embedding = self.time(raw.to(next(self.time.parameters()).dtype))
        if self.vector is None:
            return embedding
        if vector is None:
            vector = embedding.new_zeros(len(t), self.vector_channels)
        whole = self.vector(vector)
        return self.join(torch.cat([embedding, whole], -1)) if self.join else embedding + whole
