"""Many pieces rendered by several processes, and a handful written out for listening."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from engine.styles import STYLES
from engine.training.corpus.composer import compose
from engine.training.corpus.piece import Piece
from engine.training.corpus.prompts import prompts_for
from engine.training.corpus.render import SAMPLE_RATE, Renderer

Rendered = tuple[Piece, NDArray[np.float32]]

_AHEAD = 4  # pieces a process may be ahead of the consumer, which bounds memory


def render_many(
    seeds: Iterable[int], workers: int = 0, duration_s: float = 24.0
) -> Iterator[Rendered]:
    """Yield (piece, (frames, 2) audio at 44.1 kHz) for each seed, in the seeds' order.

    `workers` spawned processes render ahead; 0 renders in this process. A seed always gives
    the same piece and sound, so an interrupted run goes on with the seeds that are left.
    """
    if workers == 0:
        yield from (render_seed(seed, duration_s) for seed in seeds)
        return
    waiting: deque[Future[Rendered]] = deque()
    left = iter(seeds)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            for seed in islice(left, workers * _AHEAD):
                waiting.append(pool.submit(render_seed, seed, duration_s))
            while waiting:
                yield waiting.popleft().result()
                for seed in islice(left, 1):
                    waiting.append(pool.submit(render_seed, seed, duration_s))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def render_seed(seed: int, duration_s: float = 24.0) -> Rendered:
    """Compose and render one piece."""
    piece = compose(seed, duration_s=duration_s)
    return piece, _renderer().render(piece)


@cache
def _renderer() -> Renderer:
    """One for each process: opening a soundfont costs as much as seconds of music."""
    return Renderer()


def listen(count: int, out_dir: Path, first_seed: int = 0, duration_s: float = 12.0) -> list[Path]:
    """Write `count` examples, the styles in turn, each as WAV with its truth as JSON beside it."""
    import soundfile  # training alone, as on another machine, does without

    out_dir.mkdir(parents=True, exist_ok=True)
    renderer = _renderer()
    written: list[Path] = []
    for i in range(count):
        seed, style = first_seed + i, STYLES[i % len(STYLES)].id
        piece = compose(seed, style=style, duration_s=duration_s)
        path = out_dir / f"{i:03d}-{style}-{seed}.wav"
        soundfile.write(path, renderer.render(piece), SAMPLE_RATE, subtype="PCM_16")
        truth = {**piece.truth(), "prompt": prompts_for(piece, Random(seed))}
        path.with_suffix(".json").write_text(json.dumps(truth, indent=2, ensure_ascii=False))
        written.append(path)
    return written
