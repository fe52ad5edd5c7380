"""One channel panned into two: levels, likeness, and what must not change."""

import pytest
import torch

from engine.codecs.bands import Bands
from engine.codecs.stereo import Panning, Stereo, signs

BANDS, FRAMES = Bands(), 3


def image(balance: float, coherence: float | None) -> Stereo:
    flat = torch.ones(1, FRAMES, BANDS.stereo_bands)
    return Stereo(balance * flat, None if coherence is None else coherence * flat)


def noise(window) -> torch.Tensor:
    per_latent = BANDS.hop // window.hop
    shape = (1, FRAMES * per_latent, window.bins.stop)
    return torch.randn(shape, dtype=torch.complex64)


@pytest.mark.parametrize("window", [BANDS.low, BANDS.high])
@pytest.mark.parametrize("balance", [-0.6, 0.0, 0.9])
@pytest.mark.parametrize("coherence", [None, 1.0, 0.4])
def test_every_bin_has_the_levels_of_its_balance(window, balance, coherence):
    spectrum = noise(window)
    left, right = Panning(BANDS, window)(spectrum, image(balance, coherence)).abs().square()
    power = spectrum[0].abs().square()
    torch.testing.assert_close(left, (1 + balance) * power)
    torch.testing.assert_close(right, (1 - balance) * power)


@pytest.mark.parametrize("coherence", [0.0, 0.5, 0.9])
def test_a_bands_coherence_is_what_was_asked(coherence):
    spectrum = noise(BANDS.high)
    left, right = Panning(BANDS, BANDS.high)(spectrum, image(0.2, coherence))
    cross = (left * right.conj())[:, 20:400].mean()
    both = left[:, 20:400].abs().square().mean() * right[:, 20:400].abs().square().mean()
    assert float(cross.abs() / both.sqrt()) == pytest.approx(coherence, abs=0.12)


def test_signs_are_held_over_a_partials_lobe():
    found = signs(torch.arange(400) * 10.77)
    changes = found.diff().nonzero().flatten()
    assert set(found.tolist()) == {-1.0, 1.0}
    assert int(changes.diff().min()) >= 8
    assert abs(float(found.mean())) < 0.3
