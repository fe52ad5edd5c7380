"""Attention over the positions of a feature map: to themselves, and to a conditioning sequence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.feed_forward import FeedForward
from engine.nets.layers import blocks, multiplies_tiles, zeroed

MASKED = -1e4
"""Added to the scores of padding: exp(MASKED) is 0 in every dtype, and no row becomes NaN."""

SMALL_SCORES = 1 << 22
"""Up to this many scores (B × heads × N × L) the CPU computes attention as two matmuls."""
LOG2_E = 1 / math.log(2)
LARGEST_SCORE = 60.0
"""Scores within ± this have exponentials whose sums stay within the range of fp32 and bf16."""
BLOCK_SCORES = 1 << 20
"""Scores of one block in bf16: few enough to stay in the cache from one product to the next."""


@dataclass(frozen=True, eq=False)
class Context:
    """A sequence to attend to: states (B, L, D), and the bias of its mask, see `mask_bias`."""

    states: Tensor
    bias: Tensor | None = None  # (B, 1, 1, L)


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """Softmax attention; q is (B, heads, N, d), k and v (B, heads, L, d), bias (B, 1, 1, L).

    `scaled_dot_product_attention`, so that fused kernels are used wherever the device has them.
    Its CPU kernel is made for long sequences: at 24 items, 6 heads, 128 positions in bf16 it
    takes 5.5 ms forward and 30 ms with backward, two matmuls 2.6 and 7.9 ms; so the CPU takes
    those while the scores are small. It multiplies in small tiles, too, which AVX512's bf16 units
    do not like: 2 items, 24 heads of 64 channels, 1025 positions take it 74 ms, blocks of matmuls
    31; in fp32 they take 69 and 77. Rows of scores that cannot overflow are not searched for their
    maxima: one pass over them in the place of softmax's, and the blocks take 27 ms.

    AMX does like them, see `multiplies_tiles`: the same takes the kernel 45 ms there, blocks 92,
    and without gradients none of 14 sizes, from 54 positions on, was faster in another way. With
    them two matmuls are, by 1.4 to 3.8 times at four sizes that a training step has.
    """
    on_cpu, learns = q.device.type == "cpu", torch.is_grad_enabled()
    if on_cpu and (learns or q.dtype != torch.bfloat16 or not multiplies_tiles()):
        scores = q.shape[0] * q.shape[1] * q.shape[2] * k.shape[2]
        if scores <= SMALL_SCORES:
            score = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
            return (score if bias is None else score + bias).softmax(-1) @ v
        if q.dtype == torch.bfloat16 and not learns:
            return _attend_in_blocks(q, k, v, bias)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=bias)


def _attend_in_blocks(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """As `attend`, some heads or some rows of one head at a time, in place: no gradients.

    |q·k| ≤ |q| |k|, so the norms tell beforehand that no exponential overflows.
    """
    (B, heads, N, d), L = q.shape, k.shape[2]
    if bias is not None:
        bias = bias.expand(B, heads, 1, L).flatten(0, 1)
    q, k, v = q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1)
    reach = q.norm(dim=-1).amax(-1) * k.norm(dim=-1).amax(-1) * d**-0.5
    bounded = bias is None and float(reach.max()) < LARGEST_SCORE
    q, k = q * (d**-0.5 * (LOG2_E if bounded else 1.0)), k.transpose(1, 2)
    out = v.new_empty(B * heads, N, v.shape[2])
    for some, rows in blocks(B * heads, N, BLOCK_SCORES // L):
        score = torch.bmm(q[some, rows], k[some])
        if bounded:
            weights = torch.exp2(score, out=score)
            out[some, rows] = torch.bmm(weights, v[some]) / weights.sum(-1, keepdim=True)
        else:
            score = score if bias is None else score.add_(bias[some])
            out[some, rows] = torch.bmm(torch.softmax(score, -1, out=score), v[some])
    return out.unflatten(0, (B, heads))


def mask_bias(keep: Tensor, dtype: torch.dtype) -> Tensor:
    """(B, L) bool, True = keep → (B, 1, 1, L), added to the scores."""
    bias = torch.zeros(keep.shape, dtype=dtype, device=keep.device)
    return bias.masked_fill(~keep, MASKED)[:, None, None]


def rotary_angles(
    spatial: tuple[int, ...], head_channels: int, device: torch.device, circular: bool = False
) -> Tensor:
    """Rotary angles of every position, (prod(spatial), head_channels / 2), in fp32.

    Su et al. 2021, "RoFormer". With two axes each turns half of the pairs by its own position.
    While `circular`, each pair turns a whole number of times along the last axis, the nearest to
    what it would: so the last position is as near to the first as to the one before it.
    """
    pairs = head_channels // 2 // len(spatial)
    frequencies = 10_000.0 ** -(torch.arange(pairs, device=device) / pairs)
    each = frequencies.repeat(len(spatial), 1)  # (axes, pairs)
    if circular:
        turn = 2 * math.pi / spatial[-1]
        each[-1] = (frequencies / turn).round() * turn
    axes = [torch.arange(length, device=device) for length in spatial]
    grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).flatten(0, -2)
    return (grid[:, :, None] * each).flatten(1)


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Turn each pair (x_i, x_{i + d/2}) of (…, N, d) by its position's angle."""
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)


