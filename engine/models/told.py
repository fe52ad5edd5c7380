"""What the house network hears beside the noisy latents, by concatenation: score, accompaniment.

rows: the score (`engine.score_columns`), then one that says whether there is an accompaniment,
then the accompaniment's own latents.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.score_columns import SCORE_CHANNELS


def told_channels(latent_channels: int) -> int:
    """How many rows there are in all."""
    return SCORE_CHANNELS + 1 + latent_channels


def over_rows(over: Tensor | None, channels: int, frames: int) -> Tensor:
    """An accompaniment's latents (C, T), or none → its rows, (1 + C, T)."""
    if over is None:
        return torch.zeros(1 + channels, frames)
    return torch.cat([torch.ones_like(over[:1]), over])
