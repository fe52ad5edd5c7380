"""Pieces, networks and settings small enough to train for a few steps within a test."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from engine.codecs.house import HouseCodec, HouseCodecConfig
from engine.device import Device
from engine.models.told import told_channels
from engine.nets.unet import UNetConfig
from engine.score import Chord, Key, Mode, Score, Stem
from engine.training.batches import DenoiserTraining
from engine.training.denoiser import DenoiserTrainer
from engine.training.latents import PROMPTS_PER_PIECE, TOKENS, plan_shards
from engine.training.pieces import Pieces
from engine.training.runs import Run
from engine.training.stages import FIRST_SEED, PIECE_S

CHANNELS, CONTEXT, FRAMES = 4, 8, 64
FRAME_RATE = 20.0
CPU = Device("cpu", torch.float32)
UNET = UNetConfig(
    in_channels=CHANNELS,
    out_channels=CHANNELS,
    concat_channels=told_channels(CHANNELS),
    channels=(16, 16),
    blocks_per_level=1,
    self_attention_levels=frozenset({1}),
    cross_attention_levels=frozenset({1}),
    head_channels=8,
    context_channels=CONTEXT,
    embedding_channels=16,
    groups=4,
)
TRAINING = DenoiserTraining(steps=6, batch=4, crop_frames=16, save_every=2)
SCORE = Score(120.0, 4, Key(0, Mode.MAJOR), (Chord(0, ""), Chord(5, "")), 8, True, Stem.MIX, False)


def pieces(count: int = 5) -> Pieces:
    """Latents that tell where they are from: channel 0 the piece, channel 1 the frame.

    Each second piece is written over what is its own negative.
    """
    generator = torch.Generator().manual_seed(0)
    latents = torch.randn(count, CHANNELS, FRAMES, generator=generator)
    latents[:, 0] = torch.arange(count)[:, None].float()
    latents[:, 1] = torch.arange(FRAMES).float()
    shape = (count, PROMPTS_PER_PIECE, TOKENS, CONTEXT)
    written_over = torch.arange(count)[:, None, None] % 2
    return Pieces(
        latents=latents.half(),
        tokens=torch.randn(shape, generator=generator).half(),
        lengths=torch.full((count, PROMPTS_PER_PIECE), 5),
        truths=[{"seed": i, "score": asdict(SCORE), "over": i % 2 == 1} for i in range(count)],
        over=(-latents * written_over).half(),
    )


def tame_pieces(count: int = 20) -> Pieces:
    """Of about the unit variance that the σ are for."""
    tame = pieces(count)
    tame.latents[:, :2] /= FRAMES
    return tame


def write_shard(root: Path, first_seed: int = FIRST_SEED) -> None:
    """32 pieces in a run's folder, long enough for the house's crops."""
    (shard,) = plan_shards(root / "latents", root / "codec", 32, first_seed, PIECE_S)
    shard.path.parent.mkdir()
    some = tame_pieces(32)
    assert some.over is not None
    tensors = {"latents": some.latents.repeat(1, 1, 4), "over": some.over.repeat(1, 1, 4)}
    save_file(tensors | {"tokens": some.tokens, "lengths": some.lengths}, shard.path)
    truths = [{**t, "seed": s} for t, s in zip(some.truths, shard.seeds, strict=True)]
    shard.truth_path.write_text(json.dumps(truths))


def trainer(folder: Path, training: DenoiserTraining = TRAINING) -> DenoiserTrainer:
    return DenoiserTrainer(Run(folder), training, UNET, CPU)


def fitted_codec() -> HouseCodec:
    """A small codec whose projection is set, from noise of changing loudness."""
    torch.manual_seed(0)
    codec = HouseCodec(HouseCodecConfig(latent_channels=CHANNELS, width=16, layers=1))
    loudness = torch.logspace(-3, -0.5, 16)[:, None, None]
    features = codec.features(codec.hear(loudness * torch.randn(16, 2, 40 * codec.hop)))
    codec.fit(features.flatten(0, 1))
    return codec
