"""The house codec: 44.1 kHz stereo ↔ 21.5 latent frames a second that describe magnitudes.

Encoding is linear: levels in bands (`bands.py`), four frames and the stereo balance together,
projected on their principal components. So a latent is a compressed patch of a log spectrogram,
smooth, free of phase and easy for a denoiser to learn, and its picture costs one matrix product.
Decoding is a small ConvNeXt-style network (Liu et al. 2022, as Vocos uses it, Siuzdak 2023) that
restores fine magnitudes for a long and a short window, and `phase.py`, which finds their phases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.audio.spectrogram import mel_frequencies
from engine.codecs.bands import Bands, interpolation, power_db, triangles
from engine.codecs.synthesis import DECIDED, Amplitudes, Synthesis, rounded_off, stereo_centres_hz

BALANCE_SCALE = 4.0  # weighs the stereo balance against 52 band levels in dB
CHUNK = 512  # latent frames coded at a time: 24 s
CONTEXT = 24  # latent frames that the network looks at on either side
DB_PER_NAT = 20 / math.log(10)


@dataclass(frozen=True)
class HouseCodecConfig:
    latent_channels: int = 96
    width: int = 320
    expansion: int = 3
    layers: int = 6
    picture_mels: int = 160
    iterations: tuple[int, int] = (16, 8)  # Griffin-Lim in the low and the high band
    draft_iterations: tuple[int, int] = (4, 2)
    bands: Bands = field(default_factory=Bands)

    @property
    def features(self) -> int:
        return self.bands.frames * self.bands.count + self.bands.stereo_bands


class Block(nn.Module):
    """A depthwise convolution over time, then a two-layer perceptron a frame; (B, T, C)."""

    def __init__(self, width: int, expansion: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, expansion * width)
        self.narrow = nn.Linear(expansion * width, width)

    def forward(self, x: Tensor) -> Tensor:
        h = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        return x + self.narrow(F.gelu(self.widen(self.norm(h))))


class HouseCodec(nn.Module):
    """See the module. `fit` sets the linear part from data; the network is trained after it."""

    def __init__(self, config: HouseCodecConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or HouseCodecConfig()
        bands = config.bands
        self.sample_rate, self.channels, self.hop = bands.sample_rate, 2, bands.hop
        self.latent_channels = config.latent_channels
        self.low_hz, self.high_hz = bands.low_hz, bands.high_hz
        self.register_buffer("mean", torch.zeros(config.features))
        self.register_buffer("basis", torch.zeros(config.features, config.latent_channels))
        self.register_buffer("scale", torch.ones(config.latent_channels))
        self.register_buffer("ceiling", torch.zeros(bands.count, 1))
        self._register_views()
        low, high = len(self.low_bins_hz), len(self.high_bins_hz)
        self.stem = nn.Linear(config.latent_channels, config.width)
        self.blocks = nn.ModuleList(
            Block(config.width, config.expansion) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, bands.frames * (low + 2 * high))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

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
    stereo_hz: Tensor
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

    # Encoding

    def powers(self, audio: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 2, samples) → power in the low window's bins (B, 2, bins, 4T) and the high's (8T)."""
        samples = self.frames(audio.shape[-1]) * self.hop
        audio = F.pad(audio.float(), (0, samples - audio.shape[-1]))
        windows = (self.config.bands.low, self.config.bands.high)
        low, high = (window(audio).abs().square() for window in windows)
        return low, high

    def features(self, low: Tensor, high: Tensor) -> Tensor:
        """`powers` → (B, features, frames): band levels in dB, then the balance."""
        bands = self.config.bands
        high = high.unflatten(-1, (-1, 2)).mean(-1)  # both windows at one frame rate
        power = torch.cat([self.low_filters @ low, self.high_filters @ high], dim=2)
        level = power_db(power.mean(1)).unflatten(2, (-1, bands.frames))  # (B, bands, T, 4)
        side = self.stereo_filters @ power.unflatten(3, (-1, bands.frames)).mean(-1)
        balance = (side[:, 0] - side[:, 1]) / (side.sum(1) + 1e-7)  # quiet bands are centred
        stacked = level.permute(0, 3, 1, 2).flatten(1, 2)
        return torch.cat([stacked, BALANCE_SCALE * 10 * torch.atanh(0.97 * balance)], dim=1)

    @torch.no_grad()
    def fit(self, features: Tensor) -> float:
        """Set the projection from (N, features) by principal components; returns the rms error.

        Each component is divided by the root of its deviation: large ones stay large, so that
        a denoiser learns the outline first, without drowning the fine ones (cf. whitening).
        """
        mean = features.mean(0)
        variance, vectors = torch.linalg.eigh(torch.cov((features - mean).T.double()))
        variance, vectors = variance.flip(0).float(), vectors.flip(1).float()
        channels = self.latent_channels
        deviation = variance[:channels].clamp(min=1e-6).sqrt()
        self.mean.copy_(mean)
        self.basis.copy_(vectors[:, :channels])
        self.scale.copy_((deviation * deviation.mean()).sqrt())
        levels = features[:, : -self.config.bands.stereo_bands].amax(0)
        self.ceiling.copy_(levels.unflatten(0, (-1, self.config.bands.count)).amax(0)[:, None])
        return float((variance[channels:].sum() / len(variance)).sqrt())

    def project(self, features: Tensor) -> Tensor:
        """(B, features, frames) → latents."""
        centred = features.transpose(1, 2) - self.mean
        return ((centred @ self.basis) / self.scale).transpose(1, 2)

    def encode(self, audio: Tensor) -> Tensor:
        """In pieces, each with the sound around it that its windows reach into: exact."""
        total, hop, reach = self.frames(audio.shape[-1]), self.hop, 2
        audio = F.pad(audio, (0, total * hop - audio.shape[-1]))
        parts = []
        for start in range(0, total, CHUNK):
            first, last = max(0, start - reach), min(total, start + CHUNK + reach)
            found = self.features(*self.powers(audio[..., first * hop : last * hop]))
            parts.append(self.project(found[..., start - first :][..., :CHUNK]))
        return torch.cat(parts, dim=2)

    # Decoding

    def _unproject(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (B, C, T) → band levels in dB (B, bands, 4T) and balance (B, stereo, T).

        No band is louder than it ever was in the corpus: guidance can push latents beyond what
        they have meant, and a few decibels too many are a factor in sound.
        """
        bands = self.config.bands
        features = (latents.float().transpose(1, 2) * self.scale) @ self.basis.T + self.mean
        level, balance = features.split([bands.frames * bands.count, bands.stereo_bands], dim=2)
        level = level.unflatten(2, (bands.frames, bands.count)).flatten(1, 2).transpose(1, 2)
        level = torch.minimum(level, self.ceiling)
        return level, torch.tanh(balance.transpose(1, 2) / (BALANCE_SCALE * 10)) / 0.97

    def picture(self, latents: Tensor) -> Tensor:
        return self.to_picture @ self._unproject(latents)[0]

    def magnitudes(self, latents: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log amplitudes in nats, low (B, bins, 4T) and high (B, bins, 8T), and the balance."""
        level, balance = self._unproject(latents)
        frames, low_count = self.config.bands.frames, len(self.low_bins_hz)
        h = self.stem(latents.transpose(1, 2).to(self.stem.weight.dtype))
        for block in self.blocks:
            h = block(h)
        detail = self.head(self.norm(h)).float().unflatten(2, (frames, -1)).flatten(1, 2)
        low, high = detail.transpose(1, 2).split([low_count, detail.shape[2] - low_count], dim=1)
        high = high.unflatten(1, (2, -1)).permute(0, 2, 3, 1).flatten(2)  # (B, bins, 8T)
        level = level / DB_PER_NAT
        coarse = (self.to_high @ level).repeat_interleave(2, dim=2)
        return self.to_low @ level + low, coarse + high, balance

    def decode(self, latents: Tensor, samples: int, *, draft: bool = False) -> Tensor:
        """In pieces of `CHUNK` latent frames, so that memory does not grow with the clip."""
        rounds = self.config.draft_iterations if draft else self.config.iterations
        synthesis = Synthesis(self.config.bands, rounds)
        total = latents.shape[2]
        sound = []
        for start in range(0, total, CHUNK):
            stop = min(start + CHUNK, total)
            first, last = max(0, start - DECIDED), min(total, stop + DECIDED)
            seen = slice(max(0, first - CONTEXT), min(total, last + CONTEXT))
            piece = self._amplitudes(latents[:, :, seen], first - seen.start, last - first)
            # What lies behind the last decided frame is heard in the next piece.
            begin = start - DECIDED // 2 if start else 0
            end = stop - DECIDED // 2 if stop < total else total
            sound.append(synthesis.go_on(piece, begin - first, end - first, stop - first))
        return rounded_off(torch.cat(sound, dim=-1)[..., :samples])

    def _amplitudes(self, latents: Tensor, first: int, count: int) -> Amplitudes:
        low, high, balance = self.magnitudes(latents)
        frames = self.config.bands.frames
        return Amplitudes(
            low[:, :, frames * first : frames * (first + count)].exp(),
            high[:, :, 2 * frames * first : 2 * frames * (first + count)].exp(),
            balance[:, :, first : first + count],
        )
