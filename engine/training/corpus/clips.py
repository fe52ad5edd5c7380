"""Clips: what training meets of the composer's music. Whole mixes, single stems, exact loops.

Beside some of them stands what they are to fit: other parts of the same music. Which of them a
seed is depends on the seed alone, as everything does.
"""

from __future__ import annotations

from random import Random

from engine.training.corpus.composer import LOOP_BARS, compose
from engine.training.corpus.piece import MIX, ROLES, Piece

LOOP_SHARE = 0.25
STEM_SHARE = 0.35  # of pieces and of loops alike
STEMS_OVER, MIXES_OVER = 0.65, 0.15  # shares that are written over something
_BARS_WEIGHTS = (1, 2, 4, 2)  # of LOOP_BARS


def clip_for(seed: int, duration_s: float = 24.0, style: str | None = None) -> Piece:
    """The clip that a seed stands for: a piece of `duration_s`, or a loop, or a stem of either.

    Only a piece's length, never what else is true of it, depends on `duration_s`.
    """
    piece, stem = _composed(seed, duration_s, style)
    return piece if stem == MIX else piece.alone(stem)


def over_for(seed: int, duration_s: float = 24.0, style: str | None = None) -> Piece | None:
    """What the seed's clip is written over, None for one that stands alone.

    For a stem all the other parts or some of them, for a mix one of its own parts.
    """
    rng = Random(f"over/{seed}")
    piece, stem = _composed(seed, duration_s, style)
    if rng.random() >= (MIXES_OVER if stem == MIX else STEMS_OVER):
        return None
    others = [role for role in _roles(piece) if role != stem]
    if stem == MIX:
        return piece.only({rng.choice(others)})
    wanted = others if rng.random() < 0.5 else [r for r in others if rng.random() < 0.5]
    return piece.only(set(wanted)) if wanted else None


def _composed(seed: int, duration_s: float, style: str | None) -> tuple[Piece, str]:
    """The whole music, and which stem of it the clip is."""
    rng = Random(f"clip/{seed}")
    is_loop, is_stem = rng.random() < LOOP_SHARE, rng.random() < STEM_SHARE
    bars = rng.choices(LOOP_BARS, _BARS_WEIGHTS)[0]
    # A stem with a form would be silent for bars where its part rests.
    piece = compose(
        seed, style=style, duration_s=duration_s, loop_bars=bars if is_loop else None,
        formed=not is_stem,
    )  # fmt: skip
    return piece, rng.choice(_roles(piece)) if is_stem else MIX


def _roles(piece: Piece) -> list[str]:
    return [role for role in ROLES if any(part.role == role for part in piece.parts)]
