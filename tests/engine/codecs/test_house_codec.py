"""The house codec's fixed parts: lengths, levels, projection, stereo, determinism."""

import math

import pytest
import torch

from engine.codecs.bands import FLOOR_POWER, Bands, interpolation, triangles
from engine.codecs.house import HouseCodec, HouseCodecConfig
from engine.codecs.stereo import Stereo
from engine.codecs.synthesis import Amplitudes, Share, Synthesis

RATE = 44_100


@pytest.fixture(scope="module")
def codec() -> HouseCodec:
    """Fitted to tones and noise; its network untrained, which leaves the linear part."""
    torch.manual_seed(0)
    codec = HouseCodec(HouseCodecConfig(width=32, layers=1)).eval().requires_grad_(False)
    features = codec.features(codec.hear(chords(48, 2.0)))
    codec.fit(features.flatten(0, 1))
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
    features = codec.features(codec.hear(chords(24, 2.0)))
    codec.fit(features.flatten(0, 1))
    latents = codec.project(features)
    assert float(latents.var((0, 2)).mean()) == pytest.approx(1, abs=0.02)
    assert (latents.std((0, 2)).diff() < 1e-3).all()  # the largest component first


def test_a_tone_keeps_its_pitch_and_level(codec):
    time_s = torch.arange(2 * RATE) / RATE
    tone = (0.3 * torch.sin(2 * math.pi * 440 * time_s)).expand(1, 2, -1)
    made = codec.decode(codec.encode(tone), tone.shape[-1])[0, 0]
    spectrum = torch.fft.rfft(made * torch.hann_window(len(made))).abs()
    assert abs(float(spectrum.argmax()) / 2 - 440) < 4
    assert 0.45 < float(made.std() / tone[0, 0].std()) < 1.6  # a network that was never taught


def test_panning_survives(codec):
    audio = chords(1, 2.0).mean(1, keepdim=True)
    left = torch.cat([audio, 0.25 * audio], dim=1)
    made = codec.decode(codec.encode(left), left.shape[-1])[0]
    ratio_db = 20 * math.log10(float(made[0].std() / made[1].std()))
    assert 8 < ratio_db < 16  # 12 dB apart


def test_decoding_is_deterministic(codec):
    latents = codec.encode(chords(1, 1.0))
    assert torch.equal(codec.decode(latents, 44_100), codec.decode(latents, 44_100))


@pytest.mark.parametrize(("chunk", "seconds"), [(1, 0.6), (20, 4.0), (37, 4.0)])
def test_a_clip_is_the_same_in_pieces_and_whole(codec, chunk, seconds):
    audio = chords(1, seconds)
    latents = codec.encode(audio)
    whole = codec.decode(latents, audio.shape[-1])
    torch.testing.assert_close(codec.encode(audio, chunk=chunk), latents, rtol=0, atol=1e-3)
    made = codec.decode(latents, audio.shape[-1], chunk=chunk)
    torch.testing.assert_close(made, whole, rtol=0, atol=1e-3)


def telling_codec() -> HouseCodec:
    """Its network tells frequencies and envelopes, at random."""
    torch.manual_seed(1)
    config = HouseCodecConfig(width=32, layers=1, tells_motion=True)
    codec, bands = HouseCodec(config).eval().requires_grad_(False), config.bands
    features = codec.features(codec.hear(chords(24, 2.0)))
    codec.fit(features.flatten(0, 1))
    codec.motion.weight.normal_(0, 0.05)
    codec.motion.bias[-2 * bands.envelope_steps - bands.stereo_bands :] = -4
    return codec


@pytest.mark.parametrize("chunk", [20, 37])
def test_what_is_told_of_motion_is_the_same_in_pieces_and_whole(chunk):
    codec, audio = telling_codec(), chords(1, 4.0)
    latents = codec.encode(audio)
    whole = codec.decode(latents, audio.shape[-1])
    assert not torch.equal(whole, codec.decode(latents.roll(1, 2), audio.shape[-1]))
    made = codec.decode(latents, audio.shape[-1], chunk=chunk)
    torch.testing.assert_close(made, whole, rtol=0, atol=1e-3)
    assert codec.decode(latents, 100_003, circular=True).shape == (1, 2, 100_003)


