"""Feature maps as tokens of p × p positions, and back."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor


def grid(spatial: tuple[int, ...], p: int) -> tuple[int, ...]:
    """How many patches of p positions cover each axis."""
    return tuple(math.ceil(length / p) for length in spatial)


def to_patches(x: Tensor, p: int) -> Tensor:
    """(B, C, *spatial) → (B, N, C × p^d), N = prod(grid); zeros fill the last patches.

    The channel is the slower index within a token, so that further channels come after.
    """
    if p == 1:
        return x.flatten(2).transpose(1, 2)
    missing = [(-length) % p for length in x.shape[2:]]
    x = F.pad(x, [pad for length in reversed(missing) for pad in (0, length)])
    B, C, *spatial = x.shape
    counts = grid(tuple(spatial), p)
    x = x.reshape(B, C, *(part for count in counts for part in (count, p)))
    axes = range(len(counts))
    order = (0, *(2 + 2 * axis for axis in axes), 1, *(3 + 2 * axis for axis in axes))
    return x.permute(order).reshape(B, math.prod(counts), -1)


def from_patches(tokens: Tensor, p: int, spatial: tuple[int, ...]) -> Tensor:
    """The inverse: (B, N, C × p^d) → (B, C, *spatial), without what was filled."""
    B, dimensions, counts = len(tokens), len(spatial), grid(spatial, p)
    x = tokens.reshape(B, *counts, -1, *[p] * dimensions)
    axes = range(dimensions)
    order = (0, 1 + dimensions, *(a for axis in axes for a in (1 + axis, 2 + dimensions + axis)))
    x = x.permute(order).reshape(B, -1, *(count * p for count in counts))
    for axis, length in enumerate(spatial, 2):
        x = x.narrow(axis, 0, length)
    return x
