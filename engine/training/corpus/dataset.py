"""Many clips rendered by several processes, in order and alike from any number of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from functools import cache
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from engine.training.corpus.clips import clip_for, over_for
from engine.training.corpus.piece import Piece
from engine.training.corpus.render import SAMPLE_RATE, Renderer
from engine.training.workers import worker_pool

Rendered = tuple[Piece, NDArray[np.float32]]

_AHEAD = 4  # clips a process may be ahead of the consumer, which bounds memory


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
    with worker_pool(workers) as pool:
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
    """Compose and render one clip; a loop goes round and round until `duration_s` is full."""
    clip = clip_for(seed, duration_s)
    return clip, _rendered(clip, duration_s)


def render_over(seed: int, duration_s: float = 24.0) -> NDArray[np.float32] | None:
    """What the seed's clip is written over, as long; None for a clip that stands alone."""
    over = over_for(seed, duration_s)
    return None if over is None else _rendered(over, duration_s)


def _rendered(piece: Piece, duration_s: float) -> NDArray[np.float32]:
    audio, frames = _renderer().render(piece), round(duration_s * SAMPLE_RATE)
    return audio if len(audio) == frames else np.resize(audio, (frames, 2))


@cache
def _renderer() -> Renderer:
    """One for each process: opening a soundfont costs as much as seconds of music."""
    return Renderer()
