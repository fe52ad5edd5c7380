"""What a codec renders too quiet or too loud is measured and made good."""

from __future__ import annotations

import pytest
import torch

from engine.codecs.house import HouseCodec, HouseCodecConfig
from engine.training.codec_calibration import band_levels_db, calibrate


@pytest.fixture
def codec() -> HouseCodec:
    torch.manual_seed(0)
    config = HouseCodecConfig(latent_channels=32, width=16, layers=1, tells_motion=True)
    codec = HouseCodec(config).eval().requires_grad_(False)
    envelopes = slice(-2 * config.bands.envelope_steps - config.bands.stereo_bands, None)
    codec.motion.bias[envelopes] = 5.0  # nothing is ever louder than that
    loudness = torch.logspace(-2, -0.5, 16)[:, None, None]
    features = codec.features(codec.hear(loudness * torch.randn(16, 2, 40 * codec.hop)))
    codec.fit(features.flatten(0, 1))
    return codec


@pytest.mark.parametrize("off", [-0.4, 0.6])
def test_wrong_levels_are_made_good(codec: HouseCodec, off: float) -> None:
    """The head is off by as many nats as told, in every bin."""
    codec.head.bias += off
    sounds = [0.1 * torch.randn(1, 2, 30 * codec.hop) for _ in range(2)]

    def apart_db() -> float:
        made = codec.decode(codec.encode(sounds[0]), sounds[0].shape[-1])
        return float((band_levels_db(codec, sounds[0]) - band_levels_db(codec, made)).mean())

    assert abs(apart_db()) > 1
    calibrate(codec, sounds)
    assert abs(apart_db()) < 0.2


def test_silence_says_nothing_about_gain(codec: HouseCodec) -> None:
    calibrate(codec, [torch.zeros(1, 2, 10 * codec.hop)])
    assert not codec.gain.any()
