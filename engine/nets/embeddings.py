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

    SINUSOIDAL = "sinusoidal"  # sines and cosines in turn
    HALVES = "halves"  # the cosines, then the sines
    FOURIER = "fourier"  # random frequencies


class VectorJoin(StrEnum):
    """How a class or global embedding meets the timestep embedding."""

    ADD = "add"
    CONCATENATE = "concatenate"  # every block then reads both, twice as wide


def sinusoidal(t: Tensor, channels: int) -> Tensor:
    """`γ_i(t) = sin(t / 10000^(2i/d))` for even i, `cos(…)` for odd i. (B,) → (B, channels).

    Continuous t, computed in fp32 whatever the network's dtype.
    """
    i = torch.arange(channels, device=t.device)
    angle = t.float()[:, None] / 10_000.0 ** (2 * i / channels)
    return torch.where(i % 2 == 0, angle.sin(), angle.cos())


def halves(t: Tensor, channels: int) -> Tensor:
    """`[cos(t·f), sin(t·f)]` with f_i = 10000^(−i / (channels / 2)). (B,) → (B, channels).

    The order of DDPM's successors (Stable Diffusion and all that follow it), in fp32.
    """
    half = channels // 2
    i = torch.arange(half, dtype=torch.float32, device=t.device)
    angle = t.float()[:, None] * torch.exp(-math.log(10_000) * i / half)
    return torch.cat([angle.cos(), angle.sin()], dim=-1)


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
    """Noise level and optional vector → (B, `width`), which every residual block reads.

    `scale` multiplies t before the sinusoid, whose fastest wave has period 2π: noise levels lie
    within a few units of zero, and would look almost alike without it. The vector comes in
    through an MLP, or through one linear layer where `vector_layers` is 1.
    """

    def __init__(
        self,
        channels: int,
        features: TimeFeatures,
        scale: float,
        vector_channels: int,
        vector_join: VectorJoin,
        feature_channels: int = 0,
        vector_layers: int = 2,
    ) -> None:
        super().__init__()
        self.features, self.scale = features, scale
        self.feature_channels = feature_channels or channels
        self.vector_channels = vector_channels
        self.concatenated = vector_join is VectorJoin.CONCATENATE and vector_channels > 0
        self.width = channels * (2 if self.concatenated else 1)
        fourier = features is TimeFeatures.FOURIER
        self.fourier = FourierFeatures(self.feature_channels) if fourier else None
        self.time = MLP(self.feature_channels, channels)
        self.vector: nn.Module | None = None
        if vector_channels:
            linear = vector_layers == 1
            self.vector = (nn.Linear if linear else MLP)(vector_channels, channels)

    def forward(self, t: Tensor, vector: Tensor | None) -> Tensor:
        embedding = self.time(self._features(t).to(next(self.time.parameters()).dtype))
        if self.vector is None:
            return embedding
        if vector is None:
            vector = embedding.new_zeros(len(t), self.vector_channels)
        whole = self.vector(vector)
        return torch.cat([embedding, whole], -1) if self.concatenated else embedding + whole

    def _features(self, t: Tensor) -> Tensor:
        if self.fourier is not None:
            return self.fourier(t)
        wave = halves if self.features is TimeFeatures.HALVES else sinusoidal
        return wave(t * self.scale, self.feature_channels)
