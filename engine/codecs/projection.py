"""The house codec's linear part: sound → levels in bands → latents, and back to levels.

`bands.py` says what is heard; here it is projected on the principal components of a corpus.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.audio.spectrogram import mel_frequencies
from engine.codecs.bands import Bands, interpolation, power_db, triangles
from engine.codecs.stereo import coherence, stereo_centres_hz

BALANCE_SCALE = 4.0  # weighs the stereo balance against 52 band levels in dB
WIDTH_SCALE = 20.0  # the same for the part of the sound that both channels do not share
TONAL_WEIGHT = 2.0  # of errors in the low window's bands, where pitch lives, against the others'
CHUNK = 512  # latent frames coded at a time: 24 s


@dataclass(frozen=True)
class HouseCodecConfig:
    latent_channels: int = 96
    width: int = 320
    expansion: int = 3
    layers: int = 6
    picture_mels: int = 160
    iterations: tuple[int, int] = (2, 1)
    """Rounds of Griffin-Lim in the low and the high band. More bring magnitudes nearer to what was
    told, and take sound further from renders as the report hears them."""
    draft_iterations: tuple[int, int] = (1, 1)
    tells_motion: bool = False  # the network also tells frequencies, envelopes and width
    hears_width: bool = False  # latents also tell how alike both channels are
    bands: Bands = field(default_factory=Bands)

    @property
    def features(self) -> int:
        cues = 2 if self.hears_width else 1
        return self.bands.frames * self.bands.count + cues * self.bands.stereo_bands


@dataclass(frozen=True, eq=False)
class Heard:
    """What the encoder hears of B sounds: T latent frames."""

    low: Tensor  # (B, 2, 4T, bins): power in the low window's bins
    high: Tensor  # (B, 2, 8T, bins): and in the high window's
    coherence: Tensor  # (B, T, stereo bands), 0 to 1: how alike both channels are


class Projection(nn.Module):
    """Encodes. `fit` sets the projection from data; what is not fitted makes no latents."""

    def __init__(self, config: HouseCodecConfig) -> None:
        super().__init__()
        self.config = config
        bands = config.bands
        self.sample_rate, self.channels, self.hop = bands.sample_rate, 2, bands.hop
        self.latent_channels = config.latent_channels
        self.low_hz, self.high_hz = bands.low_hz, bands.high_hz
        self.register_buffer("mean", torch.zeros(config.features))
        self.register_buffer("basis", torch.zeros(config.features, config.latent_channels))
        self.register_buffer("scale", torch.ones(config.latent_channels))
        self.register_buffer("ceiling", torch.zeros(bands.count, 1))
        self._register_views()

    mean: Tensor
    basis: Tensor
    scale: Tensor
    ceiling: Tensor
    low_bins_hz: Tensor
    high_bins_hz: Tensor
    low_filters: Tensor
    high_filters: Tensor
    to_low: Tensor
    to_high: Tensor
    to_picture: Tensor
    stereo_filters: Tensor

    def _register_views(self) -> None:
        """Fixed matrices between bins, bands and the picture; recomputed, never stored."""
        bands = self.config.bands
        low_hz = bands.low.freq_hz(bands.sample_rate)
        high_hz = bands.high.freq_hz(bands.sample_rate)
        low_filters, high_filters = bands.filters()
        stereo_hz = stereo_centres_hz(bands)
        views = {
            "low_bins_hz": low_hz,
            "high_bins_hz": high_hz,
            "low_filters": low_filters,
            "high_filters": high_filters,
            "to_low": interpolation(bands.centres, low_hz),
            "to_high": interpolation(bands.centres, high_hz),
            "to_picture": interpolation(bands.centres, self._picture_hz()),
            "stereo_filters": triangles(stereo_hz, bands.centres),
        }
        for name, value in views.items():
            self.register_buffer(name, value.float(), persistent=False)

    def _picture_hz(self) -> Tensor:
        hz = mel_frequencies(self.config.picture_mels, self.low_hz, self.high_hz)
        return torch.as_tensor(hz, dtype=torch.float32)

    def frames(self, samples: int) -> int:
        return -(-samples // self.hop)

    def hear(self, audio: Tensor, *, circular: bool = False, frames: int | None = None) -> Heard:
        """(B, 2, samples) through both windows, in `frames` latent frames or as many as fit."""
        bands, frames = self.config.bands, frames or self.frames(audio.shape[-1])
        if circular:
            low = bands.low.around(audio.float(), frames * bands.frames)
            high = bands.high.around(audio.float(), 2 * frames * bands.frames)
        else:
            audio = F.pad(audio.float(), (0, frames * self.hop - audio.shape[-1]))
            low, high = bands.low(audio), bands.high(audio)
        views = ((low, self.low_filters), (high, self.high_filters))
        return Heard(_power(low), _power(high), coherence(views, self.stereo_filters, frames))

    def features(self, heard: Heard) -> Tensor:
        """(B, frames, features): band levels in dB, then the balance, then the width."""
        bands = self.config.bands
        high = heard.high.unflatten(2, (-1, 2)).mean(3)  # both windows at one frame rate
        power = torch.cat([heard.low @ self.low_filters.T, high @ self.high_filters.T], dim=3)
        power = power.unflatten(2, (-1, bands.frames))  # (B, 2, T, 4, bands)
        side = power.mean(3) @ self.stereo_filters.T
        balance = (side[:, 0] - side[:, 1]) / (side.sum(1) + 1e-7)  # quiet bands are centred
        level = power_db(power.mean(1)).flatten(2)
        told = [level, BALANCE_SCALE * 10 * torch.atanh(0.97 * balance)]
        if self.config.hears_width:
            told.append(WIDTH_SCALE * (1 - heard.coherence))
        return torch.cat(told, dim=2)

    @torch.no_grad()
    def fit(self, features: Tensor, kept: int = 0) -> float:
        """Set the projection from (N, features); returns the rms error of what it leaves out.

        Principal components, but chosen by an error in which tonal bands weigh more. The first
        `kept` latents stay as they are, and the others tell what those leave. Each component is
        divided by the root of its deviation: large ones stay large, so that a denoiser learns
        the outline first, without drowning the fine ones (cf. whitening).
        """
        unheard = (self.basis[:, :kept] == 0).all(1)  # all, where none are kept
        self.mean[unheard] = features.mean(0)[unheard]
        around = (features - self.mean).double()
        covariance = around.T @ around / len(around)
        basis = self.basis[:, :kept].double()
        basis = torch.cat([basis, self._components(covariance, basis)], dim=1)
        deviation = torch.einsum("fc,fg,gc->c", basis, covariance, basis).clamp(min=1e-6).sqrt()
        old = slice(0, kept or None)
        typical = (self.scale[old].square() / deviation[old]).mean() if kept else deviation.mean()
        self.basis.copy_(basis)
        self.scale[kept:] = (deviation * typical).sqrt()[kept:]
        levels = features[:, : self.config.bands.frames * self.config.bands.count].amax(0)
        ceiling = levels.unflatten(0, (-1, self.config.bands.count)).amax(0)[:, None]
        self.ceiling.copy_(torch.maximum(ceiling, self.ceiling) if kept else ceiling)
        left = (covariance.trace() - deviation.square().sum()).clamp(min=0)
        return float((left / len(covariance)).sqrt())

    def _components(self, covariance: Tensor, kept: Tensor) -> Tensor:
        """(features, what is missing to `latent_channels`), orthonormal, also to `kept`."""
        rest = torch.eye(len(covariance), dtype=covariance.dtype) - kept @ kept.T
        weight = self._weights().to(covariance)[:, None]
        wanted = self.latent_channels - kept.shape[1]
        _, vectors = torch.linalg.eigh(weight * (rest @ covariance @ rest) * weight.T)
        span, _ = torch.linalg.qr(rest @ (weight * vectors.flip(1)[:, :wanted]))
        _, turn = torch.linalg.eigh(span.T @ covariance @ span)
        return span @ turn.flip(1)  # within what they span, the largest first

    def _weights(self) -> Tensor:
        """How much an error in each feature weighs, (features,)."""
        bands = self.config.bands
        weight = torch.ones(self.config.features)
        levels = weight[: bands.frames * bands.count].view(bands.frames, bands.count)
        levels[:, : len(bands.low_centres)] = TONAL_WEIGHT
        return weight

    def project(self, features: Tensor) -> Tensor:
        """(B, frames, features) → latents."""
        return (((features - self.mean) @ self.basis) / self.scale).transpose(1, 2)

    def encode(
        self,
        audio: Tensor,
        *,
        circular: bool = False,
        frames: int | None = None,
        chunk: int = CHUNK,
    ) -> Tensor:
        """In pieces of `chunk` frames, each with the sound that its windows reach into: exact.

        A `circular` clip is one turn of a loop: its windows wrap around. Its frames are a little
        closer where the hop does not divide its length, or as far apart as `frames` asks for.
        """
        if circular:
            return self.project(self.features(self.hear(audio, circular=True, frames=frames)))
        total, hop, reach = self.frames(audio.shape[-1]), self.hop, 2
        audio = F.pad(audio, (0, total * hop - audio.shape[-1]))
        parts = []
        for start in range(0, total, chunk):
            first, last = max(0, start - reach), min(total, start + chunk + reach)
            found = self.features(self.hear(audio[..., first * hop : last * hop]))
            parts.append(self.project(found[:, start - first :][:, :chunk]))
        return torch.cat(parts, dim=2)

    def unproject(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (B, C, T) → band levels in dB (B, 4T, bands) and balance (B, T, stereo).

        No band is louder than it ever was in the corpus: guidance can push latents beyond what
        they have meant, and a few decibels too many are a factor in sound.
        """
        bands = self.config.bands
        features = (latents.float().transpose(1, 2) * self.scale) @ self.basis.T + self.mean
        levels = bands.frames * bands.count
        level, balance = features[..., :levels], features[..., levels:][..., : bands.stereo_bands]
        level = level.unflatten(2, (bands.frames, bands.count)).flatten(1, 2)
        level = torch.minimum(level, self.ceiling[:, 0])
        return level, torch.tanh(balance / (BALANCE_SCALE * 10)) / 0.97


def _power(spectrum: Tensor) -> Tensor:
    return spectrum.real.square() + spectrum.imag.square()
