"""The corpus as the denoiser meets it: latents, prompts as token states, and the score.

Pieces are a pure function of their seed, so nothing is stored but what training reads: workers
compose, render and encode, and leave shards that survive interruption. Audio is never kept.
"""

from __future__ import annotations

import json
import math
import time
from concurrent.futures import as_completed
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from engine.codecs.house import HouseCodec, HouseCodecConfig
from engine.device import Device
from engine.errors import EngineError
from engine.training.corpus.dataset import render_over, render_seed
from engine.training.corpus.piece import Piece
from engine.training.corpus.prompts import prompts_for
from engine.training.pieces import Pieces
from engine.training.workers import on_one_thread, worker_pool

if TYPE_CHECKING:
    from engine.text.minilm import MiniLM

PROMPTS_PER_PIECE = 4
SHARD_PIECES = 32
TOKENS = 48
HEADROOM_DB = 3.0  # below the corpus's own level: new phases move peaks, and none may clip


@dataclass(frozen=True)
class Shard:
    """Work for one worker: a run of seeds, encoded by one codec into one file."""

    path: Path
    seeds: tuple[int, ...]
    piece_s: float
    codec: Path
    text: Path | None = None  # MiniLM's folder; None for the installed one

    @property
    def truth_path(self) -> Path:
        return self.path.with_suffix(".json")

    @property
    def done(self) -> bool:
        """Whether every seed is there. The truths are written last, whole or not at all.

        Those from before clips were written over others are made anew.
        """
        if not (self.path.exists() and self.truth_path.exists()):
            return False
        truths = json.loads(self.truth_path.read_text())
        found = [truth["seed"] for truth in truths if "over" in truth]
        return found == list(self.seeds)


def make_shards(
    folder: Path,
    codec: Path,
    pieces: int,
    first_seed: int,
    piece_s: float,
    workers: int,
    text: Path | None = None,
    end: float = math.inf,
) -> list[Shard]:
    """Make what is missing, in parallel; returns what is done, in the seeds' order.

    `codec` is the file that `train_codec` wrote, or its projection alone; `text` the folder of
    a MiniLM other than the installed one. No shard is begun after `end` on the monotonic clock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shards = plan_shards(folder, codec, pieces, first_seed, piece_s, text)
    _make_missing([shard for shard in shards if not shard.done], workers, end)
    return [shard for shard in shards if shard.done]


def plan_shards(
    folder: Path,
    codec: Path,
    pieces: int,
    first_seed: int,
    piece_s: float,
    text: Path | None = None,
) -> list[Shard]:
    """The shards that `make_shards` would make, in the seeds' order, whether done or not."""
    last = first_seed + pieces
    return [
        Shard(
            folder / f"{seed}.safetensors",
            tuple(range(seed, min(seed + SHARD_PIECES, last))),
            piece_s,
            codec,
            text,
        )
        for seed in range(first_seed, last, SHARD_PIECES)
    ]


