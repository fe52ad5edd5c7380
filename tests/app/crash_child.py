"""Saves takes until it is killed, reporting each one that is finished. Imports no Qt, no torch."""

import sys
from pathlib import Path

import numpy as np

from app.library import Library, new_take
from engine.api import Clip, GenerationRequest

RATE = 44_100


def sound(seed: int) -> np.ndarray:
    """What take number `seed` sounds like; the test makes it again to compare."""
    return np.random.default_rng(seed).normal(0, 0.2, (RATE // 2, 2)).astype(np.float32)


def main(folder: Path, first_seed: int) -> None:
    library = Library(folder)
    for seed in range(first_seed, first_seed + 1000):
        clip = Clip(sound(seed), RATE, GenerationRequest("killed any moment", seed=seed))
        take = library.save(new_take(clip), clip)
        if seed % 3 == 0:
            library.delete(take.id)
            library.restore(take.id)
        print(take.id, seed, flush=True)


if __name__ == "__main__":
    assert not {"torch", "PySide6"} & set(sys.modules)
    main(Path(sys.argv[1]), int(sys.argv[2]))
