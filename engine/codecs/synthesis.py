"""Sound from amplitudes: phases for both windows, panned into two channels and added.

Each window's share fades into the other's over the crossover, in equal power since their phases
know nothing of each other. Long clips come in pieces: what is decided of one piece stays, and
the next goes on from it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.codecs.bands import Bands, Window, interpolation
from engine.codecs.phase import Retrieval

# The low band fits a spectrum an eighth as long: the same frames at an eighth of the rate.
LOW_DECIMATION = 8
DECIDED = 8  # latent frames handed from piece to piece


@dataclass(frozen=True, eq=False)
class Amplitudes:
    """A piece of T latent frames, as `HouseCodec` decodes it; unit: a full-scale sine."""

    low: Tensor  # (B, low bins, 4T)
    high: Tensor  # (B, high bins, 8T)
    balance: Tensor  # (B, stereo bands, T), −1 right to 1 left


class Synthesis:
    """Consecutive pieces of one clip into sound. Holds what the next piece goes on from."""

    def __init__(self, bands: Bands, iterations: tuple[int, int]) -> None:
        low, high = bands.low, bands.high
        low_share, high_share = _shares(bands)
        self._hop = bands.hop
        self._layers = (
            _Layer(bands, low, low_share, LOW_DECIMATION, iterations[0]),
            _Layer(bands, high, high_share, 1, iterations[1]),
        )

    def go_on(self, piece: Amplitudes, begin: int, end: int, decided: int) -> Tensor:
        """(B, 2, samples) of the piece's latent frames from `begin` to `end`.

        The frames before `decided` are final; the last `DECIDED` of them begin the next piece.
        """
        low, high = self._layers
        sound = low.sound(piece.low, piece.balance, decided)
        sound = sound + high.sound(piece.high, piece.balance, decided)
        return sound[..., begin * self._hop : end * self._hop]


class _Layer:
    """One window's share of the sound."""

    def __init__(
        self, bands: Bands, window: Window, share: Tensor, decimation: int, iterations: int
    ) -> None:
        self._bands, self._window, self._share = bands, window, share
        self._retrieve = Retrieval(window.size // decimation, window.hop // decimation)
        self._iterations = iterations
        self._past: Tensor | None = None

    def sound(self, amplitude: Tensor, balance: Tensor, decided: int) -> Tensor:
        """(B, 2, samples) of a whole piece; remembers its decided end."""
        window, bins = self._window, self._window.bins
        shared = _last_twice(amplitude * self._share.to(amplitude.device)[:, None])
        above = self._retrieve.size // 2 + 1 - bins.stop
        full = F.pad(shared, (0, 0, bins.start, above))
        spectrum = self._retrieve(full, self._iterations, self._past)
        per_frame = self._bands.hop // window.hop
        self._past = spectrum[:, :, max(0, decided - DECIDED) * per_frame : decided * per_frame]
        return self._panned(spectrum[:, : bins.stop], balance)

    def _panned(self, spectrum: Tensor, balance: Tensor) -> Tensor:
        window, bands = self._window, self._bands
        freq_hz = torch.arange(spectrum.shape[1]) * (bands.sample_rate / window.size)
        spread = interpolation(stereo_centres_hz(bands), freq_hz).to(balance)
        left = (spread @ balance).repeat_interleave(bands.hop // window.hop, dim=2).clamp(-1, 1)
        left = _last_twice(left)
        gains = torch.stack([(1 + left).sqrt(), (1 - left).sqrt()], dim=1)
        pair = gains * spectrum[:, None] * (window.size / 4)
        pair = F.pad(pair, (0, 0, 0, window.size // 2 + 1 - pair.shape[2]))
        hann = torch.hann_window(window.size, device=pair.device)
        sound = torch.istft(pair.flatten(0, 1), window.size, window.hop, window=hann)
        return sound.unflatten(0, (-1, 2))


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


def _last_twice(x: Tensor) -> Tensor:
    """A frame more, so that the overlap-add reaches the end of the last latent frame."""
    return torch.cat([x, x[..., -1:]], dim=-1)
