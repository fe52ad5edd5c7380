"""The diffusion transformer (Peebles & Xie 2023), over the same latents as the U-Net.

Stable Audio's networks are configurations of it, see `engine.nets.families.stable_audio`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from engine.nets.attention import mask_bias, rotary_angles
from engine.nets.conditioning import Conditioning
from engine.nets.dit_block import AdaptiveNorm, Block
from engine.nets.dit_config import ContextUse, DiTConfig, Modulation
from engine.nets.embeddings import MLP, FourierFeatures, TimeFeatures, sinusoidal
from engine.nets.layers import zeroed
from engine.nets.patches import from_patches, grid, to_patches
from engine.nets.shapes import check_inputs

__all__ = ["ContextUse", "DiT", "DiTConfig", "Modulation"]


class Condition(nn.Module):
    """c, (B, width): the noise level, and the vector and the pooled context where there are any.

    What is absent counts as zeros.
    """

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.channels, self.scale = config.time_channels, config.time_scale
        fourier = config.time_features is TimeFeatures.FOURIER
        self.fourier = FourierFeatures(self.channels) if fourier else None
        self.time = MLP(self.channels, config.width)
        self.vector_channels, self.context_channels = config.vector_channels, 0
        self.vector, self.context = None, None
        if config.vector_channels:
            self.vector = MLP(config.vector_channels, config.width, config.biases)
        if config.context_channels and not config.attends_to_context:
            self.context_channels = config.context_channels
            self.context = MLP(config.context_channels, config.width, config.biases)

    def forward(self, t: Tensor, given: Conditioning) -> Tensor:
        raw = self.fourier(t) if self.fourier else sinusoidal(t * self.scale, self.channels)
        c = self.time(raw.to(next(self.time.parameters()).dtype))
        if self.vector is not None:
            absent = c.new_zeros(len(t), self.vector_channels)
            c = c + self.vector(absent if given.vector is None else given.vector)
        if self.context is not None:
            absent = c.new_zeros(len(t), self.context_channels)
            c = c + self.context(absent if given.context is None else mean(given))
        return c


def mean(given: Conditioning) -> Tensor:
    """(B, D): the mean of the context's tokens that count, zero where none does."""
    context, keep = given.context, given.mask_or_ones()
    if context is None or keep is None:
        raise ValueError("there is no context to take the mean of")
    weights = keep.to(context.dtype)
    total = torch.einsum("bl,bld->bd", weights, context)
    return total / weights.sum(1, keepdim=True).clamp(min=1)


class DiT(nn.Module):
    """(B, in_channels, *spatial) at noise level t (B,) → (B, out_channels, *spatial).

    The output has the weights' dtype; inputs are cast to it. Raises `ValueError` for a shape
    that does not fit the config, before any computing.
    """

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.config = config
        self.circular = False  # see `make_circular`
        volume = config.patch**config.dimensions
        self.condition = Condition(config)
        self.context: MLP | None = None
        if config.attends_to_context:
            if config.null_context:
                self.null_token = nn.Parameter(torch.randn(1, 1, config.context_channels))
            if config.context_width:
                self.context = MLP(config.context_channels, config.context_width, config.biases)
        heard = config.in_channels + config.concat_channels
        self.input = nn.Linear(volume * heard, config.width, bias=config.biases)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = AdaptiveNorm(config, gated=False) if config.final_norm else None
        output = nn.Linear(config.width, volume * config.out_channels, bias=config.biases)
        self.output = zeroed(output, config.zero_init)

    def forward(self, x: Tensor, t: Tensor, conditioning: Conditioning | None = None) -> Tensor:
        x = x.to(self.input.weight.dtype)
        given = (conditioning or Conditioning()).to(x.device, x.dtype)
        check_inputs(self.config, x, t, given)
        spatial, patch = tuple(x.shape[2:]), self.config.patch
        h = self.input(to_patches(self._with_concat(x, given.concat), patch))
        c = self.condition(t, given)
        if self.config.modulation is Modulation.TOKEN:
            h = torch.cat([c[:, None].to(h.dtype), h], dim=1)
        told, context = F.silu(c), self._context(given, x)
        angles = self._angles(grid(spatial, patch), x.device)
        for number, block in enumerate(self.blocks):
            if number < self.config.checkpoint_blocks and torch.is_grad_enabled():
                h = checkpoint(block, h, told, angles, *context, use_reentrant=False)
            else:
                h = block(h, told, angles, *context)
        if self.config.modulation is Modulation.TOKEN:
            h = h[:, 1:]
        if self.norm is not None:
            h, _ = self.norm(h, told)
        return from_patches(self.output(h), patch, spatial)

    def _with_concat(self, x: Tensor, concat: Tensor | None) -> Tensor:
        """(B, C + Cc, *spatial)."""
        if not self.config.concat_channels:
            return x
        if concat is None:
            concat = x.new_zeros(len(x), self.config.concat_channels, *x.shape[2:])
        return torch.cat([x, concat], dim=1)

    def _context(self, given: Conditioning, x: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """The token states that the blocks attend to, and the bias of their mask.

        A context without one token says nothing: attention to it is zero.
        """
        config = self.config
        if not config.attends_to_context:
            return None, None
        context, keep = given.context, given.context_mask
        if context is None:
            context = x.new_zeros(len(x), 0, config.context_channels)
        if config.null_context:
            context = torch.cat([self.null_token.expand(len(x), -1, -1), context], dim=1)
            keep = None if keep is None else F.pad(keep, (1, 0), value=True)
        if self.context is not None:
            context = self.context(context)
        return context, None if keep is None else mask_bias(keep, context.dtype)

    def _angles(self, counts: tuple[int, ...], device: torch.device) -> Tensor | None:
        """(N, pairs), from position 1 on where a token stands before all others."""
        channels = self.config.rotary_channels
        if not channels:
            return None
        if self.config.modulation is not Modulation.TOKEN:
            return rotary_angles(counts, channels, device, self.circular)
        further = tuple(count + 1 for count in counts)
        angles = rotary_angles(further, channels, device).unflatten(0, further)
        first = angles[(0,) * len(counts)][None]
        rest = angles[(slice(1, None),) * len(counts)].flatten(0, -2)
        return torch.cat([first, rest])
