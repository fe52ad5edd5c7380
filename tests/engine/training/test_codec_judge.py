"""The judge of the codec's magnitudes: what it looks at, and what it teaches."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from engine.codecs.bands import Bands
from engine.codecs.stereo import Stereo
from engine.codecs.synthesis import Amplitudes, Share
from engine.training.codec_judge import CodecJudge, Judged

FRAMES = 2  # of latents


def judged(grain: float, seed: int = 0) -> Judged:
    """Flat outlines, and levels that stray from them by `grain` nats."""
    torch.manual_seed(seed)
    bands = Bands()
    shapes = [
        (2, 4 * FRAMES, len(bands.low.freq_hz(bands.sample_rate))),
        (2, 8 * FRAMES, len(bands.high.freq_hz(bands.sample_rate))),
    ]
    low, high = outlines = tuple(torch.full(shape, -4.0) for shape in shapes)
    shares = [Share(each + grain * torch.randn_like(each)) for each in (low, high)]
    return Judged(Amplitudes(*shares, Stereo(torch.zeros(2, FRAMES, 12))), outlines)


def test_every_window_gets_a_logit_for_each_of_its_patches() -> None:
    judge, sound = CodecJudge(), judged(1.0)
    (low, high), features = judge(sound)
    assert len(features) == 8
    assert low.shape[0] == high.shape[0] == 2
    # a patch is 2 frames by 4 bins, and the strides make 4 by 8 of those one place
    (low_level, _), (high_level, _) = sound.windows
    for logits, level in ((low, low_level), (high, high_level)):
        frames, bins = level.shape[1] / 8, level.shape[2] / 32
        assert logits.shape[1] == math.ceil(frames) * math.ceil(bins)


def test_all_of_a_level_is_looked_at() -> None:
    """Also its last bins, which do not fill a patch."""
    judge, sound = CodecJudge(), judged(1.0)
    for share in (sound.made.low, sound.made.high):
        share.level.requires_grad_()
    sum(logits.sum() for logits in judge(sound)[0]).backward()
    for share in (sound.made.low, sound.made.high):
        assert (share.level.grad != 0).float().mean(dim=(0, 1)).min() > 0.9


def test_it_learns_to_tell_smooth_from_grainy_and_then_teaches_grain() -> None:
    judge, true = CodecJudge(), judged(1.0)
    optimizer = torch.optim.AdamW(judge.parameters(), 1e-3)
    first = judge.mistaken(true, judged(0.1, seed=1)).item()
    assert first == pytest.approx(0.69, abs=0.1)
    for step in range(30):
        optimizer.zero_grad()
        judge.mistaken(judged(1.0, step), judged(0.1, 100 + step)).backward()
        optimizer.step()
    assert judge.mistaken(true, judged(0.1, seed=1)).item() < 0.1
    losses = [judge.against(true, judged(grain, seed=1)) for grain in (0.1, 0.5, 1.0)]
    for smooth, rough in pairwise(losses):
        assert smooth[0].item() > rough[0].item()
        assert smooth[1].item() > rough[1].item()


def test_teaching_the_decoder_leaves_the_judge_as_it_is() -> None:
    judge, true, made = CodecJudge(), judged(1.0), judged(0.1, seed=1)
    level = made.made.low.level.requires_grad_()
    sum(judge.against(true, made)).backward()
    assert level.grad is not None
    assert level.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in judge.parameters())
    assert all(weight.requires_grad for weight in judge.parameters())


def test_teaching_the_judge_leaves_the_decoder_as_it_is() -> None:
    judge, true, made = CodecJudge(), judged(1.0), judged(0.1, seed=1)
    level = made.made.low.level.requires_grad_()
    judge.mistaken(true, made.detached()).backward()
    assert level.grad is None


def test_what_is_the_same_cannot_be_preferred_and_looks_alike() -> None:
    sound = judged(1.0)
    preferred, alike = CodecJudge().against(sound, sound)
    assert preferred.item() == pytest.approx(0.6931, abs=1e-3)
    assert alike.item() == 0


def test_silence_and_noise_beyond_all_bounds_are_no_argument() -> None:
    """An untrained decoder may answer anything; the judge sees what could be heard of it."""
    sound = judged(1.0)
    deep = replace(sound.made.low, level=torch.full_like(sound.made.low.level, -1e4))
    deeper = replace(sound.made.low, level=torch.full_like(sound.made.low.level, -1e6))
    judge = CodecJudge()
    one, other = (
        judge(replace(sound, made=replace(sound.made, low=share)))[0][0] for share in (deep, deeper)
    )
    assert torch.equal(one, other)
