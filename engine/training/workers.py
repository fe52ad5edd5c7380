"""Processes that share training's work, and that end when the one that started them does."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread


def worker_pool(workers: int, begin: Callable[[], None] | None = None) -> ProcessPoolExecutor:
    """`workers` processes, each of which calls `begin` first.

    Spawned, for a fork after torch has run can deadlock. A killed parent cannot tell its workers
    to stop, and they would wait for its next task for ever, so each watches over it itself.
    """
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_begin, initargs=(begin,)
    )


def _begin(begin: Callable[[], None] | None) -> None:
    Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    if begin is not None:
        begin()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def on_one_thread() -> None:
    """How a worker begins that computes with torch: the workers share the cores among them."""
    import torch  # workers that only render do without

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
