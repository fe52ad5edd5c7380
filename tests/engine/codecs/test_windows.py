"""Windows along a line and around a circle: what torch computes, and back again."""

import math

import pytest
import torch

from engine.codecs.rates import decimated, interpolated
from engine.codecs.windows import Circle, Line


def test_a_line_sees_what_torch_sees():
    audio = torch.randn(2, 40 * 64)
    expected = torch.stft(
        audio, 512, 64, window=torch.hann_window(512), pad_mode="constant", return_complex=True
    )
    found = Line(512, 64, 40).analyse(audio)
    assert found.shape == (2, 40, 257)
    torch.testing.assert_close(found, expected.transpose(1, 2)[:, :40])


@pytest.mark.parametrize("windows", [Line(512, 64, 40), Line(512, 128, 20), Circle(512, 2_560, 40)])
def test_synthesis_undoes_analysis(windows):
    audio = torch.randn(2, 2_560)
    torch.testing.assert_close(windows.synthesise(windows.analyse(audio)), audio, rtol=0, atol=1e-5)


@pytest.mark.parametrize("samples", [300, 2_561, 9_999])
def test_loops_of_any_length_are_covered(samples):
    """300 samples are fewer than a window has: it then sees the loop more than once."""
    circle = Circle(512, samples, -(-samples // 64))
    audio = torch.randn(1, samples)
    torch.testing.assert_close(circle.synthesise(circle.analyse(audio)), audio, rtol=0, atol=1e-5)
    assert int(circle.steps.sum()) == samples
    assert int(circle.steps.max() - circle.steps.min()) <= 1


def test_turning_a_loop_turns_its_frames():
    circle, audio = Circle(512, 2_560, 40), torch.randn(1, 2_560)
    turned = circle.analyse(audio.roll(-3 * 64, 1))
    torch.testing.assert_close(turned, circle.analyse(audio).roll(-3, 1))


def sine(freq: float, samples: int = 8_192) -> torch.Tensor:
    """`freq` in cycles a sample."""
    time = torch.arange(samples, dtype=torch.float64)
    return torch.sin(2 * math.pi * freq * time)[None].float()


@pytest.mark.parametrize("freq", [0.001, 0.02, 0.05])
def test_what_a_lower_rate_holds_comes_back(freq):
    audio = sine(freq)
    lower = decimated(audio, 4, 12)
    inner = slice(200, -200)
    assert float((lower - audio[:, ::4])[:, inner].abs().max()) < 1e-4
    higher = interpolated(lower, 4, 12)
    assert higher.shape == audio.shape
    assert float((higher - audio)[:, 4 * 200 : -4 * 200].abs().max()) < 1e-4


@pytest.mark.parametrize("freq", [0.2, 0.26, 0.4])
def test_what_it_does_not_hold_is_gone(freq):
    assert float(decimated(sine(freq), 4, 12)[:, 50:-50].abs().max()) < 1e-4


def test_lengths_need_not_be_whole_blocks_when_interpolated():
    assert interpolated(torch.randn(2, 37), 8, 40).shape == (2, 37 * 8)
