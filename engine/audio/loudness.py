"""Integrated loudness after ITU-R BS.1770-4, in numpy alone.

pyloudnorm computes the same and is what the tests compare with, but it brings scipy.signal,
whose import takes over a second at the moment when a person waits for an export to be measured.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

BLOCK_S = 0.4
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
_HOPS = 4  # blocks overlap by three quarters
_OFFSET_LU = -0.691
_LEAD_IN_S = 0.5  # the filters' memory: their slowest response has long died away
_CHUNK_S = 10.0  # keeps memory flat over minutes of sound

# The K-weighting's analogue prototypes: a high shelf for the head, a high pass (BS.1770-4, 2.1).
_SHELF_HZ, _SHELF_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_PASS_HZ, _PASS_Q = 38.13547087602444, 0.5003270373238773


def integrated_lufs(audio: NDArray[np.float32], sample_rate: int) -> float:
    """Gated loudness of (frames, channels); −inf for silence or less than one block of sound."""
    power = _block_power(audio, sample_rate)
    loud = power[_lufs(power) > ABSOLUTE_GATE_LUFS]
    if not len(loud):
        return -math.inf
    gate = float(_lufs(loud.mean())) + RELATIVE_GATE_LU
    return float(_lufs(loud[_lufs(loud) > gate].mean()))


def _lufs(power: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    return _OFFSET_LU + 10.0 * np.log10(np.maximum(power, 1e-30))


def _block_power(audio: NDArray[np.float32], sample_rate: int) -> NDArray[np.float64]:
    """K-weighted power of each 400 ms block, summed over channels."""
    hop = round(BLOCK_S / _HOPS * sample_rate)
    hops = len(audio) // hop
    power = np.empty(max(hops, 0))
    per_chunk = round(_CHUNK_S / BLOCK_S) * _HOPS
    for first in range(0, hops, per_chunk):
        last = min(first + per_chunk, hops)
        weighted = _k_weighted(audio, first * hop, last * hop, sample_rate)
        power[first:last] = np.square(weighted).reshape(last - first, -1).sum(axis=1) / hop
    return np.convolve(power, np.full(_HOPS, 1.0 / _HOPS), "valid") if hops >= _HOPS else power[:0]


def _k_weighted(
    audio: NDArray[np.float32], start: int, stop: int, sample_rate: int
) -> NDArray[np.float64]:
    """Frames start..stop through both filters, multiplied in the frequency domain."""
    lead = min(start, round(_LEAD_IN_S * sample_rate))
    piece = audio[start - lead : stop].astype(np.float64)
    tail = round(_LEAD_IN_S * sample_rate)  # room for the response, so that it does not wrap
    size = 1 << (len(piece) + tail - 1).bit_length()
    spectrum = np.fft.rfft(piece, size, axis=0) * _response(size, sample_rate)[:, None]
    return np.fft.irfft(spectrum, size, axis=0)[lead : lead + stop - start]


@lru_cache(maxsize=4)
def _response(size: int, sample_rate: int) -> NDArray[np.complex128]:
    """Both biquads at the bins of a real FFT of `size`."""
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    return _biquad(z, *_shelf(sample_rate)) * _biquad(z, *_high_pass(sample_rate))


def _biquad(
    z: NDArray[np.complex128], zeros: tuple[float, ...], poles: tuple[float, ...]
) -> NDArray[np.complex128]:
    """`z` is the delay e^(−iω); coefficients rise in powers of it."""
    response: NDArray[np.complex128] = np.polyval(zeros[::-1], z) / np.polyval(poles[::-1], z)
    return response


def _shelf(sample_rate: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    k = math.tan(math.pi * _SHELF_HZ / sample_rate)
    high = 10.0 ** (_SHELF_DB / 20.0)
    band = high**0.4996667741545416
    zeros = (
        high + band * k / _SHELF_Q + k * k,
        2.0 * (k * k - high),
        high - band * k / _SHELF_Q + k * k,
    )
    return zeros, (1.0 + k / _SHELF_Q + k * k, 2.0 * (k * k - 1.0), 1.0 - k / _SHELF_Q + k * k)


def _high_pass(sample_rate: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Its zeros are not normalised, as the standard's table has them (gain 1.005 at the top)."""
    k = math.tan(math.pi * _PASS_HZ / sample_rate)
    scale = 1.0 + k / _PASS_Q + k * k
    poles = (1.0, 2.0 * (k * k - 1.0) / scale, (1.0 - k / _PASS_Q + k * k) / scale)
    return (1.0, -2.0, 1.0), poles
