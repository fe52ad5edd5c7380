"""Tiny trainings for processes of their own: `launch` finds them by their names."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from engine.training.batches import Batch, DenoiserTraining
from engine.training.denoiser import DenoiserTrainer
from engine.training.runs import Run
from tests.engine.training.tiny_training import CPU, FRAME_RATE, FRAMES, TRAINING, UNET, pieces

UNEVEN = replace(TRAINING, batch=5)  # of two processes the second has one item more


class Noted(DenoiserTrainer):
    """Writes down every step's loss, and is killed before step `killed_at`."""

    killed_at = -1

    def advance(self, batch: Batch) -> float:
        if self.step == self.killed_at:
            os._exit(9)  # as a signal would: nothing is saved, nobody is told
        step, loss = self.step, super().advance(batch)
        with (self.run.folder / f"losses-{self.processes.index}").open("a") as file:
            file.write(f"{step} {len(batch)} {loss!r}\n")
        return loss


def train(
    folder: Path,
    training: DenoiserTraining = UNEVEN,
    shard: bool = False,
    killed_at: int = -1,
    minutes: float = 1,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    trainer = Noted(Run(folder), training, UNET, CPU, shard)
    trainer.killed_at = killed_at
    tame = pieces()
    tame.latents[:, 1] /= FRAMES  # to the unit variance that the σ are for
    trainer.train(tame, FRAME_RATE, minutes)


def noted(folder: Path, process: int = 0) -> list[tuple[int, int, float]]:
    """(step, items, loss) in the order in which they were computed."""
    lines = (folder / f"losses-{process}").read_text().splitlines()
    return [(int(s), int(n), float(loss)) for s, n, loss in map(str.split, lines)]


def train_whole_sharded_and_killed(root: Path) -> None:
    """The first life of three runs; only the first of them comes to its end."""
    train(root / "whole")
    half = replace(UNEVEN, steps=3)
    train(root / "sharded", replace(half, accumulate=2), shard=True)
    train(root / "killed", killed_at=5)


def train_what_is_left(root: Path) -> None:
    train(root / "killed")
    train(root / "sharded again", shard=True)
