"""The spatial transformer of latent diffusion (Rombach et al. 2022), and stacks of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.attention import Context, CrossAttention, SelfAttention, to_map, to_tokens
from engine.nets.feed_forward import GatedFeedForward
from engine.nets.layers import zeroed


class TransformerLayer(nn.Module):
    """Self-attention, attention to a context (or to itself again), gated feed-forward."""

    def __init__(self, channels: int, heads: int, context_channels: int | None) -> None:
        super().__init__()
        self.self_norm, self.cross_norm = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.self_attention = SelfAttention(channels, heads, zero_init=False)
        self.cross_attention = (
            SelfAttention(channels, heads, zero_init=False)
            if context_channels is None
            else CrossAttention(channels, context_channels, heads, zero_init=False)
        )
        self.feed_norm = nn.LayerNorm(channels)
        self.feed_forward = GatedFeedForward(channels, F.gelu)

    def forward(self, x: Tensor, context: Context | None) -> Tensor:
        x = x + self.self_attention(self.self_norm(x))
        normed = self.cross_norm(x)
        again = isinstance(self.cross_attention, SelfAttention)
        x = x + (self.cross_attention(normed) if again else self.cross_attention(normed, context))
        return x + self.feed_forward(self.feed_norm(x))


class Transformer(nn.Module):
    """`x + project(layers(project(GroupNorm(x))))` over the positions of a map (B, C, H, W).

    `reads` is the place of its context among those told, None to attend to itself twice.
    """

    def __init__(
        self,
        channels: int,
        heads: int,
        *,
        layers: int = 1,
        reads: int | None = None,
        context_channels: int | None = None,
        groups: int = 32,
        zero_init: bool = True,
    ) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"{heads} heads do not divide {channels} channels")
        self.reads = reads
        self.norm = nn.GroupNorm(groups, channels, eps=1e-6)
        self.into = nn.Linear(channels, channels)
        self.layers = nn.ModuleList(
            TransformerLayer(channels, heads, context_channels) for _ in range(layers)
        )
        self.out = zeroed(nn.Linear(channels, channels), zero_init)

    def forward(self, x: Tensor, contexts: Sequence[Context]) -> Tensor:
        context = None if self.reads is None else contexts[self.reads]
        tokens = self.into(to_tokens(self.norm(x)))
        for layer in self.layers:
            tokens = layer(tokens, context)
        return x + to_map(self.out(tokens), x.shape[2])


class TransformerStack(nn.ModuleList):
    """Transformers one after another, each with a context of its own choice."""

    def __init__(self, transformers: Iterable[Transformer]) -> None:
        super().__init__(transformers)

    def forward(self, x: Tensor, contexts: Sequence[Context]) -> Tensor:
        for transformer in self:
            x = transformer(x, contexts)
        return x
