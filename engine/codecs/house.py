"""The house codec: 44.1 kHz stereo ↔ 21.5 latent frames a second that describe magnitudes.

Encoding is linear: levels in bands (`bands.py`), four frames and the stereo balance together,
projected on their principal components. So a latent is a compressed patch of a log spectrogram,
smooth, free of phase and easy for a denoiser to learn, and its picture costs one matrix product.
Decoding is a small ConvNeXt-style network (Liu et al. 2022, as Vocos uses it, Siuzdak 2023) that
restores fine magnitudes for a long and a short window, and tells the frequencies of their peaks
and the envelope of attacks; `synthesis.py` finds their phases and makes the sound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.audio.spectrogram import mel_frequencies
from engine.codecs.bands import Bands, interpolation, power_db, triangles
from engine.codecs.block import KERNEL, Block
from engine.codecs.stereo import Stereo, stereo_centres_hz
from engine.codecs.synthesis import Amplitudes, Share, Synthesis, rounded_off

BALANCE_SCALE = 4.0  # weighs the stereo balance against 52 band levels in dB
CHUNK = 512  # latent frames coded at a time: 24 s
DRAFT_CONTEXT = 4  # latent frames that a draft's network looks at beyond what phases need
DB_PER_NAT = 20 / math.log(10)


@dataclass(frozen=True)
class HouseCodecConfig:
    latent_channels: int = 96
    width: int = 320
    expansion: int = 3
    layers: int = 6
    picture_mels: int = 160
    iterations: tuple[int, int] = (8, 4)  # Griffin-Lim in the low and the high band
    draft_iterations: tuple[int, int] = (1, 1)
    tells_motion: bool = False  # the network also tells frequencies, envelopes and width
    bands: Bands = field(default_factory=Bands)

    @property
    def features(self) -> int:
        return self.bands.frames * self.bands.count + self.bands.stereo_bands


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
        if config.tells_motion:
            offsets = bands.frames * (low + 2 * bands.told_high_bins)
            told = offsets + 2 * bands.envelope_steps + bands.stereo_bands
            self.motion = nn.Linear(config.width, told)
            nn.init.zeros_(self.motion.weight)
            nn.init.zeros_(self.motion.bias)
            self.register_buffer("gain", torch.zeros(bands.count))

    mean: Tensor
    basis: Tensor
    scale: Tensor
    ceiling: Tensor
    gain: Tensor
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

    # Encoding

    def powers(self, audio: Tensor, *, circular: bool = False) -> tuple[Tensor, Tensor]:
        """(B, 2, samples) → power in the low window's bins (B, 2, 4T, bins) and the high's (8T)."""
        bands, frames = self.config.bands, self.frames(audio.shape[-1])
        if circular:
            low = bands.low.around(audio.float(), frames * bands.frames)
            high = bands.high.around(audio.float(), 2 * frames * bands.frames)
        else:
            audio = F.pad(audio.float(), (0, frames * self.hop - audio.shape[-1]))
            low, high = bands.low(audio), bands.high(audio)
        return _power(low), _power(high)

    def features(self, low: Tensor, high: Tensor) -> Tensor:
        """`powers` → (B, frames, features): band levels in dB, then the balance."""
        bands = self.config.bands
        high = high.unflatten(2, (-1, 2)).mean(3)  # both windows at one frame rate
        power = torch.cat([low @ self.low_filters.T, high @ self.high_filters.T], dim=3)
        power = power.unflatten(2, (-1, bands.frames))  # (B, 2, T, 4, bands)
        side = power.mean(3) @ self.stereo_filters.T
        balance = (side[:, 0] - side[:, 1]) / (side.sum(1) + 1e-7)  # quiet bands are centred
        level = power_db(power.mean(1)).flatten(2)
        return torch.cat([level, BALANCE_SCALE * 10 * torch.atanh(0.97 * balance)], dim=2)

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
        """(B, frames, features) → latents."""
        return (((features - self.mean) @ self.basis) / self.scale).transpose(1, 2)

    def encode(self, audio: Tensor, *, circular: bool = False, chunk: int = CHUNK) -> Tensor:
        """In pieces of `chunk` frames, each with the sound that its windows reach into: exact.

        A `circular` clip is one turn of a loop: its windows wrap around. Its frames are a little
        closer where the hop does not divide its length.
        """
        if circular:
            return self.project(self.features(*self.powers(audio, circular=True)))
        total, hop, reach = self.frames(audio.shape[-1]), self.hop, 2
        audio = F.pad(audio, (0, total * hop - audio.shape[-1]))
        parts = []
        for start in range(0, total, chunk):
            first, last = max(0, start - reach), min(total, start + chunk + reach)
            found = self.features(*self.powers(audio[..., first * hop : last * hop]))
            parts.append(self.project(found[:, start - first :][:, :chunk]))
        return torch.cat(parts, dim=2)

    # Decoding

    def _unproject(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (B, C, T) → band levels in dB (B, 4T, bands) and balance (B, T, stereo).

        No band is louder than it ever was in the corpus: guidance can push latents beyond what
        they have meant, and a few decibels too many are a factor in sound.
        """
        bands = self.config.bands
        features = (latents.float().transpose(1, 2) * self.scale) @ self.basis.T + self.mean
        level, balance = features.split([bands.frames * bands.count, bands.stereo_bands], dim=2)
        level = level.unflatten(2, (bands.frames, bands.count)).flatten(1, 2)
        level = torch.minimum(level, self.ceiling[:, 0])
        return level, torch.tanh(balance / (BALANCE_SCALE * 10)) / 0.97

    def picture(self, latents: Tensor) -> Tensor:
        return self.to_picture @ self._unproject(latents)[0].transpose(1, 2)

    def amplitudes(self, latents: Tensor) -> Amplitudes:
        """All that sound is made from, of latents (B, C, T)."""
        low, high, balance, h = self._levels(latents)
        if not self.config.tells_motion:
            return Amplitudes(Share(low), Share(high), Stereo(balance))
        bands = self.config.bands
        low_offset, high_offset, low_envelope, high_envelope, alike = (
            self.motion(h)
            .float()
            .split(
                [
                    bands.frames * len(self.low_bins_hz),
                    2 * bands.frames * bands.told_high_bins,
                    bands.envelope_steps,
                    bands.envelope_steps,
                    bands.stereo_bands,
                ],
                dim=2,
            )
        )
        return Amplitudes(
            Share(
                low,
                _each_frame(low_offset, bands.frames),
                low_envelope.flatten(1),
                self.to_low @ self.gain,
            ),
            Share(
                high,
                _each_frame(high_offset, 2 * bands.frames),
                high_envelope.flatten(1),
                self.to_high @ self.gain,
            ),
            Stereo(balance, alike.sigmoid()),
        )

    def _levels(self, latents: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Levels (B, 4T, bins) and (B, 8T, bins), the balance, the network's states."""
        level, balance = self._unproject(latents)
        frames, low_count = self.config.bands.frames, len(self.low_bins_hz)
        h = self.stem(latents.transpose(1, 2).to(self.stem.weight.dtype))
        for block in self.blocks:
            h = block(h)
        h = self.norm(h)
        low, high = _each_frame(self.head(h).float(), frames).tensor_split([low_count], dim=2)
        level = level / DB_PER_NAT
        coarse = (level @ self.to_high.T).repeat_interleave(2, dim=1)
        return level @ self.to_low.T + low, coarse + _each_frame(high, 2), balance, h

    def decode(
        self,
        latents: Tensor,
        samples: int,
        *,
        draft: bool = False,
        circular: bool = False,
        chunk: int = CHUNK,
    ) -> Tensor:
        """In pieces of `chunk` latent frames, so that memory does not grow with the clip.

        The pieces overlap by all that their sound depends on, so that their number is not heard.

        A `circular` clip, encoded so, is one turn of a loop and made whole: its end goes on into
        its beginning.
        """
        synthesis = self._synthesis(draft)
        if circular:
            return rounded_off(synthesis.loop(self._around(latents), samples))
        sound = [
            self._go_on(synthesis, latents, start, min(start + chunk, latents.shape[2]))
            for start in range(0, latents.shape[2], chunk)
        ]
        return rounded_off(torch.cat(sound, dim=-1)[..., :samples])

    def excerpt(self, latents: Tensor, begin: int, samples: int) -> Tensor:
        """A draft of `samples` of the clip from the sample `begin` on, without what is before.

        Its phases do not follow the clip from its start, and the network sees less around it:
        a listener knows the place again, a program does not find these samples in the clip.
        """
        first, last = begin // self.hop, min(self.frames(begin + samples), latents.shape[2])
        sound = self._go_on(self._synthesis(draft=True), latents, first, last, DRAFT_CONTEXT)
        offset = begin - first * self.hop
        return rounded_off(sound[..., offset : offset + samples])

    def _synthesis(self, draft: bool) -> Synthesis:
        rounds = self.config.draft_iterations if draft else self.config.iterations
        return Synthesis(self.config.bands, rounds)

    @property
    def _context(self) -> int:
        """Latent frames that the network looks at on either side."""
        return self.config.layers * (KERNEL // 2)

    def _go_on(
        self,
        synthesis: Synthesis,
        latents: Tensor,
        start: int,
        stop: int,
        context: int | None = None,
    ) -> Tensor:
        """The sound of the latent frames from `start` to `stop`."""
        context = self._context if context is None else context
        total, reach = latents.shape[2], synthesis.reach
        first, last = max(0, start - reach), min(total, stop + reach)
        seen = slice(max(0, first - context), min(total, last + context))
        piece = self.amplitudes(latents[:, :, seen]).part(first - seen.start, last - first)
        return synthesis.go_on(piece, start - first, stop - first)

    def _around(self, latents: Tensor) -> Amplitudes:
        """One turn, seen by the network between its end and its beginning."""
        count = latents.shape[2]
        index = torch.arange(-self._context, count + self._context, device=latents.device) % count
        return self.amplitudes(latents[:, :, index]).part(self._context, count)


def _each_frame(told: Tensor, frames: int) -> Tensor:
    """(B, T, frames · n) → (B, frames · T, n)."""
    return told.unflatten(2, (frames, -1)).flatten(1, 2)


def _power(spectrum: Tensor) -> Tensor:
    return spectrum.real.square() + spectrum.imag.square()