def test_levels_at_the_floor_are_silence():
    """The floors of a thousand bins at −80 dB would add up to a hiss."""
    bands, floor = Bands(), 0.5 * math.log(FLOOR_POWER)
    low, high = (
        Share(torch.full((1, frames, window.bins.stop - window.bins.start), floor))
        for frames, window in ((40, bands.low), (80, bands.high))
    )
    piece = Amplitudes(low, high, Stereo(torch.zeros(1, 10, bands.stereo_bands)))
    assert float(Synthesis(bands, (2, 2)).go_on(piece, 0, 10).abs().max()) < 1e-5


def test_items_of_a_batch_do_not_meet(codec):
    audio = chords(2, 1.0)
    latents = codec.encode(audio)
    both = codec.decode(latents, RATE)
    for item in range(2):
        alone = codec.decode(latents[item : item + 1], RATE)
        torch.testing.assert_close(both[item : item + 1], alone, rtol=0, atol=1e-3)


@pytest.mark.parametrize("samples", [2_048, 44_100, 88_201])
def test_loops_have_exact_lengths(codec, samples):
    audio = 0.1 * torch.randn(1, 2, samples)
    latents = codec.encode(audio, circular=True)
    assert latents.shape == (1, codec.latent_channels, codec.frames(samples))
    assert codec.decode(latents, samples, circular=True).shape == (1, 2, samples)


def test_a_loop_may_begin_anywhere(codec):
    samples, turn = 40 * 2_048, 13
    audio = chords(1, samples / RATE)
    latents = codec.encode(audio, circular=True)
    turned = codec.encode(audio.roll(-turn * 2_048, -1), circular=True)
    torch.testing.assert_close(turned, latents.roll(-turn, -1), rtol=0, atol=1e-3)


@pytest.mark.parametrize("samples", [66_150, 88_200, 100_003])
def test_a_loop_has_no_seam(codec, samples):
    """A tone that fits the loop, played twice: nothing at the joint but what is everywhere."""
    turns = round(330 * samples / RATE)
    sine = 0.3 * torch.sin(2 * math.pi * turns / samples * torch.arange(samples).double())
    latents = codec.encode(sine.float().expand(1, 2, -1), circular=True)
    made = codec.decode(latents, samples, circular=True)[0, 0]
    twice = made.repeat(2)
    level = twice.unfold(0, 1_024, 128).square().mean(1).sqrt()
    assert float(level.min() / level.max()) > 0.85
    bend = twice.diff(n=2).abs()
    assert bend[samples - 3 : samples + 1].max() <= 1.05 * bend[: samples - 3].max()


def test_a_clip_that_is_no_loop_has_a_seam_when_repeated(codec):
    """What the test above would find if the windows did not wrap around."""
    samples = 88_200
    turns = round(330 * samples / RATE)
    sine = 0.3 * torch.sin(2 * math.pi * turns / samples * torch.arange(samples).double())
    latents = codec.encode(sine.float().expand(1, 2, -1))
    made = codec.decode(latents, samples)[0, 0]
    level = made.repeat(2).unfold(0, 1_024, 128).square().mean(1).sqrt()
    assert float(level.min() / level.max()) < 0.85


@pytest.mark.parametrize(("begin", "samples"), [(0, 44_100), (50_001, 30_000), (132_000, 300)])
def test_an_excerpt_sounds_as_its_place_in_the_clip(codec, begin, samples):
    audio = chords(1, 3.0)
    latents = codec.encode(audio)
    whole = codec.decode(latents, audio.shape[-1])[..., begin : begin + samples]
    made = codec.excerpt(latents, begin, samples)
    assert made.shape == (1, 2, samples)
    if samples > 20_000:
        assert abs(20 * math.log10(float(made.std() / whole.std()))) < 1
        window = torch.hann_window(samples)
        spectra = [torch.fft.rfft(sound[0, 0] * window).abs() for sound in (made, whole)]
        smooth = [each.unfold(0, 40, 20).square().mean(1).sqrt() for each in spectra]
        assert float(torch.corrcoef(torch.stack(smooth))[0, 1]) > 0.95


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


def test_the_first_latents_are_a_codec_of_their_own() -> None:
    codec, audio = telling_codec(), chords(1, 1.0)
    few = codec.narrowed(24).requires_grad_(False)
    latents = codec.encode(audio)
    torch.testing.assert_close(few.encode(audio), latents[:, :24])
    latents[:, 24:] = 0
    torch.testing.assert_close(few.decode(latents[:, :24], 44_100), codec.decode(latents, 44_100))
