"""Sample rates a whole factor apart: a short filter, many samples at a time as one product."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

BETA = 10.0  # Kaiser's window: 100 dB between what passes and what does not
BLOCK = 16  # samples of the lower rate that one row of the product makes


def decimated(audio: Tensor, factor: int, reach: int) -> Tensor:
    """(N, samples) → (N, samples / factor), which must be a multiple of `BLOCK`.

    The filter reaches over `reach` samples of the lower rate on either side, and the sound is
    silent beyond its ends. Sample k of the result lies on sample k · factor.
    """
    matrix = _decimation(factor, reach).to(audio)
    pad = reach * factor
    windows = F.pad(audio, (pad, pad)).unfold(1, len(matrix), BLOCK * factor)
    return (windows @ matrix).flatten(1)


def interpolated(audio: Tensor, factor: int, reach: int) -> Tensor:
    """(N, samples) → (N, samples · factor): the inverse of `decimated` for what passes it."""
    matrix = _interpolation(factor, reach).to(audio)
    windows = F.pad(audio, (reach, reach + -audio.shape[1] % BLOCK)).unfold(1, len(matrix), BLOCK)
    return (windows @ matrix).flatten(1)[:, : audio.shape[1] * factor]


@lru_cache(maxsize=8)
def _decimation(factor: int, reach: int) -> Tensor:
    """(samples of the higher rate that are seen, BLOCK)."""
    lag = torch.arange((BLOCK + 2 * reach) * factor)[:, None] - reach * factor
    return _lowpass(lag - factor * torch.arange(BLOCK), factor, reach)


@lru_cache(maxsize=8)
def _interpolation(factor: int, reach: int) -> Tensor:
    """(samples of the lower rate that are seen, BLOCK · factor)."""
    lag = torch.arange(BLOCK * factor) - factor * (torch.arange(BLOCK + 2 * reach)[:, None] - reach)
    return factor * _lowpass(lag, factor, reach)


def _lowpass(lag: Tensor, factor: int, reach: int) -> Tensor:
    """A filter's taps at `lag` samples of the higher rate; its edge is the lower rate's Nyquist.

    The sinc seen through Kaiser's window, 0 beyond `reach` · `factor`.
    """
    end = reach * factor
    taps = torch.kaiser_window(2 * end + 1, periodic=False, beta=BETA, dtype=torch.float64)
    taps = taps * torch.sinc(torch.arange(-end, end + 1, dtype=torch.float64) / factor)
    found = (taps / taps.sum()).float()[(lag + end).clamp(0, 2 * end)]
    return torch.where(lag.abs() <= end, found, 0.0)
