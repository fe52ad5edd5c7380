"""Short-time Fourier analysis and its inverse, along a line or around a circle.

Spectra are (N, frames, bins): a frame's bins lie together, as the transform makes them. Windows
are Hann's. A line's windows stand every `hop` samples, the first one's centre on the first
sample, with silence beyond both ends. A circle's windows wrap around, and stand as evenly as
whole samples allow, so that any loop, however long, is covered by a whole number of frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor


class Windows(Protocol):
    """Where the windows of one sound stand."""

    @property
    def size(self) -> int: ...

    @property
    def steps(self) -> Tensor:
        """Samples from each window to the next, (frames,); the last leads to the first or on."""

    @property
    def closed(self) -> bool:
        """Whether the last window is followed by the first."""

    def analyse(self, audio: Tensor) -> Tensor:
        """(N, samples) → complex (N, frames, size // 2 + 1)."""

    def synthesise(self, spectrum: Tensor) -> Tensor:
        """The sound whose spectra are nearest (Griffin and Lim 1984), (N, samples)."""


@dataclass(frozen=True)
class Line:
    """`count` windows over `count` · `hop` samples; `hop` divides `size`."""

    size: int
    hop: int
    count: int
    closed: bool = False

    @property
    def samples(self) -> int:
        return self.count * self.hop

    @property
    def steps(self) -> Tensor:
        return torch.full((self.count,), self.hop)

    def analyse(self, audio: Tensor) -> Tensor:
        padded = F.pad(audio, (self.size // 2, self.size // 2 - self.hop))
        return torch.fft.rfft(padded.unfold(1, self.size, self.hop) * _hann(self.size, audio))

    def synthesise(self, spectrum: Tensor) -> Tensor:
        frames = torch.fft.irfft(spectrum, self.size) * _hann(self.size, spectrum.real)
        start = self.size // 2
        sound = _overlapped(frames, self.hop)[:, start : start + self.samples]
        return sound / self._weight(spectrum.device)

    def _weight(self, device: torch.device) -> Tensor:
        return _line_weight(self.size, self.hop, self.count).to(device)


@lru_cache(maxsize=16)
def _line_weight(size: int, hop: int, count: int) -> Tensor:
    square = torch.hann_window(size).square().expand(1, count, size)
    return _overlapped(square, hop)[:, size // 2 : size // 2 + count * hop].clamp(min=1e-4)


def _overlapped(frames: Tensor, hop: int) -> Tensor:
    """(N, count, size) → (N, (count + size / hop − 1) · hop), each `hop` after the last."""
    parts = frames.unflatten(2, (-1, hop))
    count, ratio = parts.shape[1], parts.shape[2]
    total = frames.new_zeros(len(frames), count + ratio - 1, hop)
    for part in range(ratio):
        total[:, part : part + count] += parts[:, :, part]
    return total.flatten(1)


@dataclass(frozen=True)
class Circle:
    """`count` windows around a loop of `samples`."""

    size: int
    samples: int
    count: int
    closed: bool = True

    @property
    def centres(self) -> Tensor:
        return (torch.arange(self.count + 1) * (self.samples / self.count)).round().long()

    @property
    def steps(self) -> Tensor:
        return self.centres.diff()

    @property
    def _index(self) -> Tensor:
        """(frames, size): the samples that each window sees."""
        offset = torch.arange(self.size) - self.size // 2
        return (self.centres[:-1, None] + offset) % self.samples

    def analyse(self, audio: Tensor) -> Tensor:
        seen = audio[:, self._index.to(audio.device)]
        return torch.fft.rfft(seen * _hann(self.size, audio))

    def synthesise(self, spectrum: Tensor) -> Tensor:
        hann = _hann(self.size, spectrum.real)
        frames = torch.fft.irfft(spectrum, self.size) * hann
        index = self._index.to(frames.device).flatten()
        sound = frames.new_zeros(len(frames), self.samples)
        sound.index_add_(1, index, frames.flatten(1))
        weight = frames.new_zeros(self.samples)
        weight.index_add_(0, index, hann.square().repeat(self.count))
        return sound / weight.clamp(min=1e-4)


def _hann(size: int, like: Tensor) -> Tensor:
    return _cached_hann(size).to(like)


@lru_cache(maxsize=8)
def _cached_hann(size: int) -> Tensor:
    return torch.hann_window(size)
