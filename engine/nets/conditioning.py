"""What a network is told beside the noisy signal and the noise level."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Conditioning:
    """Any part may be absent: a network reads absence as its own unconditional input.

    context:       (B, L, D) token states for cross-attention
    context_mask:  (B, L) bool, True where a token counts; None means that all do
    concat:        (B, Cc, *spatial) joined to the noisy signal's channels, same spatial shape
    vector:        (B, V) one embedding for the whole signal (class, seconds, …)
    """

    context: Tensor | None = None
    context_mask: Tensor | None = None
    concat: Tensor | None = None
    vector: Tensor | None = None

    def __post_init__(self) -> None:
        if self.context is None or self.context_mask is None:
            return
        if self.context_mask.shape != self.context.shape[:2]:
            raise ValueError(
                f"the mask is {tuple(self.context_mask.shape)}, "
                f"the context has {tuple(self.context.shape[:2])} tokens"
            )

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Conditioning:
        """The same on `device`; floating parts in `dtype`, the mask still bool."""
        mask = self.context_mask
        return Conditioning(
            context=_move(self.context, device, dtype),
            context_mask=None if mask is None else mask.to(device),
            concat=_move(self.concat, device, dtype),
            vector=_move(self.vector, device, dtype),
        )

    def repeat(self, batch: int) -> Conditioning:
        """One item's conditioning for `batch` items, as views without copies."""
        return Conditioning(
            context=_expand(self.context, batch),
            context_mask=_expand(self.context_mask, batch),
            concat=_expand(self.concat, batch),
            vector=_expand(self.vector, batch),
        )

    def stack(self, other: Conditioning) -> Conditioning:
        """Both along the batch, self first, for one batched guidance pass.

        A part that only one side has becomes zeros on the other (for the context: tokens that
        the mask leaves out); the shorter context is padded, and the padding masked.
        """
        context, mask = _stack_context(self, other)
        return Conditioning(
            context=context,
            context_mask=mask,
            concat=_stack(self.concat, other.concat),
            vector=_stack(self.vector, other.vector),
        )

    def mask_or_ones(self) -> Tensor | None:
        """The context's mask, all True where none was given; None without a context."""
        if self.context is None or self.context_mask is not None:
            return self.context_mask
        return torch.ones(self.context.shape[:2], dtype=torch.bool, device=self.context.device)


def _move(part: Tensor | None, device: torch.device | str, dtype: torch.dtype) -> Tensor | None:
    return None if part is None else part.to(device, dtype)


def _expand(part: Tensor | None, batch: int) -> Tensor | None:
    if part is None:
        return None
    if part.shape[0] not in (1, batch):
        raise ValueError(f"conditioning for {part.shape[0]} items cannot serve {batch}")
    return part.expand(batch, *part.shape[1:])


def _stack(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    if a is None:
        return None if b is None else torch.cat([torch.zeros_like(b), b])
    return torch.cat([a, torch.zeros_like(a) if b is None else b])


def _stack_context(a: Conditioning, b: Conditioning) -> tuple[Tensor | None, Tensor | None]:
    contexts = [c.context for c in (a, b)]
    length = max((c.shape[1] for c in contexts if c is not None), default=0)
    context = _stack(*(_pad_tokens(c, length) for c in contexts))
    masks = [c.mask_or_ones() for c in (a, b)]
    return context, _stack(*(_pad_tokens(m, length) for m in masks))


def _pad_tokens(tokens: Tensor | None, length: int) -> Tensor | None:
    """Zeros (False in a mask) up to `length` along axis 1."""
    if tokens is None or tokens.shape[1] == length:
        return tokens
    missing = length - tokens.shape[1]
    return F.pad(tokens, (0, missing) if tokens.dim() == 2 else (0, 0, 0, missing))
