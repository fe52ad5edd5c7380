"""What every model family offers to the pipeline, whatever is inside."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from engine.api import ModelInfo
from engine.codecs.base import Codec
from engine.device import Device
from engine.diffusion.parameterisation import Denoiser
from engine.nets.conditioning import Conditioning
from engine.score import Score


class Model(Protocol):
    """A loaded model: weights on `device`, ready to denoise."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def device(self) -> Device: ...

    @property
    def denoiser(self) -> Denoiser: ...

    @property
    def codec(self) -> Codec: ...

    @property
    def sigma_range(self) -> tuple[float, float]:
        """The least and the greatest noise level, in units of the latents."""

    @property
    def bytes_a_second(self) -> float:
        """Memory that each second of sound takes at the worst moment of its making."""

    @property
    def loop_frames(self) -> int:
        """A loop's latent frames are a multiple of this many."""

    def turn_around(self, loop: bool) -> None:
        """Let the network treat time as a loop from now on, or as a line."""

    def conditioning(
        self,
        prompt: str,
        negative_prompt: str,
        score: Score,
        frames: int,
        over: Tensor | None = None,
    ) -> tuple[Conditioning, Conditioning]:
        """What the network is told, and what guidance leads away from; each one item.

        `over` (1, C, frames) are the latents of what the music is to fit. Raises `InvalidRequest`
        where the model cannot hear it.
        """

    def finished(self, latents: Tensor, guidance: float) -> Tensor:
        """Latents (1, C, frames) that were denoised with this guidance, as they are to sound."""

    def notices(self, prompt: str, negative_prompt: str, score: Score) -> tuple[str, ...]:
        """Sentences about what of all this the model cannot follow; usually none."""
