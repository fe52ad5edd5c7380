"""What the house network hears beside the noisy latents, by concatenation.

Its rows, in order: the score (`engine.score_columns`), one that says whether there is an
accompaniment, the accompaniment's own latents, and the ensemble. A network that was trained before
there were the last ones hears the first ones.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.score_columns import ENSEMBLE_CHANNELS, SCORE_CHANNELS


def over_channels(latent_channels: int) -> int:
    """How many rows there are up to the accompaniment's last."""
    return SCORE_CHANNELS + 1 + latent_channels


def told_channels(latent_channels: int) -> int:
    """How many rows there are in all."""
    return over_channels(latent_channels) + ENSEMBLE_CHANNELS


def over_rows(over: Tensor | None, channels: int, frames: int) -> Tensor:
    """An accompaniment's latents (C, T), or none → its rows, (1 + C, T)."""
    if over is None:
        return torch.zeros(1 + channels, frames)
    return torch.cat([torch.ones_like(over[:1]), over])
