"""The blocks of a diffusion transformer: adaptive normalisation, attention, feed-forward."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.attention import attend, rotate, split_heads
from engine.nets.dit_config import DiTConfig, Modulation
from engine.nets.feed_forward import FeedForward, GatedFeedForward
from engine.nets.layers import zeroed


def rotate_first(x: Tensor, angles: Tensor) -> Tensor:
    """Turn the pairs of the first channels of (…, N, d), as many as `angles` (N, pairs) tells."""
    turned = 2 * angles.shape[-1]
    if turned == x.shape[-1]:
        return rotate(x, angles)
    return torch.cat([rotate(x[..., :turned], angles), x[..., turned:]], dim=-1)


def starts_at_zero(config: DiTConfig) -> bool:
    """Whether a branch's last layer does; behind a gate that does, it could not learn."""
    return config.zero_init and config.modulation is not Modulation.ADALN_ZERO


class TokenAttention(nn.Module):
    """Queries from tokens (B, N, C); keys and values from them, or from a context (B, L, D).

    A key's head may serve several heads of queries (Ainslie et al. 2023, "GQA"): these stand one
    after another and are attended as further positions, so that no key is copied.
    """

    def __init__(self, config: DiTConfig, *, to_context: bool) -> None:
        super().__init__()
        width, d = config.width, config.head_channels
        self.heads, self.key_heads = config.heads, config.heads
        if to_context and config.context_heads:
            self.key_heads = config.context_heads
        keys = 2 * self.key_heads * d
        self.into = nn.Linear(width, width if to_context else width + keys, bias=False)
        source = config.context_width or config.context_channels
        self.kv = nn.Linear(source, keys, bias=False) if to_context else None
        self.q_norm, self.k_norm = (
            nn.LayerNorm(d, eps=1e-6) if config.qk_norm else nn.Identity() for _ in range(2)
        )
        self.out = zeroed(nn.Linear(width, width, bias=config.biases), starts_at_zero(config))

    def forward(
        self,
        x: Tensor,
        angles: Tensor | None = None,
        context: Tensor | None = None,
        bias: Tensor | None = None,
    ) -> Tensor:
        """`bias` (B, 1, 1, L) is the context's mask, see `mask_bias`."""
        if self.kv is None:
            q, kv = self.into(x).tensor_split([x.shape[-1]], dim=-1)
        else:
            q, kv = self.into(x), self.kv(context)
        (q,) = split_heads(q, 1, self.heads)  # (B, heads, N, d)
        k, v = split_heads(kv, 2, self.key_heads)  # (B, key heads, L, d)
        q, k = self.q_norm(q), self.k_norm(k)
        if angles is not None:
            q, k = rotate_first(q, angles), rotate_first(k, angles)
        grouped = q.reshape(len(q), self.key_heads, -1, q.shape[-1])
        mixed = attend(grouped, k, v, bias).reshape(q.shape)
        return self.out(mixed.transpose(1, 2).flatten(2))


class AdaptiveNorm(nn.Module):
    """LayerNorm with scale and shift from c: `(1 + scale(c)) ⊙ LayerNorm(h) + shift(c)`.

    h is (B, N, C); told is SiLU(c), (B, C). Returns the normed tokens and, where `gated`, the
    gate (B, 1, C) of what is made of them. A plain LayerNorm where c is a token.
    """

    def __init__(self, config: DiTConfig, *, gated: bool) -> None:
        super().__init__()
        plain = config.modulation is Modulation.TOKEN
        self.norm = nn.LayerNorm(config.width, elementwise_affine=plain)
        self.parts = 3 if gated else 2
        self.modulation: nn.Module | None = None
        if not plain:
            linear = nn.Linear(config.width, self.parts * config.width)
            self.modulation = zeroed(linear, config.zero_init)

    def forward(self, h: Tensor, told: Tensor) -> tuple[Tensor, Tensor | None]:
        normed = self.norm(h)
        if self.modulation is None:
            return normed, None
        scale, shift, *gate = self.modulation(told)[:, None].chunk(self.parts, dim=-1)
        return torch.addcmul(shift, normed, 1 + scale), gate[0] if gate else None


class Branch(nn.Module):
    """`h + gate(c) ⊙ f(AdaLN(h, c), …)`; without a gate where the modulation has none."""

    def __init__(self, config: DiTConfig, f: nn.Module) -> None:
        super().__init__()
        self.norm = AdaptiveNorm(config, gated=config.modulation is Modulation.ADALN_ZERO)
        self.f = f

    def forward(self, h: Tensor, told: Tensor, *beside: Tensor | None) -> Tensor:
        normed, gate = self.norm(h, told)
        made = self.f(normed, *beside)
        return h + made if gate is None else torch.addcmul(h, gate, made)


class Block(nn.Module):
    """`h' = h + Attn(AdaLN(h, c))`, then to the context where there is one, then feed-forward."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.attention = Branch(config, TokenAttention(config, to_context=False))
        self.context: Branch | None = None
        if config.attends_to_context:
            self.context = Branch(config, TokenAttention(config, to_context=True))
        shape = (config.feed_forward, config.dropout, starts_at_zero(config))
        self.feed_forward = Branch(
            config,
            GatedFeedForward(config.width, F.silu, *shape)
            if config.gated
            else FeedForward(config.width, *shape),
        )

    def forward(
        self,
        h: Tensor,
        told: Tensor,
        angles: Tensor | None,
        context: Tensor | None,
        bias: Tensor | None,
    ) -> Tensor:
        h = self.attention(h, told, angles)
        if self.context is not None:
            h = self.context(h, told, None, context, bias)
        return self.feed_forward(h, told)
