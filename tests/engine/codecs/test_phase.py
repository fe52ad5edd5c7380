"""Phases for magnitudes: tones keep their pitch, pieces are the whole, circles close."""

import math

import numpy as np
import pytest
import torch

from engine.codecs.phase import first_phases, griffin_lim
from engine.codecs.windows import Circle, Line

SIZE, HOP, COUNT = 512, 128, 64
LINE = Line(SIZE, HOP, COUNT)


def tone(freq: float, samples: int = COUNT * HOP) -> torch.Tensor:
    """A sine of `freq` cycles a sample."""
    time = torch.arange(samples, dtype=torch.float64)
    return 0.5 * torch.sin(2 * math.pi * freq * time)[None].float()


def radians(turns) -> torch.Tensor:
    return 2 * math.pi * torch.from_numpy(turns).transpose(0, 1).float()


def heard(spectrum: torch.Tensor) -> float:
    """The frequency of a tone, from how its phase moves in the middle of the clip."""
    sound = LINE.synthesise(spectrum)[0, COUNT * HOP // 4 : -COUNT * HOP // 4].double()
    analytic = torch.fft.rfft(sound * torch.hann_window(len(sound), dtype=torch.float64))
    best = int(analytic.abs().argmax())
    left, middle, right = analytic.abs()[best - 1 : best + 2].log().tolist()
    return (best + 0.5 * (left - right) / (left - 2 * middle + right)) / len(sound)


@pytest.mark.parametrize("freq", [0.05, 0.0831, 0.21])
def test_the_first_guess_alone_renders_a_steady_tone(freq):
    magnitude = LINE.analyse(tone(freq)).abs()
    made = LINE.synthesise(torch.polar(magnitude, radians(first_phases(magnitude, LINE))))
    inner = LINE.analyse(made).abs()[:, 8:-8]
    assert (inner - magnitude[:, 8:-8]).norm() / inner.norm() < 0.05


def test_a_told_frequency_leads():
    """The magnitudes are of one tone; the phases that are told move as another's do."""
    magnitude = LINE.analyse(tone(40.3 / SIZE)).abs()
    offset = 40.1 - torch.arange(60.0).expand(1, COUNT, 60)
    told = first_phases(magnitude, LINE, offset=offset.clamp(-1, 1))
    assert heard(torch.polar(magnitude, radians(told))) == pytest.approx(40.1 / SIZE, abs=2e-5)
    read = first_phases(magnitude, LINE)
    assert heard(torch.polar(magnitude, radians(read))) == pytest.approx(40.3 / SIZE, abs=6e-5)


def test_the_iteration_makes_spectra_more_consistent():
    audio = tone(0.05) + tone(0.171) + 0.05 * torch.randn(1, COUNT * HOP)
    magnitude = LINE.analyse(audio).abs()

    def error(iterations: int) -> float:
        found = griffin_lim(magnitude, torch.zeros_like(magnitude), LINE, iterations)
        again = LINE.analyse(LINE.synthesise(found)).abs()
        return float((again - magnitude).norm() / magnitude.norm())

    assert error(32) < 0.5 * error(1)


def test_a_guess_taken_up_goes_on_as_the_unbroken_one():
    magnitude = LINE.analyse(tone(0.0777) + 0.1 * torch.randn(1, COUNT * HOP)).abs()
    magnitude = torch.cat([magnitude, magnitude.flip(2)])  # two clips, each its own way
    whole = first_phases(magnitude, LINE)
    later = first_phases(magnitude[:, 20:], Line(SIZE, HOP, COUNT - 20), whole[20])
    apart = later - whole[20:]
    assert float(np.abs(apart - np.round(apart)).max()) < 1e-9


@pytest.mark.parametrize("samples", [8_192, 8_000, 5_001])
def test_a_circle_closes(samples):
    """The tone fits the loop; its guess must arrive where it began, to the last frame's step."""
    circle = Circle(SIZE, samples, -(-samples // HOP))
    turns = round(0.0777 * samples)
    magnitude = circle.analyse(tone(turns / samples, samples)).abs()
    phases = first_phases(magnitude, circle)
    spectrum = torch.polar(magnitude, radians(phases))
    again = circle.analyse(circle.synthesise(spectrum)).abs()
    assert (again - magnitude).norm() / magnitude.norm() < 0.05
