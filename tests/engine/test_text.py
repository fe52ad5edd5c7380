"""The text encoder: what it reads, what it says it cannot, and that its weights are right."""

import shutil
from pathlib import Path

import pytest
import torch

from engine.device import choose
from engine.errors import ModelUnavailable
from engine.text.minilm import SHA256, MiniLM, installed_folder
from engine.text.reading import MAX_TOKENS


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    return MiniLM.load(choose("cpu"))


def test_a_text_reads_the_same_alone_and_beside_a_longer_one(minilm: MiniLM) -> None:
    alone = minilm.encode(["slow jazz"])
    beside = minilm.encode(["slow jazz", "fast heavy metal with two guitars and a choir"])
    length = alone.states.shape[1]
    assert beside.mask[0].sum() == length == 4
    torch.testing.assert_close(beside.states[0, :length], alone.states[0], atol=1e-4, rtol=1e-4)
    assert not beside.states[0, length:].any()


def test_meaning_shows_in_the_states(minilm: MiniLM) -> None:
    tokens = minilm.encode(["a sad slow piano piece", "melancholic piano ballad", "heavy metal"])
    means = torch.nn.functional.normalize(tokens.states.sum(1), dim=1)
    assert means[0] @ means[1] > means[0] @ means[2] + 0.2


def test_a_long_prompt_is_cut_and_says_where(minilm: MiniLM) -> None:
    reading = minilm.read("word " * 500)
    assert len(reading.ids) == MAX_TOKENS
    assert reading.cut == 500 - (MAX_TOKENS - 2)
    assert reading.heard_until == 5 * (MAX_TOKENS - 2) - 1
    assert "first 309 characters" in reading.notices()[0]


@pytest.mark.parametrize("prompt", ["🎵🎹", "慢爵士", "медленный джаз", "🎵 ..."])
def test_a_prompt_without_a_readable_word_says_so(minilm: MiniLM, prompt: str) -> None:
    assert "nothing in this prompt could be read" in minilm.read(prompt).notices()[0]


def test_unreadable_signs_are_named_once_and_readable_accents_are_not(minilm: MiniLM) -> None:
    assert minilm.read("lo-fi 🎵 hip 🎵 hop").notices() == (
        "The model reads English; it passed over 🎵",
    )
    assert minilm.read("café, déjà vu: 75 bpm!").notices() == ()
    assert minilm.read("half a pair \ud83c here").notices() == ()


def test_damaged_and_missing_files_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for name in SHA256:
        shutil.copy(installed_folder() / name, folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\xff")
    with pytest.raises(ModelUnavailable, match="damaged") as damaged:
        MiniLM.load(choose("cpu"), folder, SHA256)
    assert "pip install" in damaged.value.remedy
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelUnavailable, match="cannot be used"):
        MiniLM.load(choose("cpu"), folder)
    weights.unlink()
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        MiniLM.load(choose("cpu"), folder, SHA256)
