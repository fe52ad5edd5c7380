"""What a diffusion transformer is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from engine.nets.conditioning import Conditioning
from engine.nets.embeddings import TimeFeatures


class Modulation(StrEnum):
    """How the noise level and what is known of the whole signal, c, reach the blocks."""

    ADALN = "adaln"
    """`(1 + scale(c)) ⊙ LayerNorm(h) + shift(c)` in place of every normalisation."""
    ADALN_ZERO = "adaln-zero"
    """The same, and a gate(c) on what each branch adds, zero at first (Peebles & Xie 2023)."""
    TOKEN = "token"
    """c is a token before all others, as in Stable Audio."""


class ContextUse(StrEnum):
    """How the conditioning's token states are heard."""

    POOLED = "pooled"
    """Their mean is part of c."""
    CROSS = "cross"
    """Every block attends to them."""


@dataclass(frozen=True)
class DiTConfig:
    """The shape of a diffusion transformer. Raises `ValueError` for what cannot be built."""

    dimensions: int = 1
    in_channels: int = 128
    out_channels: int = 128
    concat_channels: int = 0
    patch: int = 1
    """Positions along each axis that make one token; the last one may be partly padding."""
    width: int = 512
    depth: int = 12
    head_channels: int = 64
    modulation: Modulation = Modulation.ADALN_ZERO
    context_channels: int = 0
    context_use: ContextUse = ContextUse.POOLED
    context_width: int = 0
    """Width that an MLP gives the token states before they are attended to; 0 for none."""
    context_heads: int = 0
    """Heads of the context's keys and values, each for several of the queries'; 0 for as many."""
    null_context: bool = True
    """A learnt token heads every context that is attended to, so that an empty one says so."""
    vector_channels: int = 0
    time_features: TimeFeatures = TimeFeatures.SINUSOIDAL
    time_channels: int = 256
    time_scale: float = 1000.0
    feed_forward: float = 4.0
    """Hidden width of the feed-forward over the width."""
    gated: bool = False
    """SwiGLU in the feed-forward instead of GELU."""
    rotary: float = 1.0
    """Share of each head's channels that turn with the position; 0 for no sense of position."""
    qk_norm: bool = False
    """LayerNorm of every head's queries and keys, which keeps large networks stable."""
    biases: bool = True
    """Of attention outputs, of the first and last layer, and of what projects the conditioning."""
    final_norm: bool = True
    dropout: float = 0.0
    checkpoint_blocks: int = 0
    """So many of the blocks keep no activations for the backward pass: less memory, more work."""
    zero_init: bool = True
    """Every block starts as the identity, the network as zero."""

    def __post_init__(self) -> None:
        if self.dimensions not in (1, 2):
            raise ValueError(f"a DiT has 1 or 2 dimensions, not {self.dimensions}")
        if self.patch < 1:
            raise ValueError(f"a patch has 1 position or more, not {self.patch}")
        if self.width % self.head_channels:
            raise ValueError(
                f"heads of {self.head_channels} channels do not divide {self.width} channels"
            )
        if self.context_heads and self.heads % self.context_heads:
            raise ValueError(f"{self.context_heads} heads cannot serve {self.heads} evenly")
        if self.rotary_channels % (2 * self.dimensions):
            raise ValueError(
                f"{self.rotary_channels} rotary channels are no pairs for {self.dimensions} axes"
            )
        if not 0 <= self.checkpoint_blocks <= self.depth:
            raise ValueError(f"{self.checkpoint_blocks} blocks of {self.depth}")

    @property
    def context_widths(self) -> tuple[int, ...]:
        """The width of each context that can be heard."""
        return (self.context_channels,) if self.context_channels else ()

    @property
    def heads(self) -> int:
        return self.width // self.head_channels

    @property
    def rotary_channels(self) -> int:
        """The first channels of each head, which turn with the position."""
        return round(self.rotary * self.head_channels)

    @property
    def attends_to_context(self) -> bool:
        return self.context_channels > 0 and self.context_use is ContextUse.CROSS

    def fake_inputs(self, batch: int, *spatial: int) -> tuple[Tensor, Tensor, Conditioning]:
        """Random `(x, t, conditioning)` of the shapes this network takes, for tests.

        The first item's context has one token that counts, the next one's two, and so on.
        """
        context = torch.randn(batch, 7, self.context_channels)
        keep = torch.arange(7)[None] < 1 + torch.arange(batch)[:, None]
        concat = torch.randn(batch, self.concat_channels, *spatial)
        vector = torch.randn(batch, self.vector_channels)
        conditioning = Conditioning(
            context=context if self.context_channels else None,
            context_mask=keep if self.context_channels else None,
            concat=concat if self.concat_channels else None,
            vector=vector if self.vector_channels else None,
        )
        return torch.randn(batch, self.in_channels, *spatial), torch.rand(batch), conditioning
