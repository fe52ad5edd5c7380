"""Every groove by its style and metre."""

from __future__ import annotations

from engine.training.corpus.groove import FILLS, RHYTHMS, DrumPattern, Groove
from engine.training.corpus.grooves import GROOVES
from engine.training.corpus.grooves_triple import TRIPLE_GROOVES

__all__ = ["FILLS", "GROOVES", "RHYTHMS", "TRIPLE_GROOVES", "DrumPattern", "Groove", "groove_for"]


def groove_for(groove: str, beats_per_bar: int = 4) -> Groove:
    """The patterns of a style's groove in a metre. Raises `KeyError` for one unknown."""
    return (TRIPLE_GROOVES if beats_per_bar == 3 else GROOVES)[groove]
