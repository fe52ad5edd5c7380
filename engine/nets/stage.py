"""One stage of a U-Net: a residual block, and attention after it where asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from engine.nets.attention import Context
from engine.nets.residual import ResidualBlock


@dataclass(frozen=True, eq=False)
class Told:
    """What every stage hears beside its features.

    embedding: (B, E) noise level and global conditioning
    contexts:  the sequences that attention blocks read, which name theirs by its place
    """

    embedding: Tensor
    contexts: tuple[Context, ...] = ()


class Stage(nn.Module):
    """(B, in_channels, H, W) → (B, out_channels, H, W): a residual block, then attention.

    `attention` is a module `(features, contexts) → features`. `checkpointed` keeps no
    activations for the backward pass, which computes them again.
    """

    def __init__(
        self, residual: ResidualBlock, attention: nn.Module | None, checkpointed: bool
    ) -> None:
        super().__init__()
        self.residual, self.attention = residual, attention
        self.checkpointed = checkpointed

    def forward(self, x: Tensor, told: Told) -> Tensor:
        if self.checkpointed and torch.is_grad_enabled():
            return checkpoint(self._compute, x, told, use_reentrant=False)
        return self._compute(x, told)

    def _compute(self, x: Tensor, told: Told) -> Tensor:
        h = self.residual(x, told.embedding)
        return h if self.attention is None else self.attention(h, told.contexts)


class EncoderLevel(nn.Module):
    """The stages of one resolution, after `down` from the finer one (None at the finest).

    Appends to `skips` what each stage made, the level's input first where `keep_input`.
    """

    def __init__(self, stages: Iterable[Stage], down: nn.Module | None, keep_input: bool) -> None:
        super().__init__()
        self.down, self.keep_input = down, keep_input
        self.stages = nn.ModuleList(stages)

    def forward(self, h: Tensor, told: Told, skips: list[Tensor]) -> Tensor:
        h = h if self.down is None else self.down(h)
        if self.keep_input:
            skips.append(h)
        for stage in self.stages:
            h = stage(h, told)
            skips.append(h)
        return h


class DecoderLevel(nn.Module):
    """The stages of one resolution, after `up` from the coarser one (None at the coarsest).

    Each stage works on `[skip, h]`, with the latest of `skips` that is left; on `[h, skip]`
    unless `skip_first`.
    """

    def __init__(
        self, stages: Iterable[Stage], up: nn.Module | None, skip_first: bool = True
    ) -> None:
        super().__init__()
        self.up, self.skip_first = up, skip_first
        self.stages = nn.ModuleList(stages)

    def forward(self, h: Tensor, told: Told, skips: list[Tensor]) -> Tensor:
        h = h if self.up is None else self.up(h, skips[-1].shape[-2:])
        for stage in self.stages:
            skip = skips.pop()
            h = stage(torch.cat([skip, h] if self.skip_first else [h, skip], dim=1), told)
        return h
