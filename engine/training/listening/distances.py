"""How far apart two sets of sounds are, and how far the sounds of one set from each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # (sounds, dimensions)
Map = NDArray[np.floating]  # (bands, columns)

_HEARD_DB = 70.0  # below the loudest
MEMORY_BANDS, MEMORY_RATE = 32, 10  # of the maps that are searched for copies; columns a second


def frechet(a: Points, b: Points) -> float:
    """Fréchet distance of the normal distributions of two sets (Dowson & Landau 1982).

    |μa − μb|² + tr(Σa + Σb − 2 (Σa Σb)^½). The covariances are shrunk towards multiples of one,
    as Ledoit & Wolf (2004) have it, so that sets with fewer sounds than dimensions have one.
    """
    one, other = shrunk_covariance(a), shrunk_covariance(b)
    root = _root(one)
    crossed = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other @ root), 0.0)).sum()
    apart = float(np.square(a.mean(axis=0) - b.mean(axis=0)).sum())
    return max(0.0, apart + float(np.trace(one) + np.trace(other) - 2 * crossed))


def shrunk_covariance(points: Points) -> NDArray[np.float64]:
    """Ledoit & Wolf's estimate of the covariance, (dimensions, dimensions)."""
    n, d = points.shape
    centred = points - points.mean(axis=0)
    sample = centred.T @ centred / n
    level = np.trace(sample) / d
    spread = float(np.square(sample - level * np.eye(d)).sum()) / d
    scatter = float(np.square(np.square(centred).sum(axis=1)).sum()) / n - float(
        np.square(sample).sum()
    )
    share = min(1.0, scatter / n / d / spread) if spread > 0 else 1.0
    return share * level * np.eye(d) + (1 - share) * sample


def _root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def mean_pairwise(maps: Sequence[Map]) -> float:
    """Mean distance over all pairs; 0 where all are one."""
    return float(pairwise(maps).mean())


def pairwise(maps: Sequence[Map]) -> NDArray[np.float64]:
    """1 − correlation of each pair of pictures, (pairs,); the loudest `_HEARD_DB` count."""
    length = min(each.shape[1] for each in maps)
    rows = np.stack([_levels(each[:, :length]).ravel() for each in maps])
    centred = rows - rows.mean(axis=1, keepdims=True)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    apart = 1.0 - (unit @ unit.T)[np.triu_indices(len(rows), 1)]
    flat = ~np.any(centred, axis=1)
    return np.where(flat[:, None] & flat, 0.0, 1.0)[np.triu_indices(len(rows), 1)] * apart


def _levels(picture: Map) -> Map:
    level = np.asarray(picture, np.float64)
    return np.maximum(level, float(level.max()) - _HEARD_DB)


def memory_map(picture: Map, picture_rate: int) -> NDArray[np.float64]:
    """A coarse picture, (MEMORY_BANDS, columns), each band and each moment about its own mean.

    What bands have on the whole is a sound's colour, and what moments have is a pulse: much music
    of one tempo shares them, piano chords at 120 in three as at 159 in four. A copy shares what
    is left, too: which bands sound when.
    """
    held = picture_rate // MEMORY_RATE
    columns = picture.shape[1] // held
    level = _levels(picture)
    level = level[:, : columns * held].reshape(len(level), columns, held).mean(axis=2)
    bands = np.stack([part.mean(axis=0) for part in np.array_split(level, MEMORY_BANDS)])
    bands -= bands.mean(axis=1, keepdims=True)
    return bands - bands.mean(axis=0, keepdims=True)


def copy_distance(clip: Map, long: Map) -> float:
    """1 − the highest correlation of `clip` with a part of `long` as long as it, at any lag.

    Both are memory maps. By FFT: correlation at every lag, over the energies under the clip.
    """
    width = clip.shape[1]
    if long.shape[1] < width:
        clip, long, width = long, clip, long.shape[1]
    size = clip.shape[1] + long.shape[1]
    crossed = np.fft.irfft(
        (np.fft.rfft(long, size, axis=1) * np.conj(np.fft.rfft(clip, size, axis=1))).sum(axis=0),
        size,
    )[: long.shape[1] - width + 1]
    running = np.concatenate([[0.0], np.cumsum(np.square(long).sum(axis=0))])
    energy = running[width:] - running[:-width]
    norm = np.linalg.norm(clip) * np.sqrt(np.maximum(energy, 0.0))
    return float(1.0 - (crossed / np.maximum(norm, 1e-9)).max())


def nearest(clip: Map, sample: Sequence[Map]) -> float:
    """Distance of `clip` to the nearest of `sample`, as `copy_distance`."""
    return min(copy_distance(clip, each) for each in sample)
