"""Distances between sets and clips in cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.training.listening.distances import (
    copy_distance,
    frechet,
    mean_pairwise,
    memory_map,
    nearest,
    pairwise,
    shrunk_covariance,
)


def points(seed: int, count: int = 4_000, dimensions: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dimensions))


def test_two_halves_of_one_set_are_near_and_a_set_is_nowhere_but_at_itself() -> None:
    whole = points(0)
    assert frechet(whole, whole) == pytest.approx(0, abs=1e-9)
    assert frechet(whole[::2], whole[1::2]) < 0.03


def test_a_shift_counts_its_square_and_a_stretch_the_square_of_its_excess() -> None:
    whole = points(1)
    shift = np.array([3.0, 0, 0, 0, 0, 4.0])
    assert frechet(whole, whole + shift) == pytest.approx(25.0, rel=1e-6)
    # Σ → 4 Σ: tr(Σ + 4 Σ − 2 · 2 Σ) = tr Σ, and Σ is near one in six dimensions.
    centred = whole - whole.mean(axis=0)
    assert frechet(centred, 2 * centred) == pytest.approx(6.0, rel=0.05)


def test_few_points_are_shrunk_and_many_are_not() -> None:
    few, many = shrunk_covariance(points(2, 8, 20)), shrunk_covariance(points(2, 4_000, 20))
    assert np.linalg.eigvalsh(few).min() > 0.1
    assert many == pytest.approx(np.eye(20), abs=0.1)
    stretched = points(3, 4_000, 3) * (1, 5, 9)
    assert np.diag(shrunk_covariance(stretched)) == pytest.approx([1, 25, 81], rel=0.1)


def picture(seed: int, columns: int = 500) -> np.ndarray:
    """Bands that come and go, as music's do."""
    rng = np.random.default_rng(seed)
    return -60 + 40 * np.repeat(rng.random((96, columns // 10)), 10, axis=1)


def test_seeds_that_repeat_themselves_are_found_out() -> None:
    one = picture(0)
    assert mean_pairwise([one, one, one]) == pytest.approx(0, abs=1e-9)
    assert mean_pairwise([picture(seed) for seed in range(4)]) > 0.9
    assert pairwise([one, one, picture(1)]).min() == pytest.approx(0, abs=1e-9)
    flat = np.zeros((96, 500))
    assert mean_pairwise([flat, flat]) == 0


def test_a_memorised_clip_is_found_wherever_it_was_cut() -> None:
    training = [memory_map(picture(seed, 1_200), 50) for seed in range(3)]
    copied = picture(1, 1_200)[:, 350:850] + np.random.default_rng(9).normal(0, 3, (96, 500))
    new = picture(7)
    assert nearest(memory_map(copied, 50), training) < 0.1
    assert nearest(memory_map(new, 50), training) > 0.5
    assert copy_distance(training[0], training[0][:, 40:140]) == pytest.approx(0, abs=1e-9)


def test_a_pulse_alone_is_no_copy() -> None:
    beat = 30.0 * (np.arange(500) % 75 < 20)
    one, other = (0.4 * picture(seed) + beat for seed in (1, 2))
    assert copy_distance(memory_map(one, 50), memory_map(other, 50)) > 0.5
    assert copy_distance(memory_map(one, 50), memory_map(one, 50)) < 1e-9
