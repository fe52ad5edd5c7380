"""Phases for magnitudes: tones keep their pitch, chunks join without a seam."""

import math

import pytest
import torch

from engine.codecs.phase import Retrieval, griffin_lim, peak_phases

SIZE, HOP = 512, 128


def tone(freq: float, samples: int = 64 * HOP) -> torch.Tensor:
    """A sine of `freq` cycles a sample."""
    return 0.5 * torch.sin(2 * math.pi * freq * torch.arange(samples))[None]


def stft(audio: torch.Tensor) -> torch.Tensor:
    return torch.stft(
        audio,
        SIZE,
        HOP,
        window=torch.hann_window(SIZE),
        pad_mode="constant",
        return_complex=True,
    )


def istft(spectrum: torch.Tensor) -> torch.Tensor:
    return torch.istft(spectrum, SIZE, HOP, window=torch.hann_window(SIZE))


@pytest.mark.parametrize("freq", [0.05, 0.0831, 0.21])
def test_the_first_guess_alone_renders_a_steady_tone(freq):
    magnitude = stft(tone(freq)).abs()
    phase = peak_phases(magnitude, torch.zeros(1, SIZE // 2 + 1), SIZE, HOP)
    made = istft(torch.polar(magnitude, phase))
    inner = stft(made).abs()[:, :, 8:-8]
    error = (inner - magnitude[:, :, 8:-8]).norm() / inner.norm()
    assert error < 0.05


def test_the_iteration_makes_spectra_more_consistent():
    audio = tone(0.05) + tone(0.171) + 0.05 * torch.randn(1, 64 * HOP)
    magnitude = stft(audio).abs()
    start = torch.zeros_like(magnitude)

    def error(iterations: int) -> float:
        found = griffin_lim(magnitude, start, SIZE, HOP, iterations, None)
        again = stft(istft(found)).abs()
        return float((again - magnitude).norm() / magnitude.norm())

    assert error(32) < 0.5 * error(1)


def test_chunks_join_without_a_seam():
    magnitude = stft(tone(0.0777, 400 * HOP)).abs()
    retrieve = Retrieval(SIZE, HOP)
    first = retrieve(magnitude[:, :, :216], 8)[:, :, :200]
    rest = retrieve(magnitude[:, :, 184:], 8, first[:, :, 184:])
    chunked = torch.cat([first, rest[:, :, 16:]], dim=2)
    assert chunked.shape == magnitude.shape
    audio = istft(chunked)[0, 8 * HOP : -8 * HOP]
    level = audio.unfold(0, HOP * 4, HOP).square().mean(1).sqrt()
    assert float(level.min() / level.max()) > 0.97


def test_frames_already_decided_stay_as_they_are():
    magnitude = stft(tone(0.1)).abs()
    fixed = torch.polar(magnitude[:, :, :5], torch.ones_like(magnitude[:, :, :5]))
    found = griffin_lim(magnitude, torch.zeros_like(magnitude), SIZE, HOP, 4, fixed)
    assert torch.equal(found[:, :, :5], fixed)
