"""Who plays in one piece: parts, each with its sound and its place in the mix."""

from __future__ import annotations

from random import Random

from engine.ensemble import SOLO, WITH_DRUMS, WITHOUT_DRUMS, choose_programs, soloists
from engine.styles import Style
from engine.training.corpus.mix import part_for
from engine.training.corpus.piece import Part


def arrange(style: Style, rng: Random, drums: bool | None) -> tuple[Part, ...]:
    """The parts of one piece. `drums=None` leaves them to chance, as the style leans."""
    if drums is None:
        # Drawn towards even: a style that nearly always has drums must be heard without them too.
        drums = rng.random() < (style.drum_share + 0.5) / 2
    kinds = WITH_DRUMS if drums else WITHOUT_DRUMS
    roles = rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
    if roles == SOLO:
        return _solo(style, rng)
    programs = choose_programs(style, roles, rng)
    spread = rng.choice((-1, 1))
    return tuple(part_for(role, programs[role], spread, style.id) for role in roles)


def _solo(style: Style, rng: Random) -> tuple[Part, ...]:
    """One player who does both: accompaniment and tune on the same instrument."""
    program = rng.choice(soloists(style))
    return tuple(part_for(role, program, 0, style.id) for role in ("chords", "lead"))
