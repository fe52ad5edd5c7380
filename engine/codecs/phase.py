"""Phases for magnitudes: a phase vocoder's guess, then Griffin and Lim's iteration.

The guess is single-pass spectrogram inversion (Beauregard, Harish and Wyse 2015): each
spectral peak's frequency is read by a parabola through three bins and advances the phase of
its whole neighbourhood. The iteration is fast Griffin-Lim (Perraudin, Balazs and Søndergaard
2013): project on consistent spectrograms, keep the magnitudes, with momentum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

MOMENTUM = 0.99


@dataclass(frozen=True)
class Retrieval:
    """Phases for the magnitudes of a Hann STFT of `size` samples every `hop`."""

    size: int
    hop: int

    def __call__(self, magnitude: Tensor, iterations: int, past: Tensor | None = None) -> Tensor:
        """(B, size // 2 + 1, frames) → complex of the same shape.

        `past` holds the first frames where they are already decided, (B, bins, k): they stay,
        and the music goes on from them, so that long clips are made in pieces without a seam.
        """
        phase = self._first_phases(magnitude, past)
        return griffin_lim(magnitude, phase, self.size, self.hop, iterations, past)

    def _first_phases(self, magnitude: Tensor, past: Tensor | None) -> Tensor:
        if past is None:
            generator = torch.Generator().manual_seed(0)
            start = 2 * math.pi * torch.rand(magnitude.shape[1], generator=generator)
            start = start.to(magnitude).expand(len(magnitude), -1)
            return peak_phases(magnitude, start, self.size, self.hop)
        last = past.shape[2] - 1
        new = peak_phases(magnitude[:, :, last:], past[:, :, -1].angle(), self.size, self.hop)
        return torch.cat([past.angle(), new[:, :, 1:]], dim=2)


def peak_phases(magnitude: Tensor, start: Tensor, size: int, hop: int) -> Tensor:
    """First phases, in radians, for `magnitude` (B, bins, frames), from `start` (B, bins) on."""
    near, advance = _peak_advance(magnitude, size, hop)
    # A Hann window that starts at zero turns the phase by π a bin: undone while phases are
    # handed from bin to bin, so that each main lobe moves as one.
    turn = math.pi * torch.arange(magnitude.shape[1], device=magnitude.device)
    phase = start + turn
    frames = [phase]
    for t in range(1, magnitude.shape[2]):
        phase = phase.gather(1, near[:, :, t]) + advance[:, :, t]
        frames.append(phase)
    return torch.stack(frames, dim=2) - turn[None, :, None]


def _peak_advance(magnitude: Tensor, size: int, hop: int) -> tuple[Tensor, Tensor]:
    """The nearest peak of every bin, and the phase that peak gains in one hop."""
    level = torch.log(magnitude + 1e-7)
    below = torch.cat([level[:, :1], level[:, :-1]], 1)
    above = torch.cat([level[:, 1:], level[:, -1:]], 1)
    is_peak = (level >= below) & (level > above)
    curvature = (below - 2 * level + above).clamp(max=-1e-4)
    offset = (0.5 * (below - above) / curvature).clamp(-0.5, 0.5)
    bins = torch.arange(level.shape[1], device=level.device)[None, :, None].to(level)
    near = _nearest(is_peak, bins)
    advance = (2 * math.pi * hop / size) * (bins + offset)
    return near, advance.gather(1, near)


def _nearest(is_peak: Tensor, bins: Tensor) -> Tensor:
    far = float(2 * is_peak.shape[1])
    last = torch.where(is_peak, bins, -far).cummax(1).values
    following = torch.where(is_peak, bins, far).flip(1).cummin(1).values.flip(1)
    nearest = torch.where(bins - last <= following - bins, last, following)
    return nearest.clamp(0, is_peak.shape[1] - 1).long()


def griffin_lim(
    magnitude: Tensor, phase: Tensor, size: int, hop: int, iterations: int, fixed: Tensor | None
) -> Tensor:
    """Complex (B, size // 2 + 1, frames) with `magnitude` and phases consistent in time.

    `fixed` (B, bins, k) holds the first k frames that are already decided: they stay, and
    the rest grows on from them, so that long clips can be made in chunks without a seam.
    """
    window = torch.hann_window(size, device=magnitude.device)
    spectrum = torch.polar(magnitude, phase)
    previous: Tensor | None = None
    length = (magnitude.shape[-1] - 1) * hop
    for _ in range(iterations):
        spectrum = _keep(spectrum, fixed)
        audio = torch.istft(spectrum, size, hop, window=window, length=length)
        projected = torch.stft(
            audio, size, hop, window=window, pad_mode="constant", return_complex=True
        )
        ahead = projected if previous is None else torch.lerp(previous, projected, 1 + MOMENTUM)
        previous = projected
        spectrum = magnitude * torch.sgn(ahead)
    return _keep(spectrum, fixed)


def _keep(spectrum: Tensor, fixed: Tensor | None) -> Tensor:
    if fixed is None:
        return spectrum
    return torch.cat([fixed, spectrum[:, :, fixed.shape[2] :]], dim=2)
