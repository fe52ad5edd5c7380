"""Phases for magnitudes: a phase vocoder's guess, then Griffin and Lim's iteration.

The guess is single-pass spectrogram inversion (Beauregard, Harish and Wyse 2015): each
spectral peak's frequency advances the phase of its whole neighbourhood. The frequency is told
by the decoder, or read by a parabola through three bins. The iteration is fast Griffin-Lim
(Perraudin, Balazs and Søndergaard 2013): project on consistent spectrograms, keep the
magnitudes, with momentum.

The guess goes from frame to frame and the iteration looks a few frames around: so a clip in
pieces that overlap by those frames, each guess begun where the last one was, is the whole clip.
Spectra are (B, frames, bins), as `windows.py` makes them.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.codecs.windows import Windows

MOMENTUM = 0.99
TINY = 1e-24
STEADY = 0.02  # of a loop's phase slip, what is spread evenly rather than over its attacks

Turns = NDArray[np.float64]  # phases from 0 to 1, (frames, B, bins) or one frame of it


def griffin_lim(magnitude: Tensor, phase: Tensor, windows: Windows, iterations: int) -> Tensor:
    """Complex (B, frames, bins) with `magnitude` and phases nearer to those of a sound."""
    spectrum = torch.polar(magnitude, phase)
    previous: Tensor | None = None
    for _ in range(iterations):
        projected = torch.view_as_real(windows.analyse(windows.synthesise(spectrum)))
        ahead = projected if previous is None else torch.lerp(previous, projected, 1 + MOMENTUM)
        previous = projected
        power = ahead[..., 0].square() + ahead[..., 1].square()
        gain = magnitude * torch.rsqrt(power + TINY)
        spectrum = torch.view_as_complex(ahead * gain[..., None])
    return spectrum


def first_phases(
    magnitude: Tensor, windows: Windows, start: Turns | None = None, offset: Tensor | None = None
) -> Turns:
    """The guess for `magnitude` (B, frames, bins): (frames, B, bins).

    `start` (B, bins) is the first frame's, drawn by a fixed seed where there is none. `offset`
    (B, frames, ≤ bins) tells how many bins above its own each bin's sound is, where that is known
    better than from the magnitudes.
    """
    level = torch.log(magnitude.detach() + 1e-7).transpose(0, 1).cpu().numpy()
    near = _nearest_peak(level)
    above = _parabola(level)
    if offset is not None:
        above[..., : offset.shape[2]] = offset.detach().transpose(0, 1).cpu().numpy()
    bins = np.arange(level.shape[2])
    steps = windows.steps.numpy()[:, None, None] / windows.size
    advance = _at(near, steps * (bins + above))
    advance -= np.floor(advance)
    # A window that starts at zero turns the phase by a half a bin; without it, lobes move as one.
    half = 0.5 * (bins % 2)
    if start is None:
        drawn = np.random.default_rng(0).random(len(bins))
        start = _at(near[0], np.broadcast_to(drawn, level.shape[1:]))
    else:
        start = start - half
    phases = _followed(start, near, advance)
    if windows.closed:
        phases -= _slip(phases, near, advance) * _slipping(level)
    phases += half
    phases -= np.floor(phases)
    return phases


def _at(index: NDArray[np.int64], values: Turns) -> Turns:
    """`values` at `index` of their last axis."""
    return np.take_along_axis(values, index, axis=-1)


def _followed(start: Turns, near: NDArray[np.int64], advance: Turns) -> Turns:
    """Each bin takes the phase that its peak's bin had, and what the peak gained since."""
    phases = np.empty_like(advance)
    phases[0] = start
    flat = phases.reshape(len(phases), -1)
    index = (near + len(start[0]) * np.arange(len(start))[:, None]).reshape(flat.shape)
    gained = advance.reshape(flat.shape)
    for frame in range(1, len(flat)):
        np.add(flat[frame - 1].take(index[frame]), gained[frame], out=flat[frame])
    return phases


def _slip(phases: Turns, near: NDArray[np.int64], advance: Turns) -> Turns:
    """How far each bin's phase, followed once around, is from where it began, within ±½."""
    around = _at(near[0], phases[-1]) + advance[0] - phases[0]
    return around - np.round(around)


def _slipping(level: NDArray[np.float32]) -> Turns:
    """The part of a loop's slip that each frame has taken back, rising from 0: (frames, 1, 1).

    It is taken back where the music rises, since at an attack no ear holds phases to the past.
    """
    before = np.roll(level, 1, axis=0)
    rise = (np.maximum(level - before, 0) * np.exp(level)).sum(axis=(1, 2)).astype(np.float64)
    rise += STEADY * rise.mean() + 1e-12
    taken = np.cumsum(rise) - rise[0]
    return (taken / rise.sum())[:, None, None]


def _nearest_peak(level: NDArray[np.float32]) -> NDArray[np.int64]:
    """The bin of the peak over frequency nearest to each bin; an end where there is no peak."""
    inner = level[..., 1:-1]
    is_peak = np.zeros(level.shape, bool)
    np.greater_equal(inner, level[..., :-2], out=is_peak[..., 1:-1])
    is_peak[..., 1:-1] &= inner > level[..., 2:]
    is_peak[..., 0] = is_peak[..., -1] = ~is_peak.any(axis=-1)
    count = level.shape[-1]
    row, peak = np.divmod(np.flatnonzero(is_peak), count)
    ends = np.full(len(peak), count)  # of each peak's neighbourhood, half way to the next one
    same_row = row[:-1] == row[1:]
    ends[:-1][same_row] = ((peak[:-1] + peak[1:]) // 2 + 1)[same_row]
    widths = np.diff(row * count + ends, prepend=0)
    return np.repeat(peak, widths).reshape(level.shape)


def _parabola(level: NDArray[np.float32]) -> NDArray[np.float32]:
    """How many bins above its own the top through each bin and its neighbours lies, ±0.5."""
    above = np.zeros_like(level)
    left, middle, right = level[..., :-2], level[..., 1:-1], level[..., 2:]
    curvature = np.minimum(left - 2 * middle + right, -1e-4)
    above[..., 1:-1] = np.clip(0.5 * (left - right) / curvature, -0.5, 0.5)
    return above
