"""The shape of a U-Net, as data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.nets.conditioning import Conditioning
from engine.nets.embeddings import TimeFeatures, VectorJoin
from engine.nets.resample import Down, Up
from engine.nets.residual import TimeConditioning


@dataclass(frozen=True)
class UNetConfig:
    """The shape of a U-Net. Level i works at 1 / 2^i of the input's resolution.

    `channels` has one width a level, for example from `multiplied(base, multipliers)`; the
    bottleneck works at the last level's width and resolution. Raises `ValueError` for what
    cannot be built.
    """

    dimensions: int = 1
    in_channels: int = 128
    out_channels: int = 128
    concat_channels: int = 0
    channels: tuple[int, ...] = (256, 384, 512)
    blocks_per_level: int = 2
    extra_decoder_block: bool = False
    """One more block a decoder level, which takes the skip of that level's input."""
    skip_first: bool = True
    """Whether a decoder block reads `[skip, h]` or `[h, skip]`."""
    self_attention_levels: frozenset[int] = frozenset({1, 2})
    cross_attention_levels: frozenset[int] = frozenset({1, 2})
    bottleneck_attention: bool = True
    attend_every_block: bool = True
    """Attention after every residual block of its levels, or after the last one only."""
    head_channels: int = 64
    heads: int = 0
    """As many heads at every level, instead of heads of `head_channels`; 0 leaves it to those."""
    context_channels: int = 0
    context_channels_2: int = 0
    null_context: bool = True
    """A learnt token heads every context, so that an empty one is well defined."""
    transformers: tuple[int | None, ...] = ()
    """Spatial transformers after a residual block, in place of the attention block. Each names
    the context it reads, 0 or 1, or None where it attends to itself twice."""
    transformer_layers: int = 1
    vector_channels: int = 0
    vector_join: VectorJoin = VectorJoin.ADD
    vector_layers: int = 2
    embedding_channels: int = 512
    time_features: TimeFeatures = TimeFeatures.SINUSOIDAL
    time_channels: int = 0
    """Width of the time features; 0 takes `embedding_channels`."""
    time_scale: float = 1000.0
    time_conditioning: TimeConditioning = TimeConditioning.SCALE_SHIFT
    kernel_size: int = 3
    separable: bool = False
    """Depthwise-separable convolutions in the residual blocks and in resampling, in place of
    full ones; transposed ones stay full."""
    circular: bool = False
    """Time is a loop for every convolution; see `engine.nets.layers.make_circular`."""
    down: Down = Down.STRIDED
    up: Up = Up.INTERPOLATE
    feed_forward: float = 2.0
    """Hidden width of the attention blocks' feed-forward over their width; 0 leaves it out."""
    rotary: bool = True
    groups: int = 8
    """Of the GroupNorms. On CPUs in bf16, groups of 16 channels or a multiple are five times
    faster than others, so widths of 16 × groups are best."""
    dropout: float = 0.0
    checkpoint_levels: frozenset[int] = frozenset()
    """Levels that keep no activations for the backward pass: less memory, same gradients."""
    zero_init: bool = True

    def __post_init__(self) -> None:
        if self.dimensions not in (1, 2):
            raise ValueError(f"a U-Net has 1 or 2 dimensions, not {self.dimensions}")
        if self.kernel_size % 2 == 0:
            raise ValueError(f"the kernel size must be odd, not {self.kernel_size}")
        for width in self.channels:
            if width % self.groups:
                raise ValueError(f"{self.groups} groups do not divide {width} channels")
        for levels in (self.self_attention_levels, self.cross_attention_levels):
            if levels and not levels <= set(range(len(self.channels))):
                raise ValueError(f"levels {sorted(levels)} of {len(self.channels)}")
        for reads in self.transformers:
            if reads is not None and not 0 <= reads < len(self.context_widths):
                raise ValueError(f"context {reads} of {len(self.context_widths)}")

    @property
    def context_widths(self) -> tuple[int, ...]:
        """The width of each context that can be read."""
        return tuple(w for w in (self.context_channels, self.context_channels_2) if w)

    def head_width(self, level: int) -> int:
        """Channels of one head. Raises `ValueError` where heads do not divide the width."""
        width = self.channels[level]
        head = width // self.heads if self.heads else self.head_channels
        if width % head or (self.heads and head * self.heads != width):
            raise ValueError(f"heads of {head} channels do not divide {width} channels")
        return head

    def fake_inputs(self, batch: int, *spatial: int) -> tuple[Tensor, Tensor, Conditioning]:
        """Random `(x, t, conditioning)` of the shapes this network takes, for tests."""
        context, keep = _fake_context(batch, 7, self.context_channels)
        context_2, keep_2 = _fake_context(batch, 5, self.context_channels_2)
        concat = torch.randn(batch, self.concat_channels, *spatial)
        vector = torch.randn(batch, self.vector_channels)
        conditioning = Conditioning(
            context=context,
            context_mask=keep,
            concat=concat if self.concat_channels else None,
            vector=vector if self.vector_channels else None,
            context_2=context_2,
            context_mask_2=keep_2,
        )
        return torch.randn(batch, self.in_channels, *spatial), torch.rand(batch), conditioning


def _fake_context(batch: int, length: int, width: int) -> tuple[Tensor | None, Tensor | None]:
    """Random states whose first item has one token that counts, the next two, and so on."""
    if not width:
        return None, None
    keep = torch.arange(length)[None] < 1 + torch.arange(batch)[:, None]
    return torch.randn(batch, length, width), keep


def multiplied(base: int, multipliers: Iterable[float]) -> tuple[int, ...]:
    """The widths of the levels, as `UNetConfig.channels` takes them."""
    return tuple(round(base * multiplier) for multiplier in multipliers)
