"""Sound from amplitudes: phases for both windows, panned into two channels and added.

Each window's share fades into the other's over the crossover, in equal power since their phases
know nothing of each other. Long clips come in pieces that overlap by `reach`, and are the same
whatever the pieces are; a loop comes whole, and its windows wrap around.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.codecs.attacks import without_pre_echo
from engine.codecs.bands import FLOOR_POWER, Bands, Window
from engine.codecs.phase import Turns, first_phases, griffin_lim
from engine.codecs.rates import interpolated
from engine.codecs.stereo import Panning, Stereo
from engine.codecs.windows import Circle, Line, Windows

# The low band fits a spectrum an eighth as long: the same frames at an eighth of the rate.
LOW_DECIMATION = 8
LOW_REACH = 40  # of the filter between both rates, in samples of the lower one


@dataclass(frozen=True, eq=False)
class Share:
    """What one window tells about T latent frames; k frames of its own are one of them."""

    level: Tensor  # (B, kT, bins) half the log of power and FLOOR_POWER, full-scale sine: 0
    offset: Tensor | None = None  # (B, kT, ≤ bins) the frequency of the sound, in bins above
    envelope: Tensor | None = None  # (B, 16T) half the log power of its part of the sound
    gain: Tensor | None = None  # (bins,) nats by which all is louder than `level` without floor


@dataclass(frozen=True, eq=False)
class Amplitudes:
    """A piece of T latent frames, as `HouseCodec` decodes it."""

    low: Share
    high: Share
    stereo: Stereo


def reach(bands: Bands, iterations: tuple[int, int]) -> int:
    """Latent frames before and behind a piece that its sound depends on."""
    return max(
        math.ceil((rounds + 1) * window.size / bands.hop) + 1
        for window, rounds in zip((bands.low, bands.high), iterations, strict=True)
    )


class Synthesis:
    """Consecutive pieces of one clip into sound. Holds what the next piece goes on from."""

    def __init__(self, bands: Bands, iterations: tuple[int, int]) -> None:
        low, high = _fixed(bands)
        self.reach = reach(bands, iterations)
        self._hop = bands.hop
        self._low = _Layer(bands, bands.low, *low, LOW_DECIMATION, iterations[0])
        self._high = _Layer(bands, bands.high, *high, 1, iterations[1])

    def go_on(self, piece: Amplitudes, begin: int, end: int) -> Tensor:
        """(B, 2, samples) of the piece's latent frames from `begin` to `end`.

        The piece has `reach` frames more on either side, or all that there are, and the next one
        begins `reach` before `end`.
        """
        low = self._low.line(piece.low, piece.stereo, end - self.reach)
        high = self._high.line(piece.high, piece.stereo, end - self.reach)
        return (low + high)[..., begin * self._hop : end * self._hop]

    def loop(self, piece: Amplitudes, samples: int) -> Tensor:
        """(B, 2, samples) of a piece that is one turn of a loop."""
        low = self._low.circle(piece.low, piece.stereo, samples)
        return low + self._high.circle(piece.high, piece.stereo, samples)


class _Layer:
    """One window's share of the sound."""

    def __init__(
        self,
        bands: Bands,
        window: Window,
        weight: Tensor,
        panned: Panning,
        decimation: int,
        iterations: int,
    ) -> None:
        self._window, self._weight, self._decimation = window, weight, decimation
        self._per_latent = bands.hop // window.hop
        self._step = bands.hop // bands.envelope_steps  # samples
        self._ahead = window.size // 2 // self._step
        self._panned = panned
        self._iterations = iterations
        self._start: Turns | None = None

    def line(self, share: Share, stereo: Stereo, next_: int) -> Tensor:
        """(B, 2, samples); remembers the phases at the latent frame `next_`."""
        window, factor, frames = self._window, self._decimation, share.level.shape[1]
        line = Line(window.size // factor, window.hop // factor, frames)
        pair, phases = self._pair(share, stereo, line)
        self._start = phases[max(0, next_) * self._per_latent]
        sound = line.synthesise(pair).unflatten(0, (-1, 2))
        if share.envelope is not None:
            step = self._step // factor
            steps = Line(2 * step, step, share.envelope.shape[1])
            sound = without_pre_echo(sound, share.envelope, steps, self._ahead)
        if factor > 1:
            sound = interpolated(sound.flatten(0, 1), factor, LOW_REACH).unflatten(0, (-1, 2))
        return sound

    def circle(self, share: Share, stereo: Stereo, samples: int) -> Tensor:
        circle = Circle(self._window.size, samples, share.level.shape[1])
        pair, _ = self._pair(share, stereo, circle)
        sound = circle.synthesise(pair).unflatten(0, (-1, 2))
        if share.envelope is None:
            return sound
        steps = Circle(2 * self._step, samples, share.envelope.shape[1])
        return without_pre_echo(sound, share.envelope, steps, self._ahead)

    def _pair(self, share: Share, stereo: Stereo, windows: Windows) -> tuple[Tensor, Turns]:
        """Both channels' spectra, (2B, frames, bins), and the first guess of their phases."""
        first, factor = self._window.bins.start, self._window.size // windows.size
        above = windows.size // 2 + 1 - self._window.bins.stop
        # Without the floor's own power: that of all bins together would be heard as noise.
        magnitude = (torch.exp(2 * share.level) - FLOOR_POWER).clamp(min=0).sqrt()
        magnitude = magnitude * self._weight.to(magnitude)
        if share.gain is not None:
            magnitude = magnitude * share.gain.exp()
        magnitude = F.pad(magnitude, (first, above))
        offset = None if share.offset is None else F.pad(share.offset, (first, 0))
        phases = first_phases(magnitude, windows, self._start, offset)
        phase = 2 * math.pi * torch.from_numpy(phases).transpose(0, 1).to(magnitude)
        spectrum = griffin_lim(magnitude, phase, windows, self._iterations)
        return self._panned(spectrum, stereo) * (self._window.size / factor / 4), phases


@lru_cache(maxsize=4)
def _fixed(bands: Bands) -> tuple[tuple[Tensor, Panning], tuple[Tensor, Panning]]:
    """What both layers need and no clip changes."""
    low, high = _shares(bands)
    return (low, Panning(bands, bands.low)), (high, Panning(bands, bands.high))


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
