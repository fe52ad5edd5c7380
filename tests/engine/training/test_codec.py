"""The codec's training: crops, resuming, learning."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from engine.codecs.house import HouseCodec, HouseCodecConfig
from engine.training import codec as training_codec
from engine.training.codec import (
    CODEC_FILE,
    CodecTrainer,
    CodecTraining,
    first_alone,
    train_codec,
)
from engine.training.codec_sound import crops, detuned, whole_sound
from engine.training.codec_tones import tones
from engine.training.runs import Run

TRAINING = CodecTraining(
    pieces=2, piece_s=1.0, first_seed=1, steps=4, batch=2, crop_frames=8, workers=0
)
CONFIG = HouseCodecConfig(latent_channels=8, width=16, layers=1, tells_motion=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run whose audio is there already: noise, so that nothing needs to be rendered."""
    audio = tmp_path / "run" / "audio"
    audio.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for seed in range(1, 3):
        np.save(audio / f"{seed}.npy", rng.normal(0, 3_000, (2, 44_100)).astype(np.int16))
    return tmp_path / "run"


def test_crops_are_those_of_their_step(folder: Path) -> None:
    paths = sorted((folder / "audio").iterdir())
    whole, late = crops(paths, TRAINING, 2_048), crops(paths, TRAINING, 2_048, first_step=2)
    first, second, third = (next(whole) for _ in range(3))
    assert first.shape == (2, 2, 8 * 2_048)
    assert not torch.equal(first, second)
    assert torch.equal(third, next(late))


def test_a_part_of_each_batch_is_pure_tones(folder: Path) -> None:
    paths = sorted((folder / "audio").iterdir())
    music = next(crops(paths, replace(TRAINING, tone_share=0), 2_048))
    mixed = next(crops(paths, replace(TRAINING, tone_share=0.5), 2_048))
    assert torch.equal(mixed[1], music[1])
    flat = [torch.fft.rfft(each[0]).abs().square() for each in (mixed[0], music[0])]
    tone, noise = (float(each.log().mean().exp() / each.mean()) for each in flat)
    assert tone < 0.01 < 0.3 < noise


def test_tones_are_within_full_scale_and_half_of_them_in_tune() -> None:
    off = []
    for seed in range(24):
        sound = tones(np.random.default_rng(seed), 44_100 * 4)
        assert sound.shape == (2, 44_100 * 4)
        assert 0.005 < np.abs(sound).max() < 1.7
        spectrum = np.abs(np.fft.rfft(sound[0] * np.hanning(sound.shape[1])))
        note = 69 + 12 * np.log2(spectrum.argmax() / 4 / 440)
        off.append(abs(note - round(note)))
    assert 8 <= sum(each < 0.05 for each in off) < 24
    assert max(off) > 0.2


def test_a_detuned_sound_is_as_long_and_another_pitch() -> None:
    sine = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    sound = np.stack([sine, -0.5 * sine])
    found = []
    for seed in range(6):
        other = detuned(sound, np.random.default_rng(seed))
        assert other.shape == sound.shape
        np.testing.assert_allclose(other[1], -0.5 * other[0], atol=1e-5)
        middle = other[0, 8_192:40_960]
        peak = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 2**20)).argmax()
        found.append(1_200 * np.log2(peak * 44_100 / 2**20 / 440))
    assert max(np.abs(found)) < 51
    assert max(found) > 15 > -15 > min(found)


