"""`undertone train pack`: a folder that trains the denoiser where nothing can be fetched.

Inside are this package's source, the recipe, the codec's projection, MiniLM made small, a
compressed soundfont, and the wheels of the synthesizer that plays it and of accelerate. The
machine it goes to runs Linux on x86-64, with torch, numpy, safetensors, tokenizers, transformers
and tqdm for its Python.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from safetensors.torch import save_file
from tqdm import tqdm

from engine.codecs.house import HouseCodec
from engine.errors import EngineError, InvalidRequest
from engine.models.plain import to_plain
from engine.nets.build import NetConfig
from engine.training import packed_start, small_minilm
from engine.training.batches import DenoiserTraining
from engine.training.corpus.clips import clip_for
from engine.training.corpus.render import SOUNDFONT_VARIABLE, find_soundfont
from engine.training.denoiser import HOUSE_UNET
from engine.training.latents import PROJECTION, load_projection, piece_prompts
from engine.training.packed import (
    CODEC_FILE,
    RECIPE_FILE,
    SOUNDFONT_FILE,
    TEXT_FILE,
    Recipe,
    fingerprint,
)

MOST_BYTES = 40 * 2**20
SOUNDFONT = "FluidR3Mono_GM.sf3"
WHEELS = ("tinysoundfont==0.3.7", "accelerate==1.15.0", "psutil==7.2.2")
PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
# A GPU is idle with the batches that suit a CPU; the rate grows with the root of the batch.
GPU_TRAINING = replace(DenoiserTraining(), steps=20_000, batch=128, peak_rate=1.2e-3)


def pack(
    codec: Path,
    out: Path,
    pieces: int,
    first_seed: int,
    piece_s: float,
    python: str = "3.12",
    wheels: bool = True,
    net: NetConfig = HOUSE_UNET,
    training: DenoiserTraining = GPU_TRAINING,
) -> int:
    """Fill the new folder `out`; returns its size in bytes.

    `codec` is a file with the codec's weights; `python` the version on the other machine;
    without `wheels` that machine must have them. Raises `EngineError`.
    """
    if out.exists() and any(out.iterdir()):
        raise InvalidRequest("out", f"“{out}” is not empty.", "Give a new folder.")
    soundfont = _soundfont()
    out.mkdir(parents=True, exist_ok=True)
    projection = load_projection(codec)
    recipe = Recipe(pieces, first_seed, piece_s, fingerprint(projection), net, training)
    text = json.dumps(to_plain(recipe), indent=2)
    (out / RECIPE_FILE).write_text(text + "\n", "utf-8")
    _copy_source(out)
    _save_projection(projection, out / CODEC_FILE)
    shutil.copyfile(soundfont, out / SOUNDFONT_FILE)
    if wheels:
        _download_wheels(out / "wheels", python)
    small_minilm.pack(out / TEXT_FILE, recipe_prompts(recipe))
    return _checked_size(out)


def recipe_prompts(recipe: Recipe) -> Iterator[str]:
    """Every prompt of every piece.

    Who plays, the style, the key and the tempo do not depend on a piece's length: the shortest
    piece has the prompts of the whole one, and is composed in a fraction of the time.
    """
    seeds = range(recipe.first_seed, recipe.first_seed + recipe.pieces)
    for seed in tqdm(seeds, desc="words of the prompts"):
        yield from piece_prompts(clip_for(seed, duration_s=0.01))


def _soundfont() -> Path:
    try:
        return find_soundfont((SOUNDFONT,))
    except EngineError as error:
        raise EngineError(
            f"The soundfont {SOUNDFONT} was not found; a larger one would not fit.",
            "Install it (on Debian: apt install fluidr3mono-gm-soundfont) or set "
            f"{SOUNDFONT_VARIABLE} to it.",
        ) from error


def _copy_source(out: Path) -> None:
    source = Path(__file__).parents[1]
    for path in source.rglob("*.py"):
        target = out / "engine" / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    shutil.copyfile(packed_start.__file__, out / "train.py")


def _save_projection(codec: HouseCodec, path: Path) -> None:
    save_file({name: getattr(codec, name).contiguous() for name in PROJECTION}, path)


def _download_wheels(folder: Path, python: str) -> None:
    """Fetch them for the other machine's Python through pip. Raises `EngineError`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
               "--only-binary=:all:", "--implementation", "cp", "--python-version", python,
               "--dest", str(folder)]  # fmt: skip
    for name in PLATFORMS:
        command += ["--platform", f"{name}_x86_64"]
    done = subprocess.run([*command, *WHEELS], capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise EngineError(
            f"The wheels for Python {python} could not be fetched: {why}",
            "Check the network and --python, or give --no-wheels if the other machine has "
            f"{' and '.join(WHEELS)}.",
        )


def _checked_size(out: Path) -> int:
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    if size > MOST_BYTES:
        raise EngineError(
            f"The pack has {size / 2**20:.1f} MiB, more than {MOST_BYTES / 2**20:.0f}.",
            f"Is {SOUNDFONT_VARIABLE} set to a soundfont larger than {SOUNDFONT}?",
        )
    return size
