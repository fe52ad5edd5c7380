"""The two windows through which the house codec hears: long for tones, short for transients.

Below the crossover a 93 ms window resolves the notes of a chord; above it a 23 ms window
resolves the strokes of a hi-hat. Both look every few milliseconds, and both are reduced to
levels in bands: about a quarter tone wide where pitch lives, mel-like above.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from engine.codecs.rates import decimated
from engine.codecs.windows import Circle, Line

FLOOR_POWER = 1e-8  # −80 dB, where a full-scale sine is 0 dB
DECIMATION_REACH = 12  # of the filter, in samples of the lower rate


@dataclass(frozen=True)
class Window:
    """One short-time Fourier analysis: Hann window of `size`, every `hop` samples.

    Where all bins that matter are low, it is made at a lower rate, by the factor `decimation`.
    """

    size: int
    hop: int
    bins: slice  # the bins that matter
    decimation: int = 1

    def __call__(self, audio: Tensor) -> Tensor:
        """(..., samples) → complex (..., samples // hop, bins), unit = full-scale sine."""
        flat = audio.reshape(-1, audio.shape[-1])
        if self.decimation > 1:
            flat = decimated(flat, self.decimation, DECIMATION_REACH)
        size, hop = self.size // self.decimation, self.hop // self.decimation
        return self._kept(Line(size, hop, flat.shape[1] // hop).analyse(flat), audio)

    def around(self, audio: Tensor, count: int) -> Tensor:
        """The same of a loop, in `count` frames."""
        flat = audio.reshape(-1, audio.shape[-1])
        return self._kept(Circle(self.size, flat.shape[1], count).analyse(flat), audio)

    def _kept(self, spectrum: Tensor, audio: Tensor) -> Tensor:
        kept = spectrum[:, :, self.bins] / ((spectrum.shape[2] - 1) / 2)
        return kept.view(*audio.shape[:-1], *kept.shape[-2:])

    def freq_hz(self, sample_rate: int) -> Tensor:
        return torch.arange(self.bins.start, self.bins.stop) * (sample_rate / self.size)


@dataclass(frozen=True)
class Bands:
    """The codec's fixed view of sound. Sizes are samples at `sample_rate`."""

    sample_rate: int = 44_100
    hop: int = 2_048  # one latent frame
    frames: int = 4  # band frames a latent frame
    crossover_hz: tuple[float, float] = (2_000.0, 2_500.0)
    low_hz: float = 30.0
    high_hz: float = 20_000.0
    high_bands: int = 64
    stereo_bands: int = 12
    told_high_bins: int = 96  # the high window's first, whose frequency is told: up to 6 kHz
    envelope_steps: int = 16  # a latent frame: 2.9 ms

    @cached_property
    def low(self) -> Window:
        top = math.ceil(self.crossover_hz[1] / self.sample_rate * 4_096) + 1
        return Window(4_096, self.hop // self.frames, slice(0, top), decimation=4)

    @cached_property
    def high(self) -> Window:
        first = math.floor(self.crossover_hz[0] / self.sample_rate * 1_024)
        return Window(1_024, self.hop // (2 * self.frames), slice(first, 513))

    @cached_property
    def low_centres(self) -> Tensor:
        """One bin apart at the bottom, then half a semitone, up to the crossover's middle."""
        bin_hz = self.sample_rate / self.low.size
        ratio = 2 ** (1 / 24)
        centres = [round(self.low_hz / bin_hz) * bin_hz]
        while centres[-1] < sum(self.crossover_hz) / 2:
            centres.append(max(centres[-1] + bin_hz, centres[-1] * ratio))
        return torch.tensor(centres[:-1])

    @cached_property
    def high_centres(self) -> Tensor:
        start = float(self.low_centres[-1]) * 1.03
        steps = torch.linspace(0, 1, self.high_bands)
        return start * (self.high_hz / start) ** steps

    @property
    def count(self) -> int:
        return len(self.low_centres) + self.high_bands

    @property
    def centres(self) -> Tensor:
        return torch.cat([self.low_centres, self.high_centres])

    def filters(self) -> tuple[Tensor, Tensor]:
        """Triangles over the low and the high window's bins, (bands, bins), rows sum to 1."""
        return (
            triangles(self.low_centres, self.low.freq_hz(self.sample_rate)),
            triangles(self.high_centres, self.high.freq_hz(self.sample_rate)),
        )


def triangles(centres: Tensor, freq_hz: Tensor) -> Tensor:
    """Triangular filters, each reaching to its neighbours' centres: (bands, bins), rows sum to 1.

    A band narrower than a bin takes the bins on either side, so that no row is empty.
    """
    left = torch.cat([2 * centres[:1] - centres[1:2], centres[:-1]])
    right = torch.cat([centres[1:], 2 * centres[-1:] - centres[-2:-1]])
    width = float(freq_hz[1] - freq_hz[0])
    rise = (freq_hz - centres[:, None]) / (centres - left).clamp(min=width)[:, None] + 1
    fall = (centres[:, None] - freq_hz) / (right - centres).clamp(min=width)[:, None] + 1
    rows = torch.minimum(rise, fall).clamp(min=0)
    return rows / rows.sum(1, keepdim=True).clamp(min=1e-12)


def interpolation(source_hz: Tensor, target_hz: Tensor) -> Tensor:
    """(targets, sources): linear interpolation over log frequency, held at both ends."""
    source, target = source_hz.clamp(min=1).log(), target_hz.clamp(min=1).log()
    upper = torch.searchsorted(source, target).clamp(1, len(source) - 1)
    span = source[upper] - source[upper - 1]
    share = ((target - source[upper - 1]) / span).clamp(0, 1)
    matrix = torch.zeros(len(target), len(source))
    rows = torch.arange(len(target))
    matrix[rows, upper] = share
    matrix[rows, upper - 1] += 1 - share
    return matrix


def power_db(power: Tensor) -> Tensor:
    return 10 * torch.log10(power + FLOOR_POWER)
