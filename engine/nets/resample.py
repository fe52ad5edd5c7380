"""Halving and doubling the resolution. Odd lengths n become ceil(n / 2), and come back as n."""

from __future__ import annotations

from enum import StrEnum

import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.layers import convolution, per_axis


class Down(StrEnum):
    STRIDED = "strided"
    POOL = "pool"


class Up(StrEnum):
    INTERPOLATE = "interpolate"
    TRANSPOSED = "transposed"


class Downsample(nn.Module):
    """(B, C, n) → (B, C, ceil(n / 2)) on every axis in use."""

    def __init__(self, channels: int, *, dimensions: int, kind: Down) -> None:
        super().__init__()
        self.factor = per_axis(dimensions, 2, 1)
        strided = kind is Down.STRIDED
        self.conv = convolution(dimensions, channels, channels, 3, stride=2) if strided else None

    def forward(self, x: Tensor) -> Tensor:
        if self.conv is not None:
            return self.conv(x)
        return F.avg_pool2d(x, self.factor, ceil_mode=True, count_include_pad=False)


class Upsample(nn.Module):
    """(B, C, ceil(n / 2)) → (B, C, n): doubled, then cropped to the skip connection's size."""

    def __init__(self, channels: int, *, dimensions: int, kind: Up) -> None:
        super().__init__()
        self.factor = per_axis(dimensions, 2, 1)
        self.conv: nn.Module
        self.transposed = kind is Up.TRANSPOSED
        if self.transposed:
            self.conv = nn.ConvTranspose2d(
                channels,
                channels,
                per_axis(dimensions, 4, 1),
                self.factor,
                padding=per_axis(dimensions, 1, 0),
            )
        else:
            self.conv = convolution(dimensions, channels, channels, 3)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """`size` is the skip connection's (H, W)."""
        if self.transposed:
            return self.conv(x)[..., : size[0], : size[1]]
        doubled = F.interpolate(x, scale_factor=[float(f) for f in self.factor])
        return self.conv(doubled[..., : size[0], : size[1]])
