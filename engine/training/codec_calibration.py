"""The last step of the codec's training: its levels, heard again, against those of the original.

The loss looks at magnitudes before they have phases. No sound has quite those magnitudes, and the
nearest one is a little quieter, more so where it is noisy; a gain for each band gives that back.
It is a constant, measured on renders that the network was trained on.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from engine.codecs.house import DB_PER_NAT, HouseCodec

HEARD_DB = -65.0  # quieter bands are near the floor, and say nothing about gain
ROUNDS = 2  # since a gain changes what is nearest


@torch.no_grad()
def calibrate(codec: HouseCodec, sounds: Iterable[Tensor]) -> Tensor:
    """Set the codec's gain; returns the last round's correction in dB, (bands,).

    `sounds` (1, 2, samples) are heard `ROUNDS` times.
    """
    sounds = list(sounds)
    codec.gain.zero_()
    apart_db = torch.zeros_like(codec.gain)
    for _ in range(ROUNDS):
        total = torch.stack([_apart(codec, sound) for sound in sounds]).sum(0)
        apart_db = total[0] / total[1].clamp(min=1)
        codec.gain += apart_db / DB_PER_NAT
    return apart_db


def _apart(codec: HouseCodec, sound: Tensor) -> Tensor:
    """Per band: the sum in dB of how much louder the original is, and over how many frames."""
    made = codec.decode(codec.encode(sound), sound.shape[-1])
    true, found = (band_levels_db(codec, each) for each in (sound, made))
    heard = torch.minimum(true, found) > HEARD_DB
    return torch.stack([((true - found) * heard).sum(0), heard.sum(0).float()])


def band_levels_db(codec: HouseCodec, sound: Tensor) -> Tensor:
    """(1, 2, samples) → (frames, bands), as the encoder hears them."""
    bands = codec.config.bands
    features = codec.features(codec.hear(sound))[0, :, : bands.frames * bands.count]
    return features.reshape(-1, bands.count)
