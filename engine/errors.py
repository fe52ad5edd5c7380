"""The few kinds of failure the engine knows, each with a message that says what to do.

`message` is one plain sentence for a person; `remedy` is what they can do next. The window
shows both inline, the command line prints both, and neither ever shows a bare traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class EngineError(Exception):
    """Base of every error that crosses the engine's door."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class InvalidRequest(EngineError):
    """A value the user gave cannot be used. `field` names the request's field."""

    def __init__(self, field: str, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.field = field


def did_you_mean(word: str, names: Iterable[str], otherwise: str) -> str:
    """What to do about an unknown `word`: up to three of `names` like it, lower case, or else."""
    names, word = list(names), word.strip().lower()
    begun = [name for name in names if word and name.startswith(word)]
    near = begun[:3] or get_close_matches(word, names, n=3, cutoff=0.6)
    return f"Did you mean {', '.join(near)}?" if near else otherwise


class ModelUnavailable(EngineError):
    """A model's weights are missing, truncated, or not what their hash says."""


class OutOfMemory(EngineError):
    """The device could not hold the job, not even the smaller way."""


class AudioFileError(EngineError):
    """An audio file could not be read or written."""


class InternalError(EngineError):
    """A fault of ours. Carries the traceback as `details` for the copy button."""

    def __init__(self, message: str, remedy: str = "", details: str = "") -> None:
        super().__init__(message, remedy)
        self.details = details
