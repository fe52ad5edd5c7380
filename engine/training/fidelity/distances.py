"""How far coded sound is from its original: spectra, waveform, stereo image, harmony.

Every function takes the original first, then what a codec made of it, both (frames, 2) float32
at `SAMPLE_RATE`, equally long and aligned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import librosa
import numpy as np
from numpy.typing import NDArray

from engine.audio.spectrogram import HIGH_HZ, log_mel, mel_frequencies

SAMPLE_RATE = 44_100
FLOOR_DB = -80.0  # a full-scale sine is 0 dB
HEARD_DB = -60.0  # windows of less power have no pitch that anyone hears
RESOLUTIONS = ((512, 128), (1_024, 256), (2_048, 512))  # window and hop, samples

Sound = NDArray[np.float32]
Values = NDArray[Any]


def log_mel_distance(original: Sound, coded: Sound) -> float:
    """Mean absolute difference in dB of 128 mel bands every 11.6 ms, 0 to 20 kHz."""
    one, two = (_mel_db(sound) for sound in (original, coded))
    return float(np.abs(one - two).mean())


def _mel_db(sound: Sound) -> NDArray[np.float32]:
    picture = log_mel(sound, SAMPLE_RATE, mels=128, high_hz=HIGH_HZ)
    return np.maximum(picture.level_db, FLOOR_DB)


def stft_distance(original: Sound, coded: Sound) -> float:
    """Multi-resolution STFT distance (Yamamoto, Song and Kim 2020), mean of both channels.

    Spectral convergence plus the mean absolute difference of log magnitudes (nats, floored at
    −80 dB), averaged over windows of 12, 23 and 46 ms. It has no unit; 0 is equality.
    """
    found = []
    for size, hop in RESOLUTIONS:
        one, two = (_magnitudes(sound, size, hop) for sound in (original, coded))
        convergence = np.linalg.norm(one - two) / max(float(np.linalg.norm(one)), 1e-9)
        floor = 10 ** (FLOOR_DB / 20)
        apart = np.abs(np.log(np.maximum(one, floor)) - np.log(np.maximum(two, floor)))
        found.append(float(convergence) + float(apart.mean()))
    return float(np.mean(found))


def si_sdr(original: Sound, coded: Sound) -> float:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019), both channels as one.

    It holds phases against a codec: one that makes its own phases is far below 0.
    """
    one, two = (sound.astype(np.float64).ravel() for sound in (original, coded))
    target = one * (one @ two / max(float(one @ one), 1e-12))
    noise = two - target
    return float(10 * np.log10((target @ target + 1e-12) / (noise @ noise + 1e-12)))


def level_difference_error(original: Sound, coded: Sound) -> float:
    """Mean absolute error in dB of the level difference between left and right.

    In 24 mel bands and windows of 46 ms, weighted by the original's amplitude there, each
    difference held within ±20 dB: beyond that the ear hears one side.
    """
    one, two = (_image(sound) for sound in (original, coded))
    weight = np.sqrt(one.power)
    apart = np.abs(one.difference_db - two.difference_db)
    return float((weight * apart).sum() / max(float(weight.sum()), 1e-12))


def coherence_error(original: Sound, coded: Sound) -> float:
    """Mean absolute error of the coherence between left and right, 0 (equal) to 1.

    Bands, windows and weights as in `level_difference_error`. Coherence is how alike the channels
    are: 1 for a panned source, less for a wide one (Faller and Baumgarte 2003's third cue).
    """
    one, two = (_image(sound) for sound in (original, coded))
    weight = np.sqrt(one.power)
    apart = np.abs(one.coherence - two.coherence)
    return float((weight * apart).sum() / max(float(weight.sum()), 1e-12))


@dataclass(frozen=True)
class _Image:
    """The cues of a stereo image, each (bands, windows)."""

    power: Values
    difference_db: Values  # left over right, within ±20
    coherence: Values  # 0 to 1