def test_a_stopped_run_ends_with_the_weights_of_an_unbroken_one(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "whole"
    other.mkdir()
    (other / "audio").symlink_to(folder / "audio", target_is_directory=True)
    expected = train_codec(Run(other), TRAINING, CONFIG)

    clock = SimpleNamespace(monotonic=iter([0, 0, 0, 1e9]).__next__)
    with monkeypatch.context() as patch:
        patch.setattr(training_codec, "time", clock)
        train_codec(Run(folder), TRAINING, CONFIG, minutes=1)
    state = Run(folder).load()
    assert state is not None
    assert state["step"] == 2
    found = train_codec(Run(folder), TRAINING, CONFIG)
    for name, weight in expected.state_dict().items():
        torch.testing.assert_close(found.state_dict()[name], weight, rtol=0, atol=0)
    assert load_file(folder / CODEC_FILE).keys() == expected.state_dict().keys()


def test_a_judge_joins_for_the_last_part_and_changes_what_is_learnt(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_codec, "JUDGE_ALONE", 1)
    monkeypatch.setattr(training_codec, "WARM_UP", 1)
    known, weights = [], []
    for share in (0.0, 0.5):
        run = tmp_path / str(share)
        run.mkdir()
        (run / "audio").symlink_to(folder / "audio", target_is_directory=True)
        training = replace(TRAINING, steps=20, judged_share=share)
        weights.append(train_codec(Run(run), training, CONFIG).head.weight)
        known.append([entry["known"] for entry in Run(run).history() if "known" in entry])
    assert known[0] == []
    assert len(known[1]) == 1
    assert not torch.equal(*weights)


def test_what_is_kept_is_the_average_of_the_way(folder: Path) -> None:
    trainer = CodecTrainer(Run(folder), replace(TRAINING, judged_share=1.0), CONFIG)
    paths = sorted((folder / "audio").iterdir())
    trainer.begin(paths, None)
    last, way = trainer.codec.head.weight, [trainer.average.head.weight.clone()]
    for audio in islice(crops(paths, TRAINING, 2_048), 3):
        trainer.advance(audio)
        decay = (1 + trainer.step) / (10 + trainer.step)
        way.append(decay * way[-1] + (1 - decay) * last.detach())
    torch.testing.assert_close(trainer.average.head.weight, way[-1])


def test_a_run_from_before_there_was_a_judge_goes_on(folder: Path) -> None:
    trainer = CodecTrainer(Run(folder), TRAINING, CONFIG)
    trainer.begin(sorted((folder / "audio").iterdir()), None)
    state = trainer.state()
    Run(folder).save({name: state[name] for name in ("codec", "optimizer", "step")})
    resumed = CodecTrainer(Run(folder), TRAINING, CONFIG)
    resumed.restore(Run(folder).load() or {})
    assert torch.equal(resumed.average.basis, trainer.codec.basis)
    train_codec(Run(folder), TRAINING, CONFIG)
    state = Run(folder).load() or {}
    assert state["step"] == TRAINING.steps
    assert "judge" in state


def test_the_loss_goes_down(folder: Path) -> None:
    training = replace(TRAINING, steps=40, peak_rate=1e-2)
    train_codec(Run(folder), training, CONFIG)
    losses = [entry["loss"] for entry in Run(folder).history() if "loss" in entry]
    assert len(losses) == 4
    assert losses[-1] < losses[0]


def test_another_codecs_weights_keep_its_latents(folder: Path) -> None:
    torch.manual_seed(3)
    other = HouseCodec(replace(CONFIG, tells_motion=False))
    other.basis.normal_()
    trained = train_codec(Run(folder), TRAINING, CONFIG, start=other.state_dict())
    audio = 0.1 * torch.randn(1, 2, 20_000)
    torch.testing.assert_close(trained.encode(audio), other.encode(audio))
    assert not torch.equal(trained.head.weight, other.head.weight)


def test_latents_that_are_missing_are_added(folder: Path) -> None:
    """The first ones stay as they are; what they leave out, the new ones tell."""
    other = HouseCodec(CONFIG)
    sounds = [whole_sound(path) for path in sorted((folder / "audio").iterdir())]
    other.fit(torch.cat([other.features(other.hear(sound))[0] for sound in sounds]))
    wide = replace(CONFIG, latent_channels=24, hears_width=True)
    trained = train_codec(Run(folder), TRAINING, wide, start=other.state_dict())
    assert trained.basis.shape == (other.config.features + 12, 24)
    audio = sounds[0][..., :20_000]
    latents = trained.encode(audio)
    torch.testing.assert_close(latents[:, :8], other.encode(audio))
    assert 0.1 < float(latents[:, 8:].std()) < 10
    square = trained.basis.T @ trained.basis
    torch.testing.assert_close(square, torch.eye(24), atol=1e-4, rtol=0)
    heard = trained.features(trained.hear(audio))

    def apart(codec: HouseCodec) -> float:
        level = heard[..., : 4 * codec.config.bands.count].unflatten(2, (4, -1)).flatten(1, 2)
        return float((codec.unproject(codec.encode(audio))[0] - level).square().mean())

    assert apart(trained) < 0.98 * apart(other)


def test_of_some_items_only_the_first_latents_are_told() -> None:
    torch.manual_seed(0)
    kept = first_alone(400, 10, 0.5)
    counts = kept.sum((1, 2))
    assert kept.shape == (400, 10, 1)
    assert torch.equal(kept[..., 0], (torch.arange(10) < counts[:, None]).float())
    assert 5 <= int(counts.min()) < int(counts.max()) == 10
    assert 0.4 < float((counts == 10).float().mean()) < 0.7
    assert first_alone(3, 10, 0.0).all()
