"""The house codec's fixed parts: lengths, levels, projection, stereo, determinism."""

import math

import pytest
import torch

from engine.codecs.bands import Bands, interpolation, triangles
from engine.codecs.house import HouseCodec, HouseCodecConfig

RATE = 44_100


@pytest.fixture(scope="module")
def codec() -> HouseCodec:
    """Fitted to tones and noise; its network untrained, which leaves the linear part."""
    torch.manual_seed(0)
    codec = HouseCodec(HouseCodecConfig(width=32, layers=1)).eval().requires_grad_(False)
    features = codec.features(*codec.powers(chords(48, 2.0)))
    codec.fit(features.transpose(1, 2).flatten(0, 1))
    return codec


def chords(count: int, seconds: float) -> torch.Tensor:
    """(count, 2, samples): three decaying tones each, panned at random, over a little noise."""
    time_s = torch.arange(int(seconds * RATE)) / RATE
    tones = torch.zeros(count, len(time_s))
    for _ in range(3):
        freq_hz = 110 * 2 ** (torch.randint(0, 36, (count, 1)) / 12)
        decay = torch.exp(-(time_s % 0.5) * 4 * torch.rand(count, 1))
        tones += 0.15 * decay * torch.sin(2 * math.pi * freq_hz * time_s)
    pan = torch.rand(count, 1) * 1.6 - 0.8
    pair = torch.stack([tones * (1 + pan).sqrt(), tones * (1 - pan).sqrt()], dim=1)
    return pair + 1e-3 * torch.randn_like(pair)


@pytest.mark.parametrize("samples", [1, 2_047, 2_048, 2_049, 50_000])
def test_lengths_are_exact(codec, samples):
    audio = 0.1 * torch.randn(1, 2, samples)
    latents = codec.encode(audio)
    assert latents.shape == (1, codec.latent_channels, codec.frames(samples))
    assert codec.decode(latents, samples).shape == (1, 2, samples)


def test_latents_of_what_was_fitted_have_unit_variance():
    codec = HouseCodec(HouseCodecConfig(width=32, layers=1))
    features = codec.features(*codec.powers(chords(24, 2.0)))
    codec.fit(features.transpose(1, 2).flatten(0, 1))
    latents = codec.project(features)
    assert float(latents.var((0, 2)).mean()) == pytest.approx(1, abs=0.02)
    assert (latents.std((0, 2)).diff() < 1e-3).all()  # the largest component first


def test_a_tone_keeps_its_pitch_and_level(codec):
    time_s = torch.arange(2 * RATE) / RATE
    tone = (0.3 * torch.sin(2 * math.pi * 440 * time_s)).expand(1, 2, -1)
    made = codec.decode(codec.encode(tone), tone.shape[-1])[0, 0]
    spectrum = torch.fft.rfft(made * torch.hann_window(len(made))).abs()
    assert abs(float(spectrum.argmax()) / 2 - 440) < 4
    assert 0.5 < float(made.std() / tone[0, 0].std()) < 1.6


def test_panning_survives(codec):
    audio = chords(1, 2.0).mean(1, keepdim=True)
    left = torch.cat([audio, 0.25 * audio], dim=1)
    made = codec.decode(codec.encode(left), left.shape[-1])[0]
    ratio_db = 20 * math.log10(float(made[0].std() / made[1].std()))
    assert 8 < ratio_db < 16  # 12 dB apart


def test_decoding_is_deterministic(codec):
    latents = codec.encode(chords(1, 1.0))
    assert torch.equal(codec.decode(latents, 44_100), codec.decode(latents, 44_100))


def test_long_clips_are_coded_in_pieces_without_a_seam(codec, monkeypatch):
    time_s = torch.arange(4 * RATE) / RATE
    tone = (0.3 * torch.sin(2 * math.pi * 330 * time_s)).expand(1, 2, -1)
    whole = codec.encode(tone)
    monkeypatch.setattr("engine.codecs.house.CHUNK", 20)
    assert torch.allclose(codec.encode(tone), whole, atol=1e-3)
    made = codec.decode(whole, tone.shape[-1])
    assert made.shape == tone.shape
    level = made[0, 0].unfold(0, 2_048, 512).square().mean(1).sqrt()[8:-8]
    assert float(level.min() / level.max()) > 0.9


def test_the_picture_shows_the_tone(codec):
    time_s = torch.arange(RATE) / RATE
    picture = codec.picture(
        codec.encode((0.3 * torch.sin(2 * math.pi * 880 * time_s)).expand(1, 2, -1))
    )
    assert picture.shape == (1, 160, 4 * codec.frames(RATE))
    brightest = int(picture[0].mean(1).argmax())
    assert abs(float(codec._picture_hz()[brightest]) - 880) < 60


def test_no_band_is_empty_and_each_weighs_one():
    bands = Bands()
    for filters in bands.filters():
        assert torch.allclose(filters.sum(1), torch.ones(len(filters)))
    assert (bands.centres.diff() > 0).all()


def test_interpolation_is_exact_on_its_own_points():
    points = torch.tensor([50.0, 100.0, 400.0, 1_000.0])
    assert torch.allclose(interpolation(points, points), torch.eye(4), atol=1e-6)
    middle = interpolation(points, torch.tensor([200.0, 5_000.0]))
    assert torch.allclose(middle, torch.tensor([[0, 0.5, 0.5, 0], [0, 0, 0, 1.0]]), atol=1e-6)


def test_triangles_reach_their_neighbours():
    rows = triangles(torch.tensor([10.0, 20.0, 30.0]), torch.arange(0, 45.0, 5.0))
    assert rows[1].argmax() == 4
    assert rows[1, 2] == 0
    assert rows[1, 6] == 0
