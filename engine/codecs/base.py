"""What every codec offers, whatever is inside: audio ↔ 1D latents, and a picture of either."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Codec(Protocol):
    """Latents are normalised to about unit variance; audio is float32, nominally within ±1."""

    sample_rate: int
    channels: int
    latent_channels: int
    hop: int  # samples a latent frame
    low_hz: float  # the picture's frequency range
    high_hz: float

    def frames(self, samples: int) -> int:
        """Latent frames that cover `samples`."""

    def encode(self, audio: Tensor, *, circular: bool = False, frames: int | None = None) -> Tensor:
        """(B, channels, samples) → (B, latent_channels, frames).

        A `circular` clip is one turn of a loop: its end is followed by its beginning. `frames`
        says how many latent frames it takes, where that is not `self.frames`.
        """

    def decode(
        self, latents: Tensor, samples: int, *, draft: bool = False, circular: bool = False
    ) -> Tensor:
        """(B, latent_channels, frames) → (B, channels, samples). `draft` trades care for speed."""

    def excerpt(self, latents: Tensor, begin: int, samples: int) -> Tensor:
        """A draft of `samples` from the sample `begin` on, at no more cost than their own."""

    def picture(self, latents: Tensor) -> Tensor:
        """(B, latent_channels, frames) → (B, mels, columns) in dB, cheap enough for every step."""
