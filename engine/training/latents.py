"""The corpus as the denoiser meets it: latents, prompts as token states, and the score.

Pieces are a pure function of their seed, so nothing is stored but what training reads: workers
compose, render and encode, and leave shards that survive interruption. Audio is never kept.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from engine.codecs.house import HouseCodec
from engine.device import Device
from engine.score import Chord, Key, Mode, Score
from engine.text.minilm import MiniLM
from engine.training.corpus.dataset import render_seed
from engine.training.corpus.prompts import prompts_for

PROMPTS_PER_PIECE = 4
TOKENS = 48
HEADROOM_DB = 3.0  # below the corpus's own level: new phases move peaks, and none may clip


@dataclass(frozen=True)
class Shard:
    """Work for one worker: a run of seeds, encoded by one codec into one file."""

    path: Path
    seeds: tuple[int, ...]
    piece_s: float
    codec: Path

    @property
    def truth_path(self) -> Path:
        return self.path.with_suffix(".json")

    @property
    def done(self) -> bool:
        return self.path.exists() and self.truth_path.exists()


@dataclass(frozen=True, eq=False)
class Pieces:
    """Encoded pieces: latents (N, C, T) and token states (N, prompts, TOKENS, D), both fp16."""

    latents: Tensor
    tokens: Tensor
    lengths: Tensor  # (N, prompts) tokens that count
    truths: list[dict[str, Any]]  # score, style, prompts, …

    def __len__(self) -> int:
        return len(self.latents)

    def score(self, index: int) -> Score:
        return score_from_json(self.truths[index]["score"])


def score_from_json(values: dict[str, Any]) -> Score:
    key, chords = values["key"], values["chords"]
    return Score(
        tempo_bpm=values["tempo_bpm"],
        beats_per_bar=values["beats_per_bar"],
        key=Key(key["tonic"], Mode(key["mode"])) if key else None,
        chords=tuple(Chord(c["root"], c["quality"]) for c in chords) if chords else None,
        bars=values["bars"],
    )


def make_shards(
    folder: Path, codec: Path, pieces: int, first_seed: int, piece_s: float, workers: int
) -> list[Shard]:
    """Make what is missing, in parallel; `codec` is the file that `train_codec` wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    size = 32
    shards = [
        Shard(
            folder / f"{seed}.safetensors",
            tuple(range(seed, min(seed + size, first_seed + pieces))),
            piece_s,
            codec,
        )
        for seed in range(first_seed, first_seed + pieces, size)
    ]
    missing = [shard for shard in shards if not shard.done]
    if missing:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=_quiet_worker) as pool:
            futures = [pool.submit(_make_shard, shard) for shard in missing]
            for future in tqdm(as_completed(futures), total=len(futures), desc="encoding"):
                future.result()
    return shards


def _quiet_worker() -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


@torch.no_grad()
def _make_shard(shard: Shard) -> None:
    codec, text = load_codec(shard.codec), MiniLM.load(Device("cpu", torch.float32))
    latents, truths, prompts = [], [], []
    for seed in shard.seeds:
        piece, audio = render_seed(seed, shard.piece_s)
        sound = torch.from_numpy(audio.T * np.float32(10 ** (-HEADROOM_DB / 20)))
        latents.append(codec.encode(sound[None])[0].half())
        rng = Random(f"prompts/{seed}")
        written = [prompts_for(piece, rng) for _ in range(PROMPTS_PER_PIECE)]
        prompts.extend(written)
        truths.append(piece.truth() | {"score": asdict(piece.score), "prompts": written})
    tokens, lengths = encode_prompts(text, prompts)
    per_piece = (len(truths), PROMPTS_PER_PIECE)
    save_file(
        {
            "latents": torch.stack(latents),
            "tokens": tokens.unflatten(0, per_piece),
            "lengths": lengths.unflatten(0, per_piece),
        },
        shard.path,
    )
    temporary = shard.truth_path.with_suffix(".tmp")
    temporary.write_text(json.dumps(truths))
    temporary.replace(shard.truth_path)


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
    codec = HouseCodec()
    codec.load_state_dict(load_file(path))
    return codec.eval()


def load_pieces(shards: list[Shard]) -> Pieces:
    parts = [load_file(shard.path) for shard in shards]
    truths = [truth for shard in shards for truth in json.loads(shard.truth_path.read_text())]
    return Pieces(
        latents=torch.cat([part["latents"] for part in parts]),
        tokens=torch.cat([part["tokens"] for part in parts]),
        lengths=torch.cat([part["lengths"] for part in parts]),
        truths=truths,
    )


def shuffled(count: int, rng: np.random.Generator) -> Iterator[int]:
    """Endless indices; each appears once before any appears again."""
    while True:
        yield from rng.permutation(count).tolist()
