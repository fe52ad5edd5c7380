"""The training commands: what they understand, and what they say when something is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.training import stages


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train"], "STAGE"),
        (["train", "codecs"], "invalid choice"),
        (["train", "codec", "--steps", "0"], "“0” is not a whole number from 1 up"),
        (["train", "codec", "--steps", "2.5"], "“2.5” is not a whole number"),
        (["train", "denoiser", "--minutes", "nan"], "“nan” is not a number of minutes above 0"),
        (["train", "denoiser", "--minutes", "-1"], "“-1” is not a number of minutes above 0"),
        (["train", "denoiser", "--processes", "0"], "“0” is not a whole number from 1 up"),
        (["train", "denoiser", "--rate", "inf"], "“inf” is not a number above 0"),
        (["train", "denoiser", "--sigma-log-mean", "nan"], "“nan” is not a number"),
        (["train", "compare", "--prompts", "25"], "invalid choice"),
        (["train", "pack"], "--out"),
        (["train", "export"], "--out"),
        (["evaluate", "--prompts", "none"], "“none” is not a whole number"),
    ],
)
def test_bad_words_get_a_clear_answer(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "--help" in error


@pytest.mark.parametrize(
    "words",
    [
        ["train", "latents"],
        ["train", "denoiser"],
        ["train", "export", "--out", "model", "--adversarial"],
        ["train", "pack", "--out", "packed"],
        ["train", "export", "--out", "model"],
    ],
)
def test_a_stage_names_the_one_that_must_come_before(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--run-folder", str(tmp_path)]) == 1
    assert "Run: undertone train codec" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_codec_that_is_trained_on_keeps_its_latents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(stages, "train_codec", lambda *call: asked.append(call))
    words = ["train", "codec", "--run-folder", str(tmp_path), "--from", "house", "--latents"]
    assert main([*words, "64"]) == 2
    assert "Ask for as many or more." in capsys.readouterr().err
    assert asked == []
    for latents, hears_width, narrow_share in (("96", False, 0.0), ("128", True, 0.5)):
        assert main([*words, latents]) == 0
        _, training, config, _, weights = asked.pop()
        assert (config.latent_channels, config.hears_width) == (int(latents), hears_width)
        assert (training.judged_from, training.narrow_share) == (0, narrow_share)
        assert "basis" in weights
    assert main(["train", "codec", "--run-folder", str(tmp_path)]) == 0
    _, training, config, _, weights = asked.pop()
    assert (config, weights) == (stages.HOUSE_CODEC, None)
    assert training.judged_from == training.steps / 2


def test_post_training_asks_for_what_it_begins_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "adversarial", "--run-folder", str(tmp_path)]) == 1
    assert "Run: undertone train denoiser" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_batch_too_small_to_share_is_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "denoiser", "--run-folder", str(tmp_path), "--processes", "4"]
    assert main([*words, "--accumulate", "5"]) == 2
    assert "A batch of 16 cannot be dealt into 4 × 5 parts." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_several_launched_processes_make_no_latents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["train", "denoiser", "--run-folder", str(tmp_path)]) == 1
    assert "Run once, without a launcher: undertone train latents" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_help_tells_the_way_of_a_pack(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "pack", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "python3 train.py" in text
    assert "undertone train export --weights FOLDER" in text


def test_pieces_begin_at_the_seed_that_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "codec").mkdir()
    (tmp_path / "codec" / stages.CODEC_FILE).touch()
    asked: list[int] = []
    monkeypatch.setattr(stages, "make_shards", lambda *given: asked.append(given[3]) or [])
    words = ["train", "latents", "--run-folder", str(tmp_path), "--pieces", "3"]
    assert main(words) == 0
    assert main([*words, "--first-seed", "2100000"]) == 0
    assert main([*words, "--first-seed", "2200000", "2300000"]) == 0
    assert asked == [stages.FIRST_SEED, 2_100_000, 2_200_000, 2_300_000]


def test_the_denoiser_learns_as_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(stages, "_train_denoiser", lambda *given: told.append(given))
    monkeypatch.setattr(stages, "latents_stage", lambda root, music: told.append(music) or [])
    words = ["train", "denoiser", "--run-folder", str(tmp_path)]
    assert main([*words, "--pieces", "8", "--prompts", "12", "--sigma-log-mean", "0.5"]) == 0
    music, given = told
    assert music == stages.Music(pieces=8, prompts=12)
    assert 12 in given
    assert stages.DenoiserTraining(sigma_log_mean=0.5) in given


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "--guidance-interval", "5", "1"],
        ["evaluate", "choices", "--intervals", "0.3-9999"],
    ],
)
def test_a_wrong_interval_is_said_before_anything_is_rendered(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--cache", str(tmp_path)]) == 2
    assert "oise level" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
