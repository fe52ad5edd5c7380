"""The residual block and the ways the timestep embedding enters it."""

from __future__ import annotations

from enum import StrEnum

import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.layers import convolution, modulate, zeroed


class TimeConditioning(StrEnum):
    """Where the embedding y acts in `h = x + Conv(SiLU(GroupNorm(Conv(SiLU(GroupNorm(x))))))`."""

    ADDITIVE = "additive"
    """`GroupNorm(x) + MLP(y)`, before the first activation."""
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
        time: TimeConditioning = TimeConditioning.SCALE_SHIFT,
        dropout: float = 0.0,
        zero_init: bool = True,
    ) -> None:
        super().__init__()
        self.mode = time
        adaptive = time is TimeConditioning.SCALE_SHIFT
        self.norm_in = nn.GroupNorm(groups, in_channels)
        self.conv_in = convolution(dimensions, in_channels, out_channels, kernel_size)
        self.norm_out = nn.GroupNorm(groups, out_channels, affine=not adaptive)
        self.dropout = nn.Dropout(dropout)
        self.conv_out = zeroed(
            convolution(dimensions, out_channels, out_channels, kernel_size), zero_init
        )
        additive = time is TimeConditioning.ADDITIVE
        width = in_channels if additive else 2 * out_channels
        self.project = nn.Linear(embedding_channels, width)
        self.skip: nn.Module = nn.Identity()
        if in_channels != out_channels:
            self.skip = convolution(dimensions, in_channels, out_channels)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        told = self.project(F.silu(embedding))  # (B, in_channels) or (B, 2 × out_channels)
        h = self.norm_in(x)
        if self.mode is TimeConditioning.ADDITIVE:
            h = h + told[:, :, None, None]
        h = self.conv_in(F.silu(h))
        if self.mode is TimeConditioning.FILM:
            h = modulate(h, *told.chunk(2, dim=1))
        h = self.norm_out(h)
        if self.mode is TimeConditioning.SCALE_SHIFT:
            h = modulate(h, *told.chunk(2, dim=1))
        return self.skip(x) + self.conv_out(self.dropout(F.silu(h)))