def made_shards(folder: Path, codec: Path, piece_s: float, pieces: int | None) -> list[Shard]:
    """Every whole shard in the folder, in its seeds' order; the first few where `pieces` tell.

    Raises `EngineError` where there are none.
    """
    found = (
        Shard(path, _told_seeds(path), piece_s, codec) for path in folder.glob("*.safetensors")
    )
    made = sorted((shard for shard in found if shard.done), key=lambda shard: shard.seeds)
    if not made:
        raise EngineError("There are no latents yet.", "Run: undertone train latents")
    return made if pieces is None else made[: max(1, pieces // SHARD_PIECES)]


def _told_seeds(path: Path) -> tuple[int, ...]:
    """The seeds that a shard's truths tell; none where these are not written yet."""
    told = path.with_suffix(".json")
    return tuple(truth["seed"] for truth in json.loads(told.read_text())) if told.exists() else ()


def _make_missing(missing: list[Shard], workers: int, end: float) -> None:
    if not missing:
        return
    with worker_pool(workers, on_one_thread) as pool:
        futures = [pool.submit(_make_shard, shard) for shard in missing]
        try:
            for future in tqdm(as_completed(futures), total=len(futures), desc="encoding"):
                future.result()
                if time.monotonic() > end:
                    break
        finally:
            pool.shutdown(cancel_futures=True)


@torch.no_grad()
def _make_shard(shard: Shard) -> None:
    codec, text = _encoders(shard.codec, shard.text)
    latents, overs, truths, prompts = [], [], [], []
    for seed in shard.seeds:
        piece, audio = render_seed(seed, shard.piece_s)
        latents.append(_encoded(codec, audio))
        over = render_over(seed, shard.piece_s)
        overs.append(torch.zeros_like(latents[-1]) if over is None else _encoded(codec, over))
        written = piece_prompts(piece)
        prompts.extend(written)
        known = {"score": asdict(piece.told), "prompts": written, "over": over is not None}
        truths.append(piece.truth() | known)
    tokens, lengths = encode_prompts(text, prompts)
    per_piece = (len(truths), PROMPTS_PER_PIECE)
    save_file(
        {
            "latents": torch.stack(latents),
            "over": torch.stack(overs),
            "tokens": tokens.unflatten(0, per_piece),
            "lengths": lengths.unflatten(0, per_piece),
        },
        shard.path,
    )
    temporary = shard.truth_path.with_suffix(".tmp")
    temporary.write_text(json.dumps(truths))
    temporary.replace(shard.truth_path)


def _encoded(codec: HouseCodec, audio: NDArray[np.float32]) -> Tensor:
    """(frames, 2) → (C, T) fp16."""
    sound = torch.from_numpy(audio.T * np.float32(10 ** (-HEADROOM_DB / 20)))
    return codec.encode(sound[None])[0].half()


def piece_prompts(piece: Piece) -> list[str]:
    """The prompts that `piece` is trained with, always the same."""
    rng = Random(f"prompts/{piece.seed}")
    return [prompts_for(piece, rng) for _ in range(PROMPTS_PER_PIECE)]


@cache
def _encoders(codec: Path, text: Path | None) -> tuple[HouseCodec, MiniLM]:
    """Loaded once a process, and only in one that encodes: training does without transformers."""
    from engine.text.minilm import MiniLM

    return load_projection(codec), MiniLM.load(Device("cpu", torch.float32), text)


def encode_prompts(text: MiniLM, prompts: list[str]) -> tuple[Tensor, Tensor]:
    """Token states (N, TOKENS, D) in fp16, zero-padded, and how many count (N,)."""
    states = torch.zeros(len(prompts), TOKENS, text.width, dtype=torch.float16)
    lengths = torch.zeros(len(prompts), dtype=torch.int64)
    for start in range(0, len(prompts), 64):
        found = text.encode(prompts[start : start + 64])
        count = min(found.states.shape[1], TOKENS)
        states[start : start + 64, :count] = found.states[:, :count].half()
        lengths[start : start + 64] = found.mask[:, :count].sum(1)
    return states, lengths


def load_codec(path: Path) -> HouseCodec:
    """The codec whose weights `train_codec` wrote."""
    weights = load_file(path)
    codec = HouseCodec(config_of(weights["basis"], tells_motion="motion.weight" in weights))
    codec.load_state_dict(weights)
    return codec.eval()


def config_of(basis: Tensor, tells_motion: bool = False) -> HouseCodecConfig:
    """That of the codec with this basis, (features, latents)."""
    features, latents = basis.shape
    wide = HouseCodecConfig(latents, tells_motion=tells_motion, hears_width=True)
    return replace(wide, hears_width=features == wide.features)


PROJECTION = ("mean", "basis", "scale")  # the codec's buffers that encoding needs


def load_projection(path: Path) -> HouseCodec:
    """A codec that can encode; what decoding needs is not read."""
    with safe_open(path, "pt") as file:
        buffers = {name: file.get_tensor(name) for name in PROJECTION}
    codec = HouseCodec(config_of(buffers["basis"]))
    codec.load_state_dict(buffers, strict=False)
    return codec.eval()


def load_pieces(shards: list[Shard], channels: int | None = None) -> Pieces:
    """With the first `channels` latents, or all, of which each shard must then have as many."""
    parts = [load_file(shard.path) for shard in shards]
    truths = [truth for shard in shards for truth in json.loads(shard.truth_path.read_text())]
    return Pieces(
        latents=torch.cat([part["latents"][:, :channels] for part in parts]),
        tokens=torch.cat([part["tokens"] for part in parts]),
        lengths=torch.cat([part["lengths"] for part in parts]),
        truths=truths,
        over=torch.cat([part["over"][:, :channels] for part in parts]),
    )
