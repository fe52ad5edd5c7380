"""What a network is told beside the noisy signal and the noise level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Masked = tuple[Tensor | None, Tensor | None]
"""A context and its mask."""


@dataclass(frozen=True, eq=False)
class Conditioning:
    """Any part may be absent: a network reads absence as its own unconditional input.

    context:       (B, L, D) token states for cross-attention
    context_mask:  (B, L) bool, True where a token counts; None means that all do
    concat:        (B, Cc, *spatial) joined to the noisy signal's channels, same spatial shape
    vector:        (B, V) one embedding for the whole signal (class, seconds, …)
    context_2:     (B, L2, D2) a second sequence with its own mask, as AudioLDM 2 reads two
    """

    context: Tensor | None = None
    context_mask: Tensor | None = None
    concat: Tensor | None = None
    vector: Tensor | None = None
    context_2: Tensor | None = None
    context_mask_2: Tensor | None = None

    def __post_init__(self) -> None:
        for context, mask in self._contexts():
            if context is not None and mask is not None and mask.shape != context.shape[:2]:
                raise ValueError(
                    f"the mask is {tuple(mask.shape)}, "
                    f"the context has {tuple(context.shape[:2])} tokens"
                )

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Conditioning:
        """The same on `device`; floating parts in `dtype`, masks still bool."""
        return self._each(
            lambda part: part.to(device, dtype if part.is_floating_point() else part.dtype)
        )

    def repeat(self, batch: int) -> Conditioning:
        """One item's conditioning for `batch` items, as views without copies."""
        return self._each(lambda part: _expand(part, batch))

    def stack(self, other: Conditioning) -> Conditioning:
        """Both along the batch, self first, for one batched guidance pass.

        A part that only one side has becomes zeros on the other (for a context: tokens that
        the mask leaves out); the shorter context is padded, and the padding masked.
        """
        pairs = zip(self._contexts(), other._contexts(), strict=True)
        first, second = (_stack_context(mine, its) for mine, its in pairs)
        return Conditioning(
            *first,
            concat=_stack(self.concat, other.concat),
            vector=_stack(self.vector, other.vector),
            context_2=second[0],
            context_mask_2=second[1],
        )

    def mask_or_ones(self) -> Tensor | None:
        """The context's mask, all True where none was given; None without a context."""
        return _mask_or_ones(self.context, self.context_mask)

    def _contexts(self) -> tuple[Masked, Masked]:
        return (self.context, self.context_mask), (self.context_2, self.context_mask_2)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Conditioning:
        """The same with every part that is there changed."""
        parts = {name: part for name, part in vars(self).items() if part is not None}
        return Conditioning(**{name: change(part) for name, part in parts.items()})


def _expand(part: Tensor, batch: int) -> Tensor:
    if part.shape[0] not in (1, batch):
        raise ValueError(f"conditioning for {part.shape[0]} items cannot serve {batch}")
    return part.expand(batch, *part.shape[1:])


def _stack(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    if a is None:
        return None if b is None else torch.cat([torch.zeros_like(b), b])
    return torch.cat([a, torch.zeros_like(a) if b is None else b])


def _mask_or_ones(context: Tensor | None, mask: Tensor | None) -> Tensor | None:
    if context is None or mask is not None:
        return mask
    return torch.ones(context.shape[:2], dtype=torch.bool, device=context.device)


def _stack_context(a: Masked, b: Masked) -> Masked:
    length = max((states.shape[1] for states, _ in (a, b) if states is not None), default=0)
    states = _stack(*(_pad_tokens(states, length) for states, _ in (a, b)))
    return states, _stack(*(_pad_tokens(_mask_or_ones(*each), length) for each in (a, b)))


def _pad_tokens(tokens: Tensor | None, length: int) -> Tensor | None:
    """Zeros (False in a mask) up to `length` along axis 1."""
    if tokens is None or tokens.shape[1] == length:
        return tokens
    missing = length - tokens.shape[1]
    return F.pad(tokens, (0, missing) if tokens.dim() == 2 else (0, 0, 0, missing))
