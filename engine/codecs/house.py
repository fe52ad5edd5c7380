"""The house codec: 44.1 kHz stereo ↔ 21.5 latent frames a second that describe magnitudes.

Encoding is linear (`projection.py`): levels in bands, four frames and the stereo balance together,
projected on their principal components. So a latent is a compressed patch of a log spectrogram,
smooth, free of phase and easy for a denoiser to learn, and its picture costs one matrix product.
Decoding is a small ConvNeXt-style network (Liu et al. 2022, as Vocos uses it, Siuzdak 2023) that
restores fine magnitudes for a long and a short window, and tells the frequencies of their peaks
and the envelope of attacks; `synthesis.py` finds their phases and makes the sound.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from engine.codecs.block import KERNEL, Block
from engine.codecs.projection import CHUNK, HouseCodecConfig, Projection
from engine.codecs.stereo import Stereo
from engine.codecs.synthesis import Amplitudes, Share, Synthesis, rounded_off

# Latent frames on either side of an excerpt: made to sound and cut off again, and beyond them
# looked at by the network alone. What is left is 0.06 dB rms from what the whole clip tells.
EXCERPT_MARGIN, EXCERPT_CONTEXT = 2, 2
DB_PER_NAT = 20 / math.log(10)


class HouseCodec(Projection):
    """See the module. `fit` sets the linear part from data; the network is trained after it."""

    gain: Tensor

    def __init__(self, config: HouseCodecConfig | None = None) -> None:
        super().__init__(config or HouseCodecConfig())
        config, bands = self.config, self.config.bands
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

    def narrowed(self, channels: int) -> HouseCodec:
        """The codec of the first `channels` latents: it decodes as if the others were zero."""
        codec = HouseCodec(replace(self.config, latent_channels=channels))
        weights = self.state_dict()
        for name in ("basis", "scale", "stem.weight"):
            weights[name] = weights[name][..., :channels]
        codec.load_state_dict(weights)
        return codec.train(self.training)

    def picture(self, latents: Tensor) -> Tensor:
        return self.to_picture @ self.unproject(latents)[0].transpose(1, 2)

    def amplitudes(self, latents: Tensor, inside: slice = slice(None)) -> Amplitudes:
        """All that sound is made from, of the frames `inside` latents (B, C, T), seen in whole."""
        h = self._states(latents)[:, inside]
        level, balance = self.unproject(latents[:, :, inside])
        low, high = self._levels(level, h)
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

    def _states(self, latents: Tensor) -> Tensor:
        """What the network makes of latents (B, C, T), (B, T, width)."""
        h = self.stem(latents.transpose(1, 2).to(self.stem.weight.dtype))
        for block in self.blocks:
            h = block(h)
        states: Tensor = self.norm(h)
        return states

    def _levels(self, level: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Levels of bands in dB and the network's states → (B, 4T, bins) and (B, 8T, bins)."""
        frames, low_count = self.config.bands.frames, len(self.low_bins_hz)
        low, high = _each_frame(self.head(h).float(), frames).tensor_split([low_count], dim=2)
        low_outline, high_outline = self._outlines(level)
        return low_outline + low, high_outline + _each_frame(high, 2)

    def outlines(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """All that (B, C, T) tell of the levels without the network, (B, 4T, bins), (B, 8T, bins).

        In nats, as `Share.level`.
        """
        return self._outlines(self.unproject(latents)[0])

    def _outlines(self, level: Tensor) -> tuple[Tensor, Tensor]:
        level = level / DB_PER_NAT
        return level @ self.to_low.T, (level @ self.to_high.T).repeat_interleave(2, dim=1)

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
        total, around = latents.shape[2], (synthesis.reach, self._context)
        sound = [
            self._go_on(synthesis, latents, start, min(start + chunk, total), *around)
            for start in range(0, total, chunk)
        ]
        return rounded_off(torch.cat(sound, dim=-1)[..., :samples])

    def excerpt(self, latents: Tensor, begin: int, samples: int) -> Tensor:
        """A draft of `samples` of the clip from the sample `begin` on, without what is before.

        Its phases do not follow the clip from its start, and the network sees less around it:
        a listener knows the place again, a program does not find these samples in the clip.
        """
        first, last = begin // self.hop, min(self.frames(begin + samples), latents.shape[2])
        around = EXCERPT_MARGIN, EXCERPT_CONTEXT
        sound = self._go_on(self._synthesis(draft=True), latents, first, last, *around)
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
        margin: int,
        context: int,
    ) -> Tensor:
        """The sound of the latent frames from `start` to `stop`, out of `margin` more around."""
        total = latents.shape[2]
        first, last = max(0, start - margin), min(total, stop + margin)
        seen = slice(max(0, first - context), min(total, last + context))
        inside = slice(first - seen.start, last - seen.start)
        piece = self.amplitudes(latents[:, :, seen], inside)
        return synthesis.go_on(piece, start - first, stop - first)

    def _around(self, latents: Tensor) -> Amplitudes:
        """One turn, seen by the network between its end and its beginning."""
        count = latents.shape[2]
        index = torch.arange(-self._context, count + self._context, device=latents.device) % count
        inside = slice(self._context, self._context + count)
        return self.amplitudes(latents[:, :, index], inside)


def _each_frame(told: Tensor, frames: int) -> Tensor:
    """(B, T, frames · n) → (B, frames · T, n)."""
    return told.unflatten(2, (frames, -1)).flatten(1, 2)
