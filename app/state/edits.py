"""Changes of the draft that can be undone, each named by what it changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Protocol, cast

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from PySide6.QtGui import QUndoCommand

from app.state.draft import Draft

MERGE_WITHIN_S = 1.0


class Drafting(Protocol):
    """Who holds the draft."""

    @property
    def draft(self) -> Draft: ...

    def apply(self, draft: Draft) -> None: ...


_N = cast(Callable[[str, str], str], QT_TRANSLATE_NOOP)
_WHAT = {
    "prompt": _N("Undo", "Change the prompt"),
    "duration_s": _N("Undo", "Change the length"),
    "steps": _N("Undo", "Change the steps"),
    "guidance": _N("Undo", "Change the guidance"),
    "rescale": _N("Undo", "Change the rescale"),
    "projected": _N("Undo", "Change the kind of guidance"),
    "eta": _N("Undo", "Change projected guidance"),
    "momentum": _N("Undo", "Change projected guidance"),
    "threshold": _N("Undo", "Change projected guidance"),
    "sigma_low": _N("Undo", "Change where guidance acts"),
    "sigma_high": _N("Undo", "Change where guidance acts"),
    "sampler": _N("Undo", "Change the sampler"),
    "schedule": _N("Undo", "Change the schedule"),
    "tempo_bpm": _N("Undo", "Change the tempo"),
    "key": _N("Undo", "Change the key"),
    "beats_per_bar": _N("Undo", "Change the metre"),
    "chords": _N("Undo", "Change the chords"),
    "drums": _N("Undo", "Change the drums"),
    "stem": _N("Undo", "Change who plays"),
    "loop": _N("Undo", "Loop or not"),
    "bars": _N("Undo", "Change the bars"),
    "style": _N("Undo", "Change the style"),
    "instruments": _N("Undo", "Change the players"),
    "seed": _N("Undo", "Change the seed"),
    "seed_locked": _N("Undo", "Lock or unlock the seed"),
    "takes": _N("Undo", "Change the number of takes"),
}
_WHAT_OF_MANY = _N("Undo", "Change the settings")
WRITE_OVER = _N("Undo", "Write a part over a take")
WRITE_ALONE = _N("Undo", "Play over nothing")


class Edit(QUndoCommand):
    """From one draft to another; quick edits of the same fields merge, unless they are named."""

    def __init__(self, model: Drafting, before: Draft, after: Draft, what: str = "") -> None:
        self._names = [n for n, v in asdict(after).items() if v != getattr(before, n)]
        alone = _WHAT.get(self._names[0]) if len(self._names) == 1 else None
        super().__init__(QCoreApplication.translate("Undo", what or alone or _WHAT_OF_MANY))
        self._named = bool(what)
        self._model, self._before, self._after = model, before, after
        self._at = time.monotonic()

    def id(self) -> int:
        return hash(tuple(self._names)) & 0x7FFF_FFFF

    def mergeWith(self, other: QUndoCommand) -> bool:
        assert isinstance(other, Edit)
        if self._named or other._named or other._at - self._at > MERGE_WITHIN_S:
            return False
        self._after, self._at = other._after, other._at
        return True

    def redo(self) -> None:
        self._go(self._after)

    def undo(self) -> None:
        self._go(self._before)

    def _go(self, to: Draft) -> None:
        values: dict[str, Any] = {name: getattr(to, name) for name in self._names}
        self._model.apply(replace(self._model.draft, **values))
