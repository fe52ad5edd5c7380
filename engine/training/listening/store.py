"""What was heard, kept on disk: an interrupted report goes on where it stopped.

Files lie in the user's cache folder and can be deleted at any time. A name holds everything that
decides what is in the file, so that nothing old passes for new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from zipfile import BadZipFile

from engine.training.listening.heard import Heard

_ENGINE = Path(__file__).resolve().parents[2]
_NOT_ASKED = ("training", "benchmarks", "cli", "__pycache__")
_LISTENING = tuple(f"training/listening/{each}.py" for each in ("heard", "pitches", "loops"))
_CORPUS = ("training/corpus", "audio/spectrogram.py", "styles.py", "instruments.py", "theory.py")


class Store:
    """A folder of `Heard` by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def default(cls) -> Store:
        import platformdirs

        return cls(Path(platformdirs.user_cache_dir("undertone")) / "evaluation")

    def path(self, name: str) -> Path:
        return self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.npz"

    def find(self, name: str) -> Heard | None:
        """What is kept under `name`; None where there is nothing, or nothing whole."""
        try:
            return Heard.load(self.path(name))
        except (OSError, KeyError, ValueError, EOFError, BadZipFile):
            return None

    def get(self, name: str, make: Callable[[], Heard]) -> Heard:
        found = self.find(name)
        if found is None:
            found = make()
            found.save(self.path(name))
        return found


@cache
def corpus_print() -> str:
    """Changes with everything that decides how a render sounds and what is heard in it."""
    return fingerprint(_ENGINE / each for each in (*_CORPUS, *_LISTENING))


@cache
def engine_print() -> str:
    """Changes with any source of the engine that music is made by."""
    return fingerprint(each for each in sorted(_ENGINE.iterdir()) if each.name not in _NOT_ASKED)


def fingerprint(paths: Iterable[Path]) -> str:
    """Of the contents of files, and of all files in folders but compiled ones."""
    digest = hashlib.sha256()
    for path in paths:
        inside = sorted(each for each in path.rglob("*") if each.is_file())
        for file in inside if path.is_dir() else [path]:
            if file.suffix != ".pyc":
                digest.update(file.name.encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
