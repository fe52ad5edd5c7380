"""Sound from amplitudes: phases for both windows, panned into two channels and added.

Each window's share fades into the other's over the crossover, in equal power since their phases
know nothing of each other. Long clips come in pieces that overlap by `reach`, and are the same
whatever the pieces are; a loop comes whole, and its windows wrap around.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.codecs.bands import Bands, Window, interpolation
from engine.codecs.phase import Turns, first_phases, griffin_lim
from engine.codecs.rates import interpolated
from engine.codecs.windows import Circle, Line, Windows

# The low band fits a spectrum an eighth as long: the same frames at an eighth of the rate.
LOW_DECIMATION = 8
LOW_REACH = 40  # of the filter between both rates, in samples of the lower one


@dataclass(frozen=True, eq=False)
class Amplitudes:
    """A piece of T latent frames, as `HouseCodec` decodes it; unit: a full-scale sine."""

    low: Tensor  # (B, 4T, low bins)
    high: Tensor  # (B, 8T, high bins)
    balance: Tensor  # (B, T, stereo bands), −1 right to 1 left
    low_offset: Tensor | None = None  # (B, 4T, ≤ low bins): the sound's frequency, in bins above
    high_offset: Tensor | None = None  # (B, 8T, ≤ high bins)


def reach(bands: Bands, iterations: tuple[int, int]) -> int:
    """Latent frames before and behind a piece that its sound depends on."""
    return max(
        math.ceil((rounds + 1) * window.size / bands.hop) + 1
        for window, rounds in zip((bands.low, bands.high), iterations, strict=True)
    )


class Synthesis:
    """Consecutive pieces of one clip into sound. Holds what the next piece goes on from."""

    def __init__(self, bands: Bands, iterations: tuple[int, int]) -> None:
        low_share, high_share = _shares(bands)
        self.reach = reach(bands, iterations)
        self._hop = bands.hop
        self._low = _Layer(bands, bands.low, low_share, LOW_DECIMATION, iterations[0])
        self._high = _Layer(bands, bands.high, high_share, 1, iterations[1])

    def go_on(self, piece: Amplitudes, begin: int, end: int) -> Tensor:
        """(B, 2, samples) of the piece's latent frames from `begin` to `end`.

        The piece has `reach` frames more on either side, or all that there are, and the next one
        begins `reach` before `end`.
        """
        low = self._low.line(piece.low, piece.balance, piece.low_offset, end - self.reach)
        high = self._high.line(piece.high, piece.balance, piece.high_offset, end - self.reach)
        return (low + high)[..., begin * self._hop : end * self._hop]

    def loop(self, piece: Amplitudes, samples: int) -> Tensor:
        """(B, 2, samples) of a piece that is one turn of a loop."""
        low = self._low.circle(piece.low, piece.balance, piece.low_offset, samples)
        high = self._high.circle(piece.high, piece.balance, piece.high_offset, samples)
        return low + high


class _Layer:
    """One window's share of the sound."""

    def __init__(
        self, bands: Bands, window: Window, share: Tensor, decimation: int, iterations: int
    ) -> None:
        self._window, self._share, self._decimation = window, share, decimation
        self._per_latent = bands.hop // window.hop
        freq_hz = torch.arange(window.bins.stop) * (bands.sample_rate / window.size)
        self._spread = interpolation(stereo_centres_hz(bands), freq_hz)
        self._iterations = iterations
        self._start: Turns | None = None

    def line(self, amplitude: Tensor, balance: Tensor, offset: Tensor | None, next_: int) -> Tensor:
        """(B, 2, samples); remembers the phases at the latent frame `next_`."""
        window, factor = self._window, self._decimation
        line = Line(window.size // factor, window.hop // factor, amplitude.shape[1])
        pair, phases = self._pair(amplitude, balance, offset, line)
        self._start = phases[max(0, next_) * self._per_latent]
        sound = line.synthesise(pair)
        if factor > 1:
            sound = interpolated(sound, factor, LOW_REACH)
        return sound.unflatten(0, (-1, 2))

    def circle(
        self, amplitude: Tensor, balance: Tensor, offset: Tensor | None, samples: int
    ) -> Tensor:
        circle = Circle(self._window.size, samples, amplitude.shape[1])
        pair, _ = self._pair(amplitude, balance, offset, circle)
        return circle.synthesise(pair).unflatten(0, (-1, 2))

    def _pair(
        self, amplitude: Tensor, balance: Tensor, offset: Tensor | None, windows: Windows
    ) -> tuple[Tensor, Turns]:
        """Both channels' spectra, (2B, frames, bins), and the first guess of their phases."""
        first, factor = self._window.bins.start, self._window.size // windows.size
        above = windows.size // 2 + 1 - self._window.bins.stop
        magnitude = F.pad(amplitude * self._share.to(amplitude), (first, above))
        if offset is not None:
            offset = F.pad(offset, (first, 0))
        phases = first_phases(magnitude, windows, self._start, offset)
        phase = 2 * math.pi * torch.from_numpy(phases).transpose(0, 1).to(magnitude)
        spectrum = griffin_lim(magnitude, phase, windows, self._iterations)
        return self._panned(spectrum, balance) * (self._window.size / factor / 4), phases

    def _panned(self, spectrum: Tensor, balance: Tensor) -> Tensor:
        left = (balance @ self._spread.to(balance).T).clamp(-1, 1)
        left = F.pad(left, (0, spectrum.shape[2] - left.shape[2]))
        gains = torch.stack([(1 + left).sqrt(), (1 - left).sqrt()], dim=1)
        frames = spectrum.unflatten(1, (-1, self._per_latent))  # (B, T, frames a latent, bins)
        return (gains[:, :, :, None] * frames[:, None]).flatten(2, 3).flatten(0, 1)


def stereo_centres_hz(bands: Bands) -> Tensor:
    """Where the stereo balance is told, (stereo bands,)."""
    return torch.logspace(math.log10(80), math.log10(12_000), bands.stereo_bands)


def _shares(bands: Bands) -> tuple[Tensor, Tensor]:
    """Each window's amplitude over its bins: cosine and sine of one angle, so powers add to 1."""
    start, stop = bands.crossover_hz
    low, high = (
        math.pi / 2 * ((w.freq_hz(bands.sample_rate) - start) / (stop - start)).clamp(0, 1)
        for w in (bands.low, bands.high)
    )
    return torch.cos(low), torch.sin(high)


def rounded_off(audio: Tensor, knee: float = 0.7, peak: float = 0.98) -> Tensor:
    """Peaks above `knee` bent softly below `peak`, as the corpus is mastered; quieter ones stay.

    New phases put a clip's peaks elsewhere than its original had them, some a little over 1.
    """
    room = peak - knee
    over = (audio.abs() - knee).clamp(min=0)
    return torch.where(over > 0, audio.sign() * (knee + room * torch.tanh(over / room)), audio)