def _image(sound: Sound) -> _Image:
    spectra = [librosa.stft(sound[:, c], n_fft=2_048, hop_length=1_024) for c in (0, 1)]
    left, right = (_in_bands(np.square(np.abs(each))) for each in spectra)
    # Coherence is an average over a few windows too: within one, a bin is always coherent.
    cross = np.abs(_smooth(_in_bands(spectra[0] * spectra[1].conj())))
    floor = 10 ** (FLOOR_DB / 10) * 512**2
    both = np.sqrt((_smooth(left) + floor) * (_smooth(right) + floor))
    return _Image(
        power=left + right,
        difference_db=np.clip(10 * np.log10((left + floor) / (right + floor)), -20, 20),
        coherence=np.clip((cross + floor) / both, 0, 1),
    )


_EDGES_HZ = mel_frequencies(25, 60.0, 16_000.0)


def _in_bands(values: Values) -> Values:
    """Sums over the bins of each band, (bins, windows) → (24, windows)."""
    freq_hz = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=2_048)
    edges = np.searchsorted(freq_hz, _EDGES_HZ)
    return np.add.reduceat(values, edges, axis=0)[:-1]


def _smooth(values: Values, windows: int = 4) -> Values:
    return np.apply_along_axis(np.convolve, 1, values, np.ones(windows) / windows, mode="same")


def _magnitudes(sound: Sound, size: int, hop: int) -> NDArray[np.float32]:
    """(2, bins, windows); a full-scale sine is 1."""
    return np.abs(librosa.stft(sound.T, n_fft=size, hop_length=hop)) / (size / 4)


def chroma(sound: Sound) -> NDArray[np.float32]:
    """(12, windows of 186 ms every 46 ms): how strong each pitch class is.

    From the power of both channels together: their sum as waveforms would hear how wide the
    sound is, which has a row of its own. A window's strongest class is 1, however soft it is.
    """
    return librosa.feature.chroma_stft(S=_power(sound), sr=SAMPLE_RATE, tuning=0.0)


def _power(sound: Sound) -> NDArray[np.float32]:
    """(bins, windows): the mean power of both channels."""
    spectra = librosa.stft(sound.T, n_fft=8_192, hop_length=2_048)
    return np.square(np.abs(spectra)).mean(axis=0)


def heard(sound: Sound) -> NDArray[np.bool_]:
    """In which of the windows of `chroma` something sounds."""
    full_scale = (8_192 / 4) ** 2  # the power of a full-scale sine's strongest bin
    return _power(sound).sum(axis=0) > full_scale * 10 ** (HEARD_DB / 10)


def chroma_correlation(original: Sound, coded: Sound) -> float:
    """Pearson's correlation of both chromagrams over all classes and windows, −1 to 1.

    Over the windows in which the original is heard, and nan where there is none: what is left
    in a rest, 100 dB down, has pitch classes too, and they mean nothing.
    """
    windows = heard(original)
    one, two = (chroma(sound)[:, windows].ravel().astype(np.float64) for sound in (original, coded))
    if one.size == 0:
        return float("nan")
    one, two = one - one.mean(), two - two.mean()
    size = float(np.linalg.norm(one) * np.linalg.norm(two))
    return float(one @ two) / size if size else 0.0


# Krumhansl and Kessler 1982: how well each degree fits a major and a minor key.
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def key_of(sound: Sound) -> int:
    """The key that Krumhansl and Schmuckler's estimator hears: 0–11 major from C, 12–23 minor.

    In the windows in which something sounds.
    """
    windows = heard(sound)
    profile = chroma(sound)[:, windows if windows.any() else slice(None)].mean(axis=1)
    profile = profile - profile.mean()
    keys = [np.roll(mode, tonic) for mode in (_MAJOR, _MINOR) for tonic in range(12)]
    return int(np.argmax([profile @ (key - key.mean()) / key.std() for key in keys]))


def same_key(original: Sound, coded: Sound) -> float:
    """1 where the key estimator hears the same key in both, else 0."""
    return float(key_of(original) == key_of(coded))
