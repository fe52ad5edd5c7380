"""Clips: what training meets of the composer's music. Whole mixes, single stems, exact loops.

Which of them a seed is depends on the seed alone, as everything does.
"""

from __future__ import annotations

from random import Random

from engine.training.corpus.composer import LOOP_BARS, compose
from engine.training.corpus.piece import ROLES, Piece

LOOP_SHARE = 0.25
STEM_SHARE = 0.25  # of pieces and of loops alike
_BARS_WEIGHTS = (1, 2, 4, 2)  # of LOOP_BARS


def clip_for(seed: int, duration_s: float = 24.0, style: str | None = None) -> Piece:
    """The clip that a seed stands for: a piece of `duration_s`, or a loop, or a stem of either.

    Only a piece's length, never what else is true of it, depends on `duration_s`.
    """
    rng = Random(f"clip/{seed}")
    is_loop, is_stem = rng.random() < LOOP_SHARE, rng.random() < STEM_SHARE
    bars = rng.choices(LOOP_BARS, _BARS_WEIGHTS)[0]
    # A stem with a form would be silent for bars where its part rests.
    piece = compose(
        seed, style=style, duration_s=duration_s, loop_bars=bars if is_loop else None,
        formed=not is_stem,
    )  # fmt: skip
    return piece.alone(_stem(piece, rng)) if is_stem else piece


def _stem(piece: Piece, rng: Random) -> str:
    return rng.choice([role for role in ROLES if any(part.role == role for part in piece.parts)])
