"""What runs inside a pack, on a machine with a GPU and without network: render, encode, train.

A pack is a folder that `engine.training.pack` fills. Everything made while it runs is kept in
its `run/`, so that the same command continues; the averaged weights go to its `weights/`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from engine.codecs.house import HouseCodec
from engine.device import choose, prepare_process, usable_cores
from engine.errors import EngineError
from engine.models.folder import sha256
from engine.models.house import load_shards, save_shards
from engine.models.plain import FORMERLY, from_plain, to_plain
from engine.nets.build import Net, NetConfig, build
from engine.training.batches import DenoiserTraining
from engine.training.corpus.render import SOUNDFONT_VARIABLE
from engine.training.denoiser import DenoiserTrainer
from engine.training.latents import PROJECTION, load_pieces, load_projection, make_shards
from engine.training.runs import Run
from engine.training.small_minilm import unpack

RECIPE_FILE = "recipe.json"
CODEC_FILE = "codec.safetensors"
TEXT_FILE = "minilm.safetensors"
SOUNDFONT_FILE = "soundfont.sf3"
WEIGHTS_FOLDER = "weights"
WEIGHTS_FILE = "weights.json"


@dataclass(frozen=True)
class Recipe:
    """What is trained on what. Weights fit only the codec whose latents they saw."""

    pieces: int
    first_seed: int
    piece_s: float
    codec: str  # `fingerprint` of the projection
    net: NetConfig = field(metadata={FORMERLY: "unet"})
    training: DenoiserTraining


@dataclass(frozen=True)
class Weights:
    """What lies beside the weights that a pack trained: `files` by name with their hashes."""

    step: int
    codec: str
    net: NetConfig = field(metadata={FORMERLY: "unet"})
    files: dict[str, str]


def fingerprint(codec: HouseCodec) -> str:
    """A hash of what decides the latents."""
    digest = hashlib.sha256()
    for name in PROJECTION:
        digest.update(getattr(codec, name).detach().float().cpu().numpy().tobytes())
    return digest.hexdigest()


def main(folder: Path, words: Sequence[str] | None = None) -> int:
    """`train.py`'s command line; returns the exit status."""
    arguments = _parser().parse_args(words)
    try:
        train(folder, arguments)
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="train.py",
        description="Render and encode the recipe's pieces, then train on them. Give the same "
        "command again to continue. Bring the folder “weights” home, and there run: "
        "undertone train export --weights FOLDER --out MODEL",
    )
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after this long")
    parser.add_argument("--steps", type=int, help="optimiser steps in all, as the rate falls")
    parser.add_argument("--pieces", type=int, help="fewer pieces than the recipe's")
    parser.add_argument("--batch", type=int, help="clips a step")
    parser.add_argument("--workers", type=int, default=usable_cores(), help="processes")
    return parser


def train(folder: Path, arguments: argparse.Namespace) -> None:
    """Go on from where the pack stands, for the minutes given, and write the weights."""
    end = time.monotonic() + 60 * arguments.minutes
    prepare_process()
    device = choose()
    recipe = _adjusted(read_recipe(folder), arguments)
    if device.kind == "cuda":
        loaders = min(8, max(1, usable_cores() - 2))
        recipe = replace(recipe, training=replace(recipe.training, loaders=loaders))
    print(f"{device.title}: {recipe.pieces:,} pieces, {recipe.training.steps:,} steps")
    run = folder / "run"
    if not (run / "minilm" / "tokenizer.json").exists():
        unpack(folder / TEXT_FILE, run / "minilm")
    os.environ[SOUNDFONT_VARIABLE] = str(folder / SOUNDFONT_FILE)
    shards = make_shards(
        run / "latents", folder / CODEC_FILE, recipe.pieces, recipe.first_seed, recipe.piece_s,
        arguments.workers, run / "minilm", end,
    )  # fmt: skip
    made = sum(len(shard.seeds) for shard in shards)
    if made < recipe.pieces:
        print(f"{made:,} of {recipe.pieces:,} pieces are made. Give the same command again.")
        return
    codec = load_projection(folder / CODEC_FILE)
    trainer = DenoiserTrainer(Run(run / "denoiser"), recipe.training, recipe.net, device)
    left = max(0.0, end - time.monotonic()) / 60
    pieces = load_pieces(shards, recipe.net.in_channels)
    net = trainer.train(pieces, codec.sample_rate / codec.hop, left)
    write_weights(folder / WEIGHTS_FOLDER, net, recipe, trainer.step)
    if trainer.run.log_path.exists():
        shutil.copy(trainer.run.log_path, folder / WEIGHTS_FOLDER)
    print(f"step {trainer.step:,} of {recipe.training.steps:,}: {folder / WEIGHTS_FOLDER}")


def read_recipe(folder: Path) -> Recipe:
    return from_plain(Recipe, json.loads((folder / RECIPE_FILE).read_text("utf-8")))


def _adjusted(recipe: Recipe, arguments: argparse.Namespace) -> Recipe:
    training = recipe.training
    training = replace(
        training, steps=arguments.steps or training.steps, batch=arguments.batch or training.batch
    )
    return replace(recipe, training=training, pieces=arguments.pieces or recipe.pieces)


def write_weights(folder: Path, net: Net, recipe: Recipe, step: int) -> None:
    """Shards in fp16, and beside them what they are, written last and with their hashes."""
    (folder / WEIGHTS_FILE).unlink(missing_ok=True)
    files = {name: sha256(folder / name) for name in save_shards(folder, net)}
    about = to_plain(Weights(step, recipe.codec, recipe.net, files))
    (folder / WEIGHTS_FILE).write_text(json.dumps(about, indent=2) + "\n", "utf-8")


def read_weights(folder: Path, codec: HouseCodec) -> Net:
    """The network that a pack brought back. Raises `EngineError` if it does not fit `codec`."""
    about = _about(folder)
    for name, hash in about.files.items():
        if sha256(folder / name) != hash:
            raise EngineError(f"“{folder / name}” is damaged.", "Bring it back again.")
    if about.codec != fingerprint(codec):
        raise EngineError(
            "These weights were trained on another codec's latents.",
            "Give the --run-folder that the pack was made from.",
        )
    net = build(about.net)
    weights: dict[str, Tensor] = load_shards(folder, about.files)
    with torch.no_grad():
        net.load_state_dict(weights)
    return net


def _about(folder: Path) -> Weights:
    try:
        return from_plain(Weights, json.loads((folder / WEIGHTS_FILE).read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise EngineError(
            f"“{folder}” holds no weights of a pack: {error}",
            f"Give the pack's folder “{WEIGHTS_FOLDER}”, with all that is in it.",
        ) from error
