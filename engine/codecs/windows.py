"""Short-time Fourier analysis and its inverse, along a line or around a circle.

Spectra are (N, frames, bins): a frame's bins lie together, as the transform makes them. Windows
are Hann's. A line's windows stand every `hop` samples, the first one's centre on the first
sample, with silence beyond both ends. A circle's windows wrap around, and stand as evenly as
whole samples allow, so that any loop, however long, is covered by a whole number of frames.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

LEAST_WEIGHT = 1e-4  # where no window has more, there is nothing to divide by


class Windows(ABC):
    """Where the windows of one sound stand."""

    size: int
    count: int
    closed: bool  # whether the last window is followed by the first

    @property
    @abstractmethod
    def steps(self) -> Tensor:
        """Samples from each window to the next, (count,); the last leads to the first or on."""

    @abstractmethod
    def cut(self, audio: Tensor) -> Tensor:
        """What each window sees, (N, samples) → (N, count, size)."""

    @abstractmethod
    def overlapped(self, frames: Tensor) -> Tensor:
        """Frames added where they were cut, (N, count, size) → (N, samples)."""

    def analyse(self, audio: Tensor) -> Tensor:
        """(N, samples) → complex (N, count, size // 2 + 1)."""
        return torch.fft.rfft(self.cut(audio) * hann(self.size, audio))

    def synthesise(self, spectrum: Tensor) -> Tensor:
        """The sound whose spectra are nearest (Griffin and Lim 1984), (N, samples)."""
        frames = torch.fft.irfft(spectrum, self.size) * hann(self.size, spectrum.real)
        return self.overlapped(frames) / _weight(self, 2).to(frames)

    def spread(self, values: Tensor) -> Tensor:
        """A smooth curve through a value a window, (N, count) → (N, samples)."""
        frames = values[..., None] * hann(self.size, values)
        return self.overlapped(frames) / _weight(self, 1).to(frames)


@lru_cache(maxsize=16)
def _weight(windows: Windows, power: int) -> Tensor:
    frames = torch.hann_window(windows.size).pow(power).expand(1, windows.count, -1)
    return windows.overlapped(frames).clamp(min=LEAST_WEIGHT)


def hann(size: int, like: Tensor) -> Tensor:
    """The window, on the device and in the dtype of `like`."""
    return _hann(size).to(like)


@lru_cache(maxsize=8)
def _hann(size: int) -> Tensor:
    return torch.hann_window(size)


@dataclass(frozen=True)
class Line(Windows):
    """`count` windows over `count` · `hop` samples; `hop` divides `size`."""

    size: int
    hop: int
    count: int
    closed: bool = False

    @property
    def steps(self) -> Tensor:
        return torch.full((self.count,), self.hop)

    def cut(self, audio: Tensor) -> Tensor:
        padded = F.pad(audio, (self.size // 2, self.size // 2 - self.hop))
        return padded.unfold(1, self.size, self.hop)

    def overlapped(self, frames: Tensor) -> Tensor:
        parts = frames.unflatten(2, (-1, self.hop))
        ratio = parts.shape[2]
        total = frames.new_zeros(len(frames), self.count + ratio - 1, self.hop)
        for part in range(ratio):
            total[:, part : part + self.count] += parts[:, :, part]
        start = self.size // 2
        return total.flatten(1)[:, start : start + self.count * self.hop]


@dataclass(frozen=True)
class Circle(Windows):
    """`count` windows around a loop of `samples`."""

    size: int
    samples: int
    count: int
    closed: bool = True

    @property
    def centres(self) -> Tensor:
        """(count + 1,): the last is the first again, a turn later."""
        return (torch.arange(self.count + 1) * (self.samples / self.count)).round().long()

    @property
    def steps(self) -> Tensor:
        return self.centres.diff()

    @property
    def _index(self) -> Tensor:
        """(count, size): the samples that each window sees."""
        offset = torch.arange(self.size) - self.size // 2
        return (self.centres[:-1, None] + offset) % self.samples

    def cut(self, audio: Tensor) -> Tensor:
        return audio[:, self._index.to(audio.device)]

    def overlapped(self, frames: Tensor) -> Tensor:
        sound = frames.new_zeros(len(frames), self.samples)
        return sound.index_add_(1, self._index.to(frames.device).flatten(), frames.flatten(1))
