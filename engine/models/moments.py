"""A model's finished latents, brought to the spread that music's have.

Guidance leads away from what is said without a prompt, and so widens what it leads; post-training
against a judge widens it too. The house model's latents spread a tenth wider than those of renders,
at a guidance of 5 a quarter, in every channel another part of that, which is heard as contrasts
that music does not have. So first and second moments are matched, as colour transfer does with
pictures (Reinhard et al. 2001): the factors are constants of a model, measured at several scales of
guidance, and those between are interpolated.

Only what is finished is changed, and what is shown and heard of it on the way: estimates that were
narrowed while they were still denoised ended further from music.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

MOMENTS_FILE = "moments.safetensors"


@dataclass(frozen=True, eq=False)
class Moments:
    """What is done to latents of C channels, at N scales of guidance.

    guidance: (N,), rising
    spread:   (N, C), what the distances from the clip's own mean are multiplied by
    shift:    (N, C), what is added to that mean
    """

    guidance: Tensor
    spread: Tensor
    shift: Tensor

    def __post_init__(self) -> None:
        if self.spread.shape != self.shift.shape or len(self.spread) != len(self.guidance):
            shapes = ", ".join(str(tuple(each.shape)) for each in vars(self).values())
            raise ValueError(f"moments do not belong together: {shapes}")

    def matched(self, latents: Tensor, guidance: float) -> Tensor:
        """(B, C, T) that were made with that scale of guidance → the same."""
        spread, shift = self._at(guidance)
        mean = latents.mean(2, keepdim=True)
        return mean + shift.to(mean)[:, None] + spread.to(mean)[:, None] * (latents - mean)

    def _at(self, guidance: float) -> tuple[Tensor, Tensor]:
        """Both (C,); beyond the last scales what is known of those."""
        scales = self.guidance
        at = torch.tensor(guidance).clamp(scales[0], scales[-1])
        upper = int(torch.searchsorted(scales, at).clamp(1, max(1, len(scales) - 1)))
        lower, upper = upper - 1, min(upper, len(scales) - 1)
        span = (scales[upper] - scales[lower]).clamp(min=1e-6)
        share = ((at - scales[lower]) / span).clamp(0, 1)
        return (
            torch.lerp(self.spread[lower], self.spread[upper], share),
            torch.lerp(self.shift[lower], self.shift[upper], share),
        )

    @classmethod
    def load(cls, path: Path, channels: int) -> Self:
        """Those that were measured of so many channels.

        Raises `ValueError` for others, and `OSError`, `KeyError` or `SafetensorError` for what was
        not written by `save`.
        """
        stored: Mapping[str, Tensor] = load_file(path)
        moments = cls(*(stored[name].float() for name in cls.__dataclass_fields__))
        if moments.spread.shape[1] != channels:
            raise ValueError(f"moments of {moments.spread.shape[1]} channels for {channels}")
        return moments

    def save(self, path: Path) -> None:
        save_file({name: each.contiguous() for name, each in vars(self).items()}, path)
