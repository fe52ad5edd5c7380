"""A pack: made here, run in a process that has only what is inside it, brought home again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch.nn.functional import cosine_similarity

from engine.errors import EngineError, InvalidRequest
from engine.text.minilm import MiniLM
from engine.training import small_minilm
from engine.training.batches import DenoiserTraining
from engine.training.corpus.clips import clip_for
from engine.training.corpus.render import SOUNDFONT_VARIABLE
from engine.training.latents import piece_prompts
from engine.training.pack import MOST_BYTES, pack
from engine.training.packed import CODEC_FILE, TEXT_FILE, read_recipe, read_weights
from tests.engine.training.tiny_training import CPU, UNET, fitted_codec

PIECES, FIRST_SEED = 6, 300
NET = replace(UNET, context_channels=384)
TRAINING = DenoiserTraining(steps=2, batch=2, crop_frames=16)

pytestmark = pytest.mark.xdist_group("pack")  # one worker makes what all share


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pack")
    save_file(fitted_codec().state_dict(), root / "codec.safetensors")
    size = pack(
        root / "codec.safetensors", root / "out", PIECES, FIRST_SEED, 1.0,
        wheels=False, net=NET, training=TRAINING,
    )  # fmt: skip
    assert size == sum(path.stat().st_size for path in (root / "out").rglob("*") if path.is_file())
    return root / "out"


@pytest.fixture(scope="module")
def prompts() -> list[str]:
    """Of the whole pieces, as the pack's machine will write them."""
    seeds = range(FIRST_SEED, FIRST_SEED + PIECES)
    return [prompt for seed in seeds for prompt in piece_prompts(clip_for(seed))]


@pytest.fixture(scope="module")
def small(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> MiniLM:
    unpacked = tmp_path_factory.mktemp("minilm")
    small_minilm.unpack(folder / TEXT_FILE, unpacked)
    return MiniLM.load(CPU, unpacked)


@pytest.fixture(scope="module")
def full() -> MiniLM:
    return MiniLM.load(CPU)


def test_a_pack_is_small_and_says_what_it_trains(folder: Path) -> None:
    size = sum(path.stat().st_size for path in folder.rglob("*"))
    assert size < MOST_BYTES - 2**20  # what the wheels and a larger vocabulary need
    recipe = read_recipe(folder)
    assert (recipe.pieces, recipe.net, recipe.training) == (PIECES, NET, TRAINING)


def test_the_small_encoder_reads_what_the_full_one_reads(
    small: MiniLM, full: MiniLM, prompts: list[str]
) -> None:
    ours, theirs = small.encode(prompts), full.encode(prompts)
    assert torch.equal(ours.mask, theirs.mask)
    alike = cosine_similarity(ours.states, theirs.states, dim=2)[ours.mask]
    assert alike.min() > 0.99
    lengths = ours.states.norm(dim=2) / theirs.states.norm(dim=2).clamp(min=1e-6)
    assert (lengths[ours.mask] - 1).abs().max() < 0.1


def test_words_that_no_prompt_used_can_still_be_spelt(small: MiniLM) -> None:
    for text in ("zyzzyva at 237 bpm", "QWERTY & f# (x)"):
        assert small.read(text).notices() == ()
        assert small.read(text).readable


def run_pack(folder: Path, tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """train.py as on a machine without FluidSynth, platformdirs and this checkout."""
    for name in ("fluidsynth", "platformdirs"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not on this machine')\n")
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"}
    environment.pop(SOUNDFONT_VARIABLE, None)
    return subprocess.run(
        [sys.executable, str(folder / "train.py"), "--workers", "1", *words],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_pack_trains_elsewhere_and_its_weights_come_home(folder: Path, tmp_path: Path) -> None:
    done = run_pack(folder, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "step 2 of 2" in done.stdout
    weights = folder / "weights"
    about = json.loads((weights / "weights.json").read_text())
    assert about["step"] == 2
    assert all((weights / name).stat().st_size < 16 * 2**20 for name in about["files"])
    (logged,) = map(json.loads, (weights / "log.jsonl").read_text().splitlines())
    assert (logged["step"], logged["loss"] > 0) == (2, True)
    net = read_weights(weights, fitted_codec())
    assert net.config == NET
    assert all(weight.isfinite().all() for weight in net.state_dict().values())
    _rejects_what_does_not_fit(weights, tmp_path)


def _rejects_what_does_not_fit(weights: Path, tmp_path: Path) -> None:
    other = fitted_codec()
    other.scale.mul_(2)
    with pytest.raises(EngineError, match="another codec"):
        read_weights(weights, other)
    with pytest.raises(EngineError, match="no weights of a pack"):
        read_weights(tmp_path, other)
    shard = weights / "denoiser-00001.safetensors"
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(EngineError, match="damaged"):
        read_weights(weights, fitted_codec())


def test_a_folder_with_something_in_it_is_left_alone(folder: Path) -> None:
    before = (folder / CODEC_FILE).read_bytes()
    with pytest.raises(InvalidRequest, match="not empty"):
        pack(folder / CODEC_FILE, folder, 1, 1, 1.0, wheels=False)
    assert (folder / CODEC_FILE).read_bytes() == before


def test_a_missing_soundfont_says_what_to_install(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SOUNDFONT_VARIABLE, str(tmp_path / "none.sf3"))
    with pytest.raises(EngineError, match="fluidr3mono-gm-soundfont"):
        pack(folder / CODEC_FILE, tmp_path / "new", 1, 1, 1.0, wheels=False)
    assert not (tmp_path / "new").exists()
