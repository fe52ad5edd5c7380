"""Adversarial post-training: what the judge hears and prefers, and that the denoiser follows."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.cli import main
from engine.diffusion.parameterisation import Parameterisation
from engine.errors import InvalidRequest
from engine.models.folder import ModelFolder
from engine.models.house import load_shards
from engine.nets.conditioning import Conditioning
from engine.training import shipping, stages
from engine.training.adversarial import (
    AdversarialTrainer,
    AdversarialTraining,
    Hearing,
    mismatched,
    preferred,
    short_of,
)
from engine.training.batches import Batches
from engine.training.discriminator import Discriminator
from engine.training.latents import plan_shards
from engine.training.runs import Run
from tests.engine.training.tiny_training import (
    CPU,
    FRAME_RATE,
    UNET,
    fitted_codec,
    tame_pieces,
    trainer,
    write_shard,
)

TRAINING = AdversarialTraining(
    steps=6, batch=4, crop_frames=16, save_every=2, peak_rate=1e-3, judge_haste=1
)


def post_trainer(folder: Path, training: AdversarialTraining = TRAINING) -> AdversarialTrainer:
    return AdversarialTrainer(Run(folder), training, UNET, CPU)


def batches(training: AdversarialTraining = TRAINING) -> Batches:
    return Batches(tame_pieces(), training, FRAME_RATE)


def test_nobody_is_preferred_where_all_sounds_alike() -> None:
    alike = (torch.zeros(2, 3), torch.zeros(2, 5))
    assert float(preferred(alike, alike)) == pytest.approx(math.log(2))
    better = tuple(each + 1 for each in alike)
    assert float(preferred(better, alike)) < math.log(2) < float(preferred(alike, better))


def test_to_fit_better_than_music_earns_nothing() -> None:
    music = (torch.tensor([[1.0, 1.0]]), torch.tensor([[2.0, 0.0, 2.0]]))
    answer = (torch.tensor([[0.0, 9.0]]), torch.tensor([[2.0, 7.0, 2.0]]))
    assert float(short_of(answer, music)) == pytest.approx(0.25)


def test_a_judge_begins_as_the_denoiser(tmp_path: Path) -> None:
    run = post_trainer(tmp_path)
    weights = trainer(tmp_path / "taught").net.state_dict()
    run.start_from(weights)
    body = run.judge.body.state_dict()
    assert all(torch.equal(body[name], weight) for name, weight in weights.items())
    batch = batches()[0]
    logits = run.judge(batch.x0, batch.sigma, batch.conditioning)
    assert [each.shape for each in logits] == 2 * [(4, 8), (4, 16)]


def test_a_batch_without_neighbours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="no other to be told apart from"):
        post_trainer(tmp_path, replace(TRAINING, batch=1))


def test_a_judge_that_does_not_learn_still_hands_gradients_on() -> None:
    judge = Discriminator(UNET)
    judge.learns(False)
    batch = batches()[0]
    x = batch.x0.clone().requires_grad_()
    sum(each.sum() for each in judge(x, batch.sigma, batch.conditioning)).backward()
    assert x.grad is not None
    assert x.grad.any()
    assert all(parameter.grad is None for parameter in judge.parameters())


def test_clips_are_compared_in_the_same_noise() -> None:
    heard = []

    def judge(x: torch.Tensor, t: torch.Tensor, told: Conditioning) -> list[torch.Tensor]:
        heard.append((x, t, told))
        return [place * x.sum(1) for place in range(1, 5)]

    hearing = Hearing(Parameterisation.V, torch.tensor([0.5, 2.0]), torch.randn(2, 3, 4))
    clip, told = torch.randn(2, 3, 4), Conditioning(concat=torch.randn(2, 1, 4))
    first, second = hearing(judge, [clip, clip], [told, told])  # type: ignore[arg-type]
    assert torch.equal(first.real[0], second.real[0])
    assert torch.equal(3 * first.real[0], first.fit[0])
    ((x, t, both),) = heard
    assert x.shape == (4, 3, 4)
    assert t.tolist() == pytest.approx(2 * [math.log(0.5) / 4, math.log(2) / 4])
    assert both.concat is not None
    assert torch.equal(both.concat, torch.cat([told.concat, told.concat]))
    sigma = torch.tensor([0.5, 2.0])[:, None, None]
    torch.testing.assert_close(x[:2], (clip + sigma * hearing.noise) / (1 + sigma**2).sqrt())


def test_what_does_not_fit_has_a_neighbours_words_or_its_score() -> None:
    told = batches(replace(TRAINING, batch=40))[0].conditioning
    other = mismatched(told, torch.Generator().manual_seed(0))
    assert told.concat is not None
    assert told.context is not None
    words = (other.context != told.context).flatten(1).any(1)
    score = (other.concat != told.concat).flatten(1).any(1)
    assert not (words & score).any()
    assert 10 < int(words.sum()) < 30
    where = int(words.nonzero()[0])
    assert torch.equal(other.context[where], told.context[where - 1])
    assert torch.equal(other.context_mask[where], told.context_mask[where - 1])


def test_the_judge_learns_what_is_real_and_what_fits(tmp_path: Path) -> None:
    """Of one batch: noise is not music, and a neighbour's prompt is not one's own."""
    training = replace(TRAINING, steps=1_000, judge_haste=3)
    run, batch = post_trainer(tmp_path, training), batches()[0]
    run.step = 100  # the rate has risen
    told, noise = [], torch.randn_like(batch.x0)
    for step in range(120):
        draw = torch.Generator().manual_seed(step)
        run._teach_judge(batch, noise, run._hearing(batch, draw), draw)
        told.append(run.figures())
    for name in ("real", "fitting"):
        assert np.mean([each[name] for each in told[:10]]) == pytest.approx(math.log(2), abs=0.05)
        assert np.mean([each[name] for each in told[-10:]]) < 0.5


def test_answers_grow_as_loud_as_music(tmp_path: Path) -> None:
    """A squared error would keep the answers to much noise near their mean, which is silence."""
    training = replace(
        TRAINING, steps=160, batch=8, peak_rate=3e-3, judge_haste=1, judge_log_mean=-1.5
    )
    run, made = post_trainer(tmp_path, training), batches(training)
    loud = []
    while run.step < training.steps:
        batch = made[run.step]
        with torch.no_grad():
            answer = run._answer(batch)
        loud.append(float(answer[batch.sigma > 2].std()))
        run.advance(batch)
    assert np.mean(loud[-30:]) > 1.5 * np.mean(loud[:30])


def test_a_killed_run_goes_on_as_if_unbroken(tmp_path: Path) -> None:
    unbroken = post_trainer(tmp_path / "unbroken")
    expected = unbroken.train(tame_pieces(), FRAME_RATE).state_dict()
    made = batches()
    killed = post_trainer(tmp_path / "killed")
    for step in range(3):
        killed.advance(made[step])
    killed.save()
    found = post_trainer(tmp_path / "killed").train(tame_pieces(), FRAME_RATE).state_dict()
    for name, weight in expected.items():
        torch.testing.assert_close(found[name], weight)


def test_the_stage_goes_on_from_the_runs_denoiser_and_its_model_is_asked_its_own_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shard(tmp_path)
    shards = plan_shards(
        tmp_path / "latents", tmp_path / "codec", 32, stages.FIRST_SEED, stages.PIECE_S
    )
    (tmp_path / "codec").mkdir()
    (tmp_path / "codec" / stages.CODEC_FILE).touch()
    for module in (stages, shipping):
        monkeypatch.setattr(module, "load_codec", lambda _: fitted_codec())
        monkeypatch.setattr(module, "HOUSE_UNET", UNET)
    monkeypatch.setattr(stages, "latents_stage", lambda root, music: shards)
    monkeypatch.setattr(stages, "HOUSE_NETS", {"unet": UNET})
    trainer(tmp_path / "denoiser").save()
    words = ["--run-folder", str(tmp_path)]
    assert main(["train", "export", *words, "--adversarial", "--out", str(tmp_path / "no")]) == 1
    assert main(["train", "adversarial", *words, "--steps", "2", "--batch", "2"]) == 0
    for kind, rescale in (([], 0.7), (["--adversarial"], 0.0)):
        out = tmp_path / f"model{len(kind)}"
        assert main(["train", "export", *words, *kind, "--out", str(out)]) == 0
        assert ModelFolder.open(out).info().refinement.rescale == rescale
    before, after = (
        load_shards(tmp_path / name, ModelFolder.open(tmp_path / name).files)
        for name in ("model0", "model1")
    )
    assert any(not torch.equal(after[name], weight) for name, weight in before.items())