def to_tokens(x: Tensor) -> Tensor:
    """(B, C, H, W) → (B, H × W, C), a view of channels-last memory."""
    B, C, H, W = x.shape
    return x.permute(0, 2, 3, 1).reshape(B, H * W, C)


def to_map(tokens: Tensor, height: int) -> Tensor:
    """The inverse of `to_tokens`, in channels-last memory."""
    return tokens.unflatten(1, (height, -1)).permute(0, 3, 1, 2)


def split_heads(x: Tensor, parts: int, heads: int) -> Tensor:
    """(B, N, parts × heads × d) → (parts, B, heads, N, d), copied once so that matmuls need not."""
    return x.unflatten(-1, (parts, heads, -1)).permute(2, 0, 3, 1, 4).contiguous()


class SelfAttention(nn.Module):
    """(B, N, C) → (B, N, C); `angles` from `rotary_angles`, or None for no sense of position."""

    def __init__(
        self, channels: int, heads: int, zero_init: bool = True, qkv_bias: bool = False
    ) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels, bias=qkv_bias)
        self.out = zeroed(nn.Linear(channels, channels), zero_init)

    def forward(self, x: Tensor, angles: Tensor | None = None) -> Tensor:
        qk, v = split_heads(self.qkv(x), 3, self.heads).split((2, 1))
        q, k = qk if angles is None else rotate(qk, angles)
        return self.out(attend(q, k, v[0]).transpose(1, 2).flatten(2))


class CrossAttention(nn.Module):
    """Queries from the features (B, N, C), keys and values from the context (B, L, D)."""

    def __init__(
        self, channels: int, context_channels: int, heads: int, zero_init: bool = True
    ) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(channels, channels, bias=False)
        self.kv = nn.Linear(context_channels, 2 * channels, bias=False)
        self.out = zeroed(nn.Linear(channels, channels), zero_init)

    def forward(self, x: Tensor, context: Context) -> Tensor:
        (q,) = split_heads(self.q(x), 1, self.heads)
        k, v = split_heads(self.kv(context.states), 2, self.heads)
        return self.out(attend(q, k, v, context.bias).transpose(1, 2).flatten(2))


class AttentionBlock(nn.Module):
    """Self-attention, cross-attention and feed-forward, each optional, each `x + f(norm(x))`.

    Takes and returns a feature map (B, C, H, W); channels-last memory makes the tokens a view.
    The first normalisation sees the map (GroupNorm), the ones between see tokens (LayerNorm).
    """

    def __init__(
        self,
        channels: int,
        *,
        dimensions: int,
        head_channels: int,
        groups: int,
        self_attention: bool = True,
        context_channels: int = 0,
        feed_forward: float = 0.0,
        rotary: bool = True,
        dropout: float = 0.0,
        zero_init: bool = True,
        qkv_bias: bool = False,
    ) -> None:
        super().__init__()
        heads = channels // head_channels
        if heads * head_channels != channels:
            raise ValueError(f"heads of {head_channels} channels do not divide {channels} channels")
        self.dimensions, self.head_channels, self.rotary = dimensions, head_channels, rotary
        self.circular = False  # see `make_circular`
        self.self_attention, self.norm = None, None
        if self_attention:
            self.norm = nn.GroupNorm(groups, channels)
            self.self_attention = SelfAttention(channels, heads, zero_init, qkv_bias)
        self.cross_attention, self.cross_norm = None, None
        if context_channels:
            self.cross_norm = nn.LayerNorm(channels)
            self.cross_attention = CrossAttention(channels, context_channels, heads, zero_init)
        self.feed_forward, self.feed_norm = None, None
        if feed_forward:
            self.feed_norm = nn.LayerNorm(channels)
            self.feed_forward = FeedForward(channels, feed_forward, dropout, zero_init)

    def forward(self, x: Tensor, contexts: Sequence[Context] = ()) -> Tensor:
        height, width = x.shape[2:]
        tokens = to_tokens(x)
        if self.self_attention is not None and self.norm is not None:
            angles = self._angles(height, width, x.device)
            tokens = tokens + self.self_attention(to_tokens(self.norm(x)), angles)
        if self.cross_attention is not None and self.cross_norm is not None:
            tokens = tokens + self.cross_attention(self.cross_norm(tokens), contexts[0])
        if self.feed_forward is not None and self.feed_norm is not None:
            tokens = tokens + self.feed_forward(self.feed_norm(tokens))
        return to_map(tokens, height)

    def _angles(self, height: int, width: int, device: torch.device) -> Tensor | None:
        if not self.rotary:
            return None
        spatial = (width,) if self.dimensions == 1 else (height, width)
        return rotary_angles(spatial, self.head_channels, device, self.circular)
