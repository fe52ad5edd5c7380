"""A judge of latents that begins as a trained denoiser and so knows music already."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.nets.conditioning import Conditioning
from engine.nets.layers import Convolution
from engine.nets.unet import UNet, UNetConfig

Logits = tuple[Tensor, ...]
"""Of B clips, (B, places) at each resolution."""


class Discriminator(nn.Module):
    """Whether noised latents sound real, and whether they are what they are to be.

    (B, C, T) at noise level t (B,) → four maps of logits, higher for yes: (B, N) and (B, T) of
    being real, (B, N) and (B, T) of fitting. There is one for each place of the U-Net's coarsest
    features, which know the whole, and for each of its finest, which know every attack. `body`
    takes a denoiser's weights; the heads are new.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.body = UNet(config)
        widths = (config.channels[-1], config.channels[0])
        self.real = nn.ModuleList(head(config, width) for width in widths)
        self.fitting = nn.ModuleList(head(config, width) for width in widths)
        self.learns(True)

    def learns(self, now: bool) -> None:
        """Whether weights take gradients; those that a prediction alone needs never do."""
        self.requires_grad_(now)
        self.body.norm.requires_grad_(False)
        self.body.output.requires_grad_(False)

    def forward(self, x: Tensor, t: Tensor, conditioning: Conditioning) -> tuple[Tensor, ...]:
        features = self.body.features(x, t, conditioning)
        heads = (*zip(self.real, features, strict=True), *zip(self.fitting, features, strict=True))
        return tuple(head(each).flatten(1) for head, each in heads)


def head(config: UNetConfig, width: int) -> nn.Sequential:
    """(B, width, H, W) → (B, 1, H, W)."""
    return nn.Sequential(
        nn.GroupNorm(config.groups, width),
        nn.SiLU(),
        Convolution(config.dimensions, width, width // 2, 3),
        nn.SiLU(),
        Convolution(config.dimensions, width // 2, 1, 3),
    )


def preferred(these: Logits, those: Logits) -> Tensor:
    """Mean of −ln P(these are preferred), the places of every resolution alike in weight."""
    pairs = zip(these, those, strict=True)
    return torch.stack([F.softplus(b - a).mean() for a, b in pairs]).mean()
