"""Some hundred numbers that tell how a sound is made: colour, attacks, pulse, texture.

All come from one log-mel picture, so that loudness and the exact notes matter little. They feed
the classifier and are the space that distances between sets are measured in.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from engine.training.listening.heard import PICTURE_RATE

RANGE_DB = 70.0  # what lies further below the loudest is not heard
CEPSTRA = 24
_GROUPS = 8  # of bands, whose pulse is told
_LAGS_S = np.geomspace(0.08, 2.4, 28)

Picture = NDArray[np.floating]  # (mels, columns), dB
Features = NDArray[np.float64]  # (features,)


def features(picture: Picture) -> Features:
    """About 1,100 numbers for a picture of any length from a second up."""
    level = _levelled(picture)
    rise = np.maximum(np.diff(level, axis=1), 0.0)
    return np.concatenate([_colour(level), _attacks(rise), _pulse(rise), _texture(level)])


def _levelled(picture: Picture) -> NDArray[np.float64]:
    """In units of 10 dB above a floor `RANGE_DB` below the loudest."""
    level = np.asarray(picture, np.float64)
    return np.maximum(level - level.max() + RANGE_DB, 0.0) / 10.0


def _colour(level: NDArray[np.float64]) -> Features:
    """How loud each band is: softly, usually, loudly; and how it moves."""
    return np.concatenate([*np.percentile(level, (10, 50, 90, 98), axis=1), level.std(axis=1)])


def _attacks(rise: NDArray[np.float64]) -> Features:
    """How suddenly each band rises, on the whole and at its strongest."""
    return np.concatenate([rise.mean(axis=1), np.percentile(rise, 97, axis=1)])


def _pulse(rise: NDArray[np.float64]) -> Features:
    """How each group of bands repeats its attacks, over lags of 0.08 to 2.4 s; (8 × 28,)."""
    groups = np.stack([part.mean(axis=0) for part in np.array_split(rise, _GROUPS)])
    groups = groups - groups.mean(axis=1, keepdims=True)
    columns = groups.shape[1]
    spectrum = np.abs(np.fft.rfft(groups, 2 * columns, axis=1)) ** 2
    alike = np.fft.irfft(spectrum, axis=1)[:, :columns]
    alike = alike / np.maximum(alike[:, :1], 1e-9)
    lags = np.arange(columns)
    return np.concatenate([np.interp(_LAGS_S * PICTURE_RATE, lags, each) for each in alike])


def _texture(level: NDArray[np.float64]) -> Features:
    """Which spectral shapes come together: mean and covariance of cepstra, and of their motion."""
    cepstra = dct(level, axis=0, norm="ortho")[:CEPSTRA]
    moved = cepstra[:, 2:] - cepstra[:, :-2]
    upper = np.triu_indices(CEPSTRA)
    together = np.cov(cepstra)[upper]
    return np.concatenate(
        [cepstra.mean(axis=1), np.sign(together) * np.sqrt(np.abs(together)), moved.std(axis=1)]
    )
