"""Who plays: which roles a piece has, and with which sounds."""

from __future__ import annotations

from random import Random

from engine.styles import Style
from engine.training.corpus.mix import part_for
from engine.training.corpus.piece import Part

# Instruments that can carry accompaniment and tune at once.
SOLOISTS = frozenset({0, 1, 4, 5, 6, 10, 11, 12, 24, 25, 26, 27, 46})

_WITH_DRUMS = (
    (("drums", "bass"), 0.06),
    (("drums", "chords"), 0.06),
    (("drums", "bass", "chords"), 0.2),
    (("drums", "bass", "lead"), 0.06),
    (("drums", "bass", "chords", "lead"), 0.36),
    (("drums", "bass", "chords", "lead", "pad"), 0.17),
    (("drums", "bass", "chords", "pad"), 0.09),
)
_WITHOUT_DRUMS = (
    (("chords", "lead"), 0.2),
    (("solo",), 0.25),
    (("pad", "lead"), 0.1),
    (("bass", "chords", "lead"), 0.2),
    (("bass", "chords"), 0.1),
    (("bass", "chords", "lead", "pad"), 0.15),
)


def arrange(style: Style, rng: Random, drums: bool | None) -> tuple[Part, ...]:
    """The parts of one piece. `drums=None` leaves them to chance, as the style leans."""
    if drums is None:
        # Drawn towards even: a style that nearly always has drums must be heard without them too.
        drums = rng.random() < (style.drum_share + 0.5) / 2
    kinds = _WITH_DRUMS if drums else _WITHOUT_DRUMS
    roles = rng.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
    if roles == ("solo",):
        return _solo(style, rng)
    programs = _programs(style, roles, rng)
    spread = rng.choice((-1, 1))
    return tuple(part_for(role, programs[role], spread, style.id) for role in roles)


def _programs(style: Style, roles: tuple[str, ...], rng: Random) -> dict[str, int]:
    """A program for each role, the first ones of the style's lists more often."""
    lists = {
        "drums": style.kits, "bass": style.bass, "chords": style.chords, "lead": style.lead,
        "pad": style.pad,
    }  # fmt: skip
    chosen: dict[str, int] = {}
    for role in roles:
        taken = {chosen.get("chords"), chosen.get("lead")} if role != "drums" else set()
        open_ = [program for program in lists[role] if program not in taken] or [*lists[role]]
        weights = [1.0 / (place + 1.5) for place in range(len(open_))]
        chosen[role] = rng.choices(open_, weights)[0]
    return chosen


def _solo(style: Style, rng: Random) -> tuple[Part, ...]:
    """One player who does both: accompaniment and tune on the same instrument."""
    able = [p for p in (*style.chords, *style.lead) if p in SOLOISTS] or [0]
    program = rng.choice(able)
    return tuple(part_for(role, program, 0, style.id) for role in ("chords", "lead"))
