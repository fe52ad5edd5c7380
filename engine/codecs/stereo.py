"""Two channels from one: how loud each is, and how alike.

Parametric stereo (Breebaart et al. 2005) without its decorrelator: where the channels are to be
less alike, their phases part by ± an angle whose sign changes from one stretch of the spectrum to
the next, so that a band's cross-spectrum averages to the wanted coherence while no partial
changes its level in either channel.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.codecs.bands import FLOOR_POWER, Bands, Window, interpolation

STRETCH_HZ = 90.0  # of one sign: wider than a partial's lobe in the long window


@dataclass(frozen=True, eq=False)
class Stereo:
    """The image of T latent frames, in bands around `stereo_centres_hz`."""

    balance: Tensor  # (B, T, stereo bands), −1 right to 1 left
    coherence: Tensor | None = None  # the same, 0 to 1; None is 1


class Panning:
    """The image as it meets one window's bins, up to the last that matters."""

    def __init__(self, bands: Bands, window: Window) -> None:
        freq_hz = torch.arange(window.bins.stop) * (bands.sample_rate / window.size)
        self._spread = interpolation(stereo_centres_hz(bands), freq_hz)
        self._per_latent = bands.hop // window.hop
        self._signs = signs(freq_hz)

    def __call__(self, spectrum: Tensor, stereo: Stereo) -> Tensor:
        """(B, frames, bins) → left and right, (2B, frames, bins); powers add to twice as much."""
        left = (stereo.balance @ self._spread.to(stereo.balance).T).clamp(-1, 1)
        gains = torch.stack([(1 + left).sqrt(), (1 - left).sqrt()], dim=1)
        if stereo.coherence is not None:
            gains = torch.polar(gains, self._apart(stereo.coherence))
        gains = F.pad(gains, (0, spectrum.shape[2] - left.shape[2]))
        frames = spectrum.unflatten(1, (-1, self._per_latent))  # (B, T, frames a latent, bins)
        return (gains[:, :, :, None] * frames[:, None]).flatten(2, 3).flatten(0, 1)

    def _apart(self, coherence: Tensor) -> Tensor:
        """Each channel's phase, (B, 2, T, bins): half of arccos(coherence), either way."""
        seen = (coherence @ self._spread.to(coherence).T).clamp(0, 1)
        half = 0.5 * torch.arccos(seen) * self._signs.to(seen)
        return torch.stack([half, -half], dim=1)


def coherence(
    views: Iterable[tuple[Tensor, Tensor]], stereo_filters: Tensor, frames: int
) -> Tensor:
    """How alike both channels are in each of `frames` latent frames: (B, T, stereo bands), 0 to 1.

    `views` are each window's spectra (B, 2, kT, bins) and its filters into bands; `stereo_filters`
    lead from all bands to those of the image.
    """
    cross, power = [], []
    for spectrum, filters in views:
        each = spectrum.unflatten(2, (frames, -1))  # (B, 2, T, k, bins)
        products = (each[:, 0] * each[:, 1].conj()).mean(2)
        cross.append(torch.complex(products.real @ filters.T, products.imag @ filters.T))
        power.append(each.abs().square().mean(3) @ filters.T)
    rows = stereo_filters.T
    both = torch.cat(power, dim=3) @ rows + FLOOR_POWER
    over = torch.cat(cross, dim=2)
    over = torch.complex(over.real @ rows, over.imag @ rows).abs() + FLOOR_POWER
    return (over / (both[:, 0] * both[:, 1]).sqrt()).clamp(0, 1)


def signs(freq_hz: Tensor) -> Tensor:
    """−1 or 1 for each bin, the same within a stretch, and always the same."""
    stretch = (freq_hz / STRETCH_HZ).long()
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(0, 2, (int(stretch[-1]) + 1,), generator=generator)
    return (2.0 * drawn - 1)[stretch]


def stereo_centres_hz(bands: Bands) -> Tensor:
    """Where the stereo image is told, (stereo bands,)."""
    return torch.logspace(math.log10(80), math.log10(12_000), bands.stereo_bands)
