"""Halving and doubling the resolution. Odd lengths n become ceil(n / 2), and come back as n."""

from __future__ import annotations

from enum import StrEnum

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.layers import Convolution, SeparableConvolution, per_axis


class Down(StrEnum):
    STRIDED = "strided"
    POOL = "pool"


class Up(StrEnum):
    INTERPOLATE = "interpolate"
    TRANSPOSED = "transposed"


class Downsample(nn.Module):
    """(B, C, n) → (B, C, ceil(n / 2)) on every axis in use."""

    def __init__(
        self, channels: int, *, dimensions: int, kind: Down, separable: bool = False
    ) -> None:
        super().__init__()
        self.factor = per_axis(dimensions, 2, 1)
        convolution = SeparableConvolution if separable else Convolution
        strided = kind is Down.STRIDED
        self.conv = convolution(dimensions, channels, channels, 3, stride=2) if strided else None

    def forward(self, x: Tensor) -> Tensor:
        if self.conv is not None:
            return self.conv(x)
        return F.avg_pool2d(x, self.factor, ceil_mode=True, count_include_pad=False)


class Upsample(nn.Module):
    """(B, C, ceil(n / 2)) → (B, C, n): doubled, then cropped to the skip connection's size."""

    def __init__(
        self, channels: int, *, dimensions: int, kind: Up, separable: bool = False
    ) -> None:
        super().__init__()
        self.factor = per_axis(dimensions, 2, 1)
        self.conv: nn.Module
        if kind is Up.TRANSPOSED:
            self.conv = TransposedConvolution(dimensions, channels)
        else:
            convolution = SeparableConvolution if separable else Convolution
            self.conv = convolution(dimensions, channels, channels, 3)
        self.transposed = kind is Up.TRANSPOSED

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """`size` is the skip connection's (H, W)."""
        if self.transposed:
            return self.conv(x)[..., : size[0], : size[1]]
        doubled = F.interpolate(x, scale_factor=[float(f) for f in self.factor])
        return self.conv(doubled[..., : size[0], : size[1]])


class TransposedConvolution(nn.ConvTranspose2d):
    """Kernel 4, stride 2 on the axes in use: every length doubles. See `Convolution.circular`."""

    def __init__(self, dimensions: int, channels: int) -> None:
        super().__init__(
            channels,
            channels,
            per_axis(dimensions, 4, 1),
            per_axis(dimensions, 2, 1),
            padding=per_axis(dimensions, 1, 0),
        )
        self.circular = False

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        if not self.circular:
            return super().forward(x, output_size)
        return super().forward(F.pad(x, (1, 1, 0, 0), mode="circular"))[..., 2:-2]


# The cubic interpolation kernel with a = −¾ sampled for a factor of two, as Dance Diffusion has it.
CUBIC = (-0.01171875, -0.03515625, 0.11328125, 0.43359375)
CUBIC_TAPS = 2 * len(CUBIC)


class CubicResample(nn.Module):
    """Halves or doubles the last axis with a fixed cubic kernel, one channel at a time.

    (B, C, 1, n) → (B, C, 1, ⌈n / 2⌉) or (B, C, 1, 2n). The ends are reflected, or joined while
    `circular`. The kernel is no weight: whoever stores a network leaves it out.
    """

    kernel: Tensor

    def __init__(self, *, up: bool) -> None:
        super().__init__()
        self.up, self.circular = up, False
        half = torch.tensor(CUBIC)
        taps = torch.cat([half, half.flip(0)]) * (2 if up else 1)
        self.register_buffer("kernel", taps, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        C = x.shape[1]
        kernel = self.kernel.to(x.dtype).expand(C, 1, 1, CUBIC_TAPS)
        mode = "circular" if self.circular else "reflect"
        if not self.up:
            return F.conv2d(F.pad(x, (3, 3, 0, 0), mode), kernel, stride=(1, 2), groups=C)
        padded = F.pad(x, (2, 2, 0, 0), mode)
        return F.conv_transpose2d(padded, kernel, stride=(1, 2), padding=(0, 7), groups=C)
