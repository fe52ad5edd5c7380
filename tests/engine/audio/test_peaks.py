"""No peak may vanish from a waveform's outline, at any zoom."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio.peaks import BASE, FACTOR, Peaks

NOISE = np.random.default_rng(1).uniform(-1, 1, (50_000, 2)).astype(np.float32)
PEAKS = Peaks.of(NOISE)


@given(st.integers(0, 49_000), st.integers(1, 50_000), st.integers(1, 300))
def test_every_column_covers_its_samples_and_little_more(
    start: int, length: int, columns: int
) -> None:
    stop = min(start + length, len(NOISE))
    outline = PEAKS.outline(start, stop, columns)
    edges = np.linspace(start, stop, columns + 1)
    slack = max((stop - start) / columns, 1.0)  # a stored cell is at most half a column
    for column, (low, high) in enumerate(itertools.pairwise(edges)):
        exact = NOISE[int(low) : max(int(np.ceil(high)), int(low) + 1)]
        around = NOISE[max(int(low - slack), 0) : int(np.ceil(high + slack)) + 1]
        assert np.all(outline[column, :, 0] <= exact.min(axis=0))
        assert np.all(outline[column, :, 1] >= exact.max(axis=0))
        assert np.all(outline[column, :, 0] >= around.min(axis=0))
        assert np.all(outline[column, :, 1] <= around.max(axis=0))


def test_single_samples_appear_when_zoomed_in() -> None:
    outline = PEAKS.outline(100, 110, 10)
    np.testing.assert_array_equal(outline[:, :, 0], NOISE[100:110])
    np.testing.assert_array_equal(outline[:, :, 1], NOISE[100:110])


def test_outside_the_clip_is_silence() -> None:
    outline = PEAKS.outline(-1000, 0, 10)
    assert not outline.any()
    assert not PEAKS.outline(len(NOISE), len(NOISE) + 500, 7).any()


def test_levels_shrink_to_a_few_cells() -> None:
    cells = [len(level) for level in PEAKS.levels]
    assert cells[0] == -(-len(NOISE) // BASE)
    assert all(-(-a // FACTOR) == b for a, b in itertools.pairwise(cells))
    assert cells[-1] <= FACTOR


def test_empty_audio_is_refused() -> None:
    with pytest.raises(ValueError, match="not empty"):
        Peaks.of(np.zeros((0, 2), np.float32))
