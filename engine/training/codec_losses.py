"""What the codec's network is asked for, read from sound, and how far it is from that.

Levels are compared in log and in compressed amplitude (the log alone would render noise too
quiet, the amplitude alone would forget what is soft), bin by bin and summed into bands, since the
median of a noisy bin's log, added up, is less than the band's. Frequencies are compared where
there is sound, envelopes and the coherence of both channels everywhere.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.codecs.attacks import log_envelope
from engine.codecs.bands import FLOOR_POWER, Bands, Window
from engine.codecs.house import HouseCodec
from engine.codecs.projection import Heard
from engine.codecs.rates import decimated, interpolated
from engine.codecs.stereo import Stereo
from engine.codecs.synthesis import LOW_DECIMATION, LOW_REACH, Amplitudes, Share
from engine.codecs.windows import Line

BAND_WEIGHT, OFFSET_WEIGHT, ENVELOPE_WEIGHT = 2.0, 3.0, 0.5
NEAR = 0.75  # bins: farther from its frequency no bin is a peak
STIFF = 8  # bins: below, where a bin is more than a semitone, the error counts in bins
LOUDEST = 3.0  # nats, far above anything true: an untrained network must not overflow


def targets(codec: HouseCodec, audio: Tensor, heard: Heard) -> Amplitudes:
    """The truth of `audio` (B, 2, samples), of which the codec heard `heard`."""
    bands, middle = codec.config.bands, audio.mean(1)
    low, high = (log_amplitude(power) for power in (heard.low, heard.high))
    low_part, high_part = parted(audio)
    return Amplitudes(
        Share(low, offsets(middle, bands.low), envelope(low_part, bands)),
        Share(high, offsets(middle, bands.high)[..., : bands.told_high_bins],
              envelope(high_part, bands)),
        Stereo(audio.new_zeros(0), heard.coherence),
    )  # fmt: skip


def log_amplitude(power: Tensor) -> Tensor:
    """(B, 2, frames, bins) power → (B, frames, bins), what `Share.level` holds."""
    return 0.5 * torch.log(power.mean(1) + FLOOR_POWER)


def offsets(middle: Tensor, window: Window) -> Tensor:
    """How many bins above its own each bin's sound is, (B, samples) → (B, frames, bins), ±2.

    From the phase that it gains in one sample, which is its frequency's (Flanagan and Golden
    1966).
    """
    step = window.decimation
    here, later = window(middle), window(F.pad(middle[:, step:], (0, step)))
    around = window.size / step
    bins = torch.arange(window.bins.start, window.bins.stop)
    apart = (later * here.conj()).angle() * (around / (2 * math.pi)) - bins
    return (apart - around * torch.round(apart / around)).clamp(-2, 2)


def parted(audio: Tensor) -> tuple[Tensor, Tensor]:
    """`audio` below and above the low window's highest frequency."""
    flat = audio.flatten(0, 1)
    low = interpolated(decimated(flat, LOW_DECIMATION, LOW_REACH), LOW_DECIMATION, LOW_REACH)
    return low.view_as(audio), audio - low.view_as(audio)


def envelope(part: Tensor, bands: Bands) -> Tensor:
    """(B, 2, samples) → (B, 16T): `Share.envelope` of one part of the sound."""
    step = bands.hop // bands.envelope_steps
    return log_envelope(part, Line(2 * step, step, part.shape[-1] // step))


def loss(codec: HouseCodec, made: Amplitudes, true: Amplitudes) -> Tensor:
    """The sum of all, each mean over its tensor."""
    pairs = ((made.low, true.low), (made.high, true.high))
    total = sum((magnitude_loss(a.level, b.level) for a, b in pairs), torch.zeros(()))
    apart = band_levels(codec, made) - band_levels(codec, true)
    total = total + BAND_WEIGHT * apart.abs().mean()
    bands = codec.config.bands
    firsts = (bands.low.bins.start, bands.high.bins.start)
    for (told, truth), first in zip(pairs, firsts, strict=True):
        if told.offset is not None and truth.offset is not None:
            total = total + OFFSET_WEIGHT * offset_loss(
                told.offset, truth.offset, truth.level, first
            )
        if told.envelope is not None and truth.envelope is not None:
            total = total + ENVELOPE_WEIGHT * (told.envelope - truth.envelope).abs().mean()
    if made.stereo.coherence is not None and true.stereo.coherence is not None:
        apart = made.stereo.coherence - true.stereo.coherence
        total = total + apart.abs().mean()
    return total


def magnitude_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error of log amplitudes (nats) and of amplitudes to the power of 0.4."""
    soft = audible(predicted)
    log_error = (predicted - target).abs().mean()
    compressed = ((0.4 * soft).exp() - (0.4 * target).exp()).abs().mean()
    return log_error + 8.0 * compressed


def audible(level: Tensor) -> Tensor:
    """Log amplitudes between silence and `LOUDEST`."""
    return level.clamp(min=0.5 * math.log(FLOOR_POWER), max=LOUDEST)


def band_levels(codec: HouseCodec, made: Amplitudes) -> Tensor:
    """Half the log power in the encoder's bands, (B, 4T, bands)."""
    low, high = (torch.exp(2 * share.level.clamp(max=LOUDEST)) for share in (made.low, made.high))
    high = high.unflatten(1, (-1, 2)).mean(2)
    power = torch.cat([low @ codec.low_filters.T, high @ codec.high_filters.T], dim=2)
    return 0.5 * torch.log(power + FLOOR_POWER)


def offset_loss(predicted: Tensor, target: Tensor, level: Tensor, first: int = 0) -> Tensor:
    """Mean absolute error of the frequencies near peaks, relative to the bin's own.

    In fiftieths of it, weighted by the root of the amplitude there; `first` is the number of the
    first bin.
    """
    weight = (0.5 * level[..., : target.shape[2]]).exp() * (target.abs() < NEAR)
    relative = 50 / (torch.arange(first, first + target.shape[2]) + STIFF)
    return (weight * relative * (predicted - target).abs()).sum() / weight.sum().clamp(min=1e-6)
