"""Seams that are known: planted ones are found, and loops without one have none."""

from __future__ import annotations

import numpy as np

from engine.training.corpus.composer import compose
from engine.training.corpus.render import Renderer
from engine.training.listening.loops import SAMPLE_RATE, WITHIN, Sound, seam_rank


def hum(turns: float, seconds: float = 4.0) -> Sound:
    """A swelling tone of so many turns in all: whole numbers meet their own beginning."""
    place = np.arange(int(seconds * SAMPLE_RATE)) / (seconds * SAMPLE_RATE)
    swell = 0.3 + 0.1 * np.sin(2 * np.pi * 3 * place)
    wave = swell * np.sin(2 * np.pi * turns * place)
    wave += 1e-4 * np.random.default_rng(0).normal(size=len(wave))
    return np.stack([wave, wave], axis=1).astype(np.float32)


def test_a_tone_that_meets_its_beginning_has_no_seam() -> None:
    assert seam_rank(hum(880)) <= WITHIN


def test_a_planted_click_is_found() -> None:
    assert seam_rank(hum(880.5)) > WITHIN


def test_a_planted_break_is_found() -> None:
    """Loud up to its end, soft from its beginning: no click, but a stumble."""
    fading = hum(880) * np.linspace(0.02, 1.0, 4 * SAMPLE_RATE, dtype=np.float32)[:, None]
    assert seam_rank(fading) > WITHIN


def test_silence_and_scraps_have_no_seam() -> None:
    assert seam_rank(np.zeros((SAMPLE_RATE, 2), np.float32)) == 0
    assert seam_rank(np.ones((100, 2), np.float32)) == 0


def test_rendered_loops_have_none_until_their_ends_are_cut_off() -> None:
    """A cut that lands where an attack follows may pass for music, as it does by ear."""
    renderer = Renderer()
    loops = [renderer.render(compose(seed, style="ambient", loop_bars=2)) for seed in (3, 4, 5, 6)]
    assert [seam_rank(loop) <= WITHIN for loop in loops] == [True] * 4
    assert sum(seam_rank(loop[: -len(loop) // 3]) > WITHIN for loop in loops) >= 2


def stroke(at: int, seed: int) -> Sound:
    """A hum with noise that grows for 3 ms up to the frame `at` and fades for 15, as hi-hats do."""
    rng = np.random.default_rng(seed)
    grown = np.exp(np.concatenate([np.arange(-1_024, 0) / 60, -np.arange(4_096) / 300]))
    wave = hum(880)
    place = (np.arange(len(grown)) - 1_024 + at) % len(wave)
    wave[place] += (0.4 * grown * rng.normal(size=len(grown)))[:, None].astype(np.float32)
    return wave


def test_a_drum_stroke_at_the_beginning_is_no_click() -> None:
    kept = [seam_rank(stroke(0, seed)) <= WITHIN for seed in range(20)]
    assert sum(kept) >= 14  # held against the mean of what is around it, hardly one is


def test_a_click_within_a_drum_stroke_is_found() -> None:
    for seed in range(5):
        loop = stroke(0, seed)
        loop[0] += 8.0
        assert seam_rank(loop) > WITHIN
