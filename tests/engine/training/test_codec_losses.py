"""What the codec's network is asked for: true frequencies, true envelopes, least loss for truth."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from engine.codecs.bands import Bands
from engine.codecs.house import HouseCodec, HouseCodecConfig
from engine.codecs.stereo import Stereo
from engine.codecs.synthesis import Amplitudes, Share
from engine.training.codec_losses import (
    envelope,
    loss,
    magnitude_loss,
    offset_loss,
    offsets,
    parted,
    targets,
)

RATE, SAMPLES = 44_100, 16 * 2_048
BANDS = Bands()


def sine(freq_hz: float) -> torch.Tensor:
    time_s = torch.arange(SAMPLES, dtype=torch.float64) / RATE
    return (0.3 * torch.sin(2 * math.pi * freq_hz * time_s)).float()


@pytest.mark.parametrize(("freq_hz", "window"), [
    (55.0, BANDS.low), (445.0, BANDS.low), (2_100.0, BANDS.low), (3_456.0, BANDS.high),
])  # fmt: skip
def test_the_frequency_of_a_tone_is_told_in_all_bins_of_its_lobe(freq_hz, window) -> None:
    found = offsets(sine(freq_hz)[None], window)
    bin_hz = RATE / window.size
    nearest = round(freq_hz / bin_hz)
    for number in (nearest - 1, nearest, nearest + 1):
        told_hz = (number + found[0, 8:-24, number - window.bins.start]) * bin_hz
        assert float((told_hz - freq_hz).abs().max()) < 0.05


def test_parts_add_up_and_keep_to_their_sides() -> None:
    audio = torch.stack([sine(440.0) + sine(6_000.0)] * 2)[None]
    low, high = parted(audio)
    torch.testing.assert_close(low + high, audio)
    inner = slice(2_000, -2_000)
    assert float((low[0, 0] - sine(440.0))[inner].abs().max()) < 1e-3
    assert float((high[0, 0] - sine(6_000.0))[inner].abs().max()) < 1e-3


def test_the_envelope_rises_where_sound_begins() -> None:
    audio = torch.stack([sine(5_000.0)] * 2)[None]
    audio[..., : 100 * 128] = 0
    found = envelope(audio, BANDS)
    assert found.shape == (1, 16 * 16)
    assert float(found[0, :99].max()) < -9
    steady = 0.5 * math.log(0.3**2 / 2)
    assert float((found[0, 102:-2] - steady).abs().max()) < 0.05


def test_coherence_is_one_for_a_panned_source_and_little_for_two() -> None:
    codec = HouseCodec(HouseCodecConfig(width=16, layers=1))
    one, two = 0.1 * torch.randn(2, 8 * SAMPLES)
    panned = codec.hear(torch.stack([one, 0.3 * one])[None]).coherence
    assert panned.shape == (1, 8 * 16, 12)
    assert float(panned.min()) > 0.98
    wide = codec.hear(torch.stack([one, two])[None]).coherence
    assert float(wide[..., 6:].mean()) < 0.25


@pytest.fixture(scope="module")
def true() -> tuple[HouseCodec, Amplitudes]:
    codec = HouseCodec(HouseCodecConfig(width=16, layers=1, tells_motion=True))
    torch.manual_seed(0)
    audio = 0.1 * torch.randn(1, 2, SAMPLES) + sine(330.0)
    return codec, targets(codec, audio, codec.hear(audio))


def test_targets_have_the_shapes_that_the_network_tells(true) -> None:
    codec, target = true
    made = codec.amplitudes(torch.randn(1, 96, 16))
    for told, truth in ((made.low, target.low), (made.high, target.high)):
        assert told.level.shape == truth.level.shape
        assert told.offset.shape == truth.offset.shape
        assert told.envelope.shape == truth.envelope.shape


def moved(share: Share, part: str, by: float) -> Share:
    return replace(share, **{part: getattr(share, part) + by})


@pytest.mark.parametrize("part", ["level", "offset", "envelope"])
@pytest.mark.parametrize("side", ["low", "high"])
def test_the_loss_is_least_for_what_is_true(true, part: str, side: str) -> None:
    codec, target = true
    assert float(loss(codec, target, target)) == 0
    near, far = (
        float(
            loss(codec, replace(target, **{side: moved(getattr(target, side), part, by)}), target)
        )
        for by in (0.1, 0.5)
    )
    assert 0 < near < far


def test_a_wrong_width_costs(true) -> None:
    codec, target = true
    wide = Stereo(target.stereo.balance, 0.5 * target.stereo.coherence)
    assert float(loss(codec, replace(target, stereo=wide), target)) > 0


def test_magnitudes_are_compared_in_log_and_in_amplitude() -> None:
    target = torch.randn(1, 5, 7) - 3
    assert float(magnitude_loss(target, target)) == 0
    quiet, loud = torch.full((1, 1, 1), -8.0), torch.full((1, 1, 1), -1.0)
    assert magnitude_loss(quiet + 0.1, quiet) < magnitude_loss(loud + 0.1, loud)


def test_frequencies_count_where_there_is_sound() -> None:
    level = torch.tensor([[[-9.0, 0.0]]])
    target = torch.zeros(1, 1, 2)
    quiet, loud = torch.tensor([[[0.5, 0.0]]]), torch.tensor([[[0.0, 0.5]]])
    assert 20 * offset_loss(quiet, target, level) < offset_loss(loud, target, level)
    assert offset_loss(loud, target, level, 200) < 0.1 * offset_loss(loud, target, level, 4)
