"""The residual blocks and the ways the timestep embedding enters them."""

from __future__ import annotations

from enum import StrEnum

import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.layers import Convolution, SeparableConvolution, gelu, modulate, zeroed


class TimeConditioning(StrEnum):
    """Where the embedding y acts in `h = x + Conv(SiLU(GroupNorm(Conv(SiLU(GroupNorm(x))))))`."""

    ADDITIVE = "additive"
    """`GroupNorm(x) + MLP(y)`, before the first activation."""
    BETWEEN = "between"
    """`h + MLP(y)` on the first convolution's output (Ho et al. 2020; Stable Diffusion)."""
    SCALE_SHIFT = "scale-shift"
    """AdaGN: `y_s ⊙ GroupNorm(h) + y_b` at the second normalisation (Dhariwal & Nichol 2021)."""
    FILM = "film"
    """`γ(y) ⊙ h + β(y)` on the first convolution's output (Perez et al. 2018)."""


class ResidualBlock(nn.Module):
    """(B, in_channels, H, W) and (B, embedding) → (B, out_channels, H, W).

    The second convolution starts at zero, so that the block starts as its skip path.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        embedding_channels: int,
        *,
        dimensions: int,
        kernel_size: int = 3,
        groups: int = 32,
        eps: float = 1e-5,
        time: TimeConditioning = TimeConditioning.SCALE_SHIFT,
        dropout: float = 0.0,
        zero_init: bool = True,
        separable: bool = False,
    ) -> None:
        super().__init__()
        self.mode = time
        convolution = SeparableConvolution if separable else Convolution
        adaptive = time is TimeConditioning.SCALE_SHIFT
        self.norm_in = nn.GroupNorm(groups, in_channels, eps)
        self.conv_in = convolution(dimensions, in_channels, out_channels, kernel_size)
        self.norm_out = nn.GroupNorm(groups, out_channels, eps, affine=not adaptive)
        self.dropout = nn.Dropout(dropout)
        self.conv_out = zeroed(
            convolution(dimensions, out_channels, out_channels, kernel_size), zero_init
        )
        widths = {TimeConditioning.ADDITIVE: in_channels, TimeConditioning.BETWEEN: out_channels}
        self.project = nn.Linear(embedding_channels, widths.get(time, 2 * out_channels))
        self.skip: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.skip = Convolution(dimensions, in_channels, out_channels)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        told = self.project(F.silu(embedding))  # (B, width of the mode)
        h = self.norm_in(x)
        if self.mode is TimeConditioning.ADDITIVE:
            h = h + told[:, :, None, None]
        h = self.conv_in(F.silu(h))
        if self.mode is TimeConditioning.BETWEEN:
            h = h + told[:, :, None, None]
        if self.mode is TimeConditioning.FILM:
            h = modulate(h, *told.chunk(2, dim=1))
        h = self.norm_out(h)
        if self.mode is TimeConditioning.SCALE_SHIFT:
            h = modulate(h, *told.chunk(2, dim=1))
        return self.skip(x) + self.conv_out(self.dropout(F.silu(h)))


class PostNormBlock(nn.Module):
    """`x + GELU(GroupNorm₁(Conv(GELU(GroupNorm₁(Conv(x))))))`, blind to the noise level.

    (B, in_channels, 1, W) → (B, out_channels, 1, W). The block of Dance Diffusion; its `last`
    one, which ends a network, leaves out the second normalisation and activation.
    """

    def __init__(
        self,
        in_channels: int,
        hidden: int,
        out_channels: int,
        kernel_size: int = 5,
        last: bool = False,
    ) -> None:
        super().__init__()
        self.conv_in = Convolution(1, in_channels, hidden, kernel_size)
        self.norm_in = nn.GroupNorm(1, hidden)
        self.conv_out = Convolution(1, hidden, out_channels, kernel_size)
        self.norm_out = None if last else nn.GroupNorm(1, out_channels)
        self.skip: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.skip = Convolution(1, in_channels, out_channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv_out(gelu(self.norm_in(self.conv_in(x))))
        if self.norm_out is not None:
            h = gelu(self.norm_out(h))
        return self.skip(x) + h
