"""A judge of the codec's magnitudes, by which they get the grain that music has.

It looks at patches of both windows' log spectrograms, each beside its outline, which is all that
the latents tell: so it learns which detail belongs to which outline. Patches of spectrograms are
what EnCodec's and Vocos's judges see (Défossez et al. 2022; Siuzdak 2023), and that what is made
should look to the judge as what is true does comes from there too (feature matching). The loss is
relativistic, as the denoiser's (`adversarial.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.codecs.synthesis import Amplitudes
from engine.device import choose
from engine.training.codec_losses import audible
from engine.training.discriminator import preferred

PATCH_FRAMES, PATCH_BINS = 2, 4
MIDDLE, SPREAD = -5.0, 2.5  # of log amplitudes, in nats
STRIDES = ((1, 1), (2, 2), (1, 2), (2, 2))  # frames and bins of patches
WIDTH, WIDER = 64, 96
SLOPE = 0.1  # below zero


@dataclass(frozen=True, eq=False)
class Judged:
    """What a decoder made, or should have, and the outlines of both windows that it was told."""

    made: Amplitudes
    outlines: tuple[Tensor, Tensor]  # (B, 4T, bins) and (B, 8T, bins), nats

    @property
    def windows(self) -> tuple[tuple[Tensor, Tensor], ...]:
        """Level and outline of each."""
        shares = (self.made.low, self.made.high)
        return tuple(
            (audible(share.level), outline)
            for share, outline in zip(shares, self.outlines, strict=True)
        )

    def detached(self) -> Judged:
        low, high = (
            replace(share, level=share.level.detach()) for share in (self.made.low, self.made.high)
        )
        return replace(self, made=replace(self.made, low=low, high=high))


class WindowJudge(nn.Module):
    """(B, frames, bins) levels and their outline → (B, patches) logits, and the features before."""

    def __init__(self) -> None:
        super().__init__()
        views = 3  # level, outline, pitch
        widths = (views * PATCH_FRAMES * PATCH_BINS, WIDTH, *[WIDER] * (len(STRIDES) - 1))
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride, padding=1)
            for before, after, stride in zip(widths, widths[1:], STRIDES, strict=False)
        )
        self.output = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, level: Tensor, outline: Tensor) -> tuple[Tensor, list[Tensor]]:
        x, features = _patches(level, outline), []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
            features.append(x)
        return self.output(x).float().flatten(1), features


class CodecJudge(nn.Module):
    """Of both windows, each for itself."""

    def __init__(self) -> None:
        super().__init__()
        self.windows = nn.ModuleList(WindowJudge() for _ in range(2))

    def forward(self, judged: Judged) -> tuple[tuple[Tensor, ...], list[Tensor]]:
        """Logits of each window, higher for true; and the features of both."""
        with choose("cpu").autocast():
            seen = [judge(*each) for judge, each in zip(self.windows, judged.windows, strict=True)]
        return tuple(logits for logits, _ in seen), [f for _, features in seen for f in features]

    def mistaken(self, true: Judged, made: Judged) -> Tensor:
        """How far it is from preferring what is true: its own loss, ln 2 where it cannot tell."""
        return preferred(self(true)[0], self(made)[0])

    def against(self, true: Judged, made: Judged) -> tuple[Tensor, Tensor]:
        """The decoder's losses: of not being preferred, and of looking different.

        The second is the mean of the features' distances, relative to their size. The judge's
        weights take no gradients.
        """
        self.requires_grad_(False)
        with torch.no_grad():
            wanted, features = self(true)
        found, others = self(made)
        self.requires_grad_(True)
        apart = [
            (a - b).abs().mean() / a.abs().mean().clamp(min=1e-3)
            for a, b in zip(features, others, strict=True)
        ]
        return preferred(found, wanted), torch.stack(apart).mean()


def _patches(level: Tensor, outline: Tensor) -> Tensor:
    """(B, views · frames · bins of a patch, patches in time, patches in pitch), channels last."""
    pitch = torch.linspace(-1, 1, level.shape[2], device=level.device).expand_as(level)
    views = torch.stack([(level - MIDDLE) / SPREAD, (outline - MIDDLE) / SPREAD, pitch], dim=1)
    views = F.pad(views, (0, -views.shape[3] % PATCH_BINS, 0, -views.shape[2] % PATCH_FRAMES))
    parts = views.unflatten(3, (-1, PATCH_BINS)).unflatten(2, (-1, PATCH_FRAMES))
    patches = parts.permute(0, 1, 3, 5, 2, 4).flatten(1, 3)
    return patches.contiguous(memory_format=torch.channels_last)
