"""librosa's compiled code, made once for all of the tests' processes.

Two processes that write one such cache leave a mix that crashes whoever loads it. So each has a
cache of its own; compiling takes a minute, so each begins with a copy of one that is complete.
`python -m tests.compiled` makes that one, which `start.py test` does while types are checked.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

CACHES = Path(__file__).resolve().parent.parent / ".pytest_cache"
COMPLETE = CACHES / "numba"
VARIABLE = "NUMBA_CACHE_DIR"


def own_cache(process: str, caches: Path = CACHES) -> Path:
    """The folder of that process, with what was compiled before it."""
    own, complete = caches / f"numba-{process}", caches / COMPLETE.name
    if complete.is_dir() and not own.exists():
        shutil.copytree(complete, own)
    return own


def compile_into(complete: Path = COMPLETE) -> None:
    """Have librosa compile what its modules compile when they are first used."""
    unfinished = complete.with_name(f"{complete.name}-{os.getpid()}")
    os.environ[VARIABLE] = str(unfinished)
    import librosa

    for first_used in ("stft", "zero_crossings", "piptrack", "onset", "feature"):
        getattr(librosa, first_used)
    unfinished.mkdir(parents=True, exist_ok=True)
    unfinished.replace(complete)


if __name__ == "__main__" and not COMPLETE.is_dir():
    compile_into()
