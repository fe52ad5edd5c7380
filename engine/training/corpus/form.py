"""Form: the sections of a piece, who plays in each, and how its force grows and falls.

A piece either keeps one groove, as loops and much dance music do, with its two themes in turn, or
has a form: an intro, a build, a break. Thin sections stay short, so that a clip cut from anywhere
in a piece has most of what the piece has.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from engine.styles import Style
from engine.training.corpus.piece import Section

GROOVE_BARS = 8
_THIN_S = 9.0  # a thin section lasts about this long at most
_FORMED = 0.4  # share of the pieces that have a form


@dataclass(frozen=True)
class Step:
    """One step of a form: its length in units of two or four bars."""

    name: str
    units: int
    theme: str
    energy: float


_ELECTRONIC = (
    Step("intro", 1, "A", 0.85), Step("groove", 2, "A", 0.95), Step("build", 1, "B", 0.95),
    Step("drop", 2, "B", 1.06), Step("break", 1, "A", 0.8), Step("build", 1, "A", 0.95),
    Step("drop", 3, "B", 1.06),
)  # fmt: skip
_SONG = (
    Step("intro", 1, "A", 0.85), Step("verse", 2, "A", 0.92), Step("chorus", 2, "B", 1.06),
    Step("break", 1, "A", 0.8), Step("verse", 2, "A", 0.94), Step("chorus", 2, "B", 1.06),
)  # fmt: skip
_SWELL = (
    Step("intro", 1, "A", 0.75), Step("theme", 2, "A", 0.88), Step("build", 1, "B", 0.96),
    Step("climax", 3, "B", 1.08), Step("outro", 1, "A", 0.8),
)  # fmt: skip
_HEAD = (
    Step("intro", 1, "A", 0.82), Step("head", 3, "A", 0.95), Step("solo", 3, "B", 1.04),
    Step("break", 1, "B", 0.85), Step("head", 2, "A", 1.0),
)  # fmt: skip
FORMS: dict[str, tuple[Step, ...]] = {
    **dict.fromkeys(("house", "techno", "drum-and-bass", "trap", "disco", "synthwave"),
                    _ELECTRONIC),
    **dict.fromkeys(("ambient", "classical", "cinematic", "waltz"), _SWELL),
    **dict.fromkeys(("jazz", "bossa-nova", "blues"), _HEAD),
    **dict.fromkeys(("rock", "pop", "folk", "reggae", "funk", "lofi", "boom-bap"), _SONG),
}  # fmt: skip
# Who rests in a thin section, the likeliest first.
_RESTS = {
    "intro": ("lead", "drums", "bass"), "break": ("drums", "bass", "lead"),
    "build": ("lead", "pad"), "outro": ("drums", "lead", "bass"),
}  # fmt: skip


def one_groove(bars: int, roles: tuple[str, ...]) -> tuple[Section, ...]:
    """Everyone plays throughout; two turns of eight bars on theme A, then one on B."""
    return tuple(
        Section("groove", first, min(GROOVE_BARS, bars - first), roles, theme)
        for first, theme in zip(range(0, bars, GROOVE_BARS), _turns(bars), strict=False)
    )


def _turns(bars: int) -> str:
    return "AAB" * (bars // (3 * GROOVE_BARS) + 1)


def sections_for(
    style: Style, bars: int, bar_s: float, roles: tuple[str, ...], rng: Random
) -> tuple[Section, ...]:
    """The sections of a piece of `bars` bars that last `bar_s` each.

    A piece too short for a form keeps one groove.
    """
    formed, begin = rng.random() < _FORMED, rng.random()
    unit = 4 if 4 * bar_s <= _THIN_S else 2
    if not formed or bars < 3 * unit:
        return one_groove(bars, roles)
    steps = FORMS[style.id]
    # Some pieces are met in their midst: any section may be the first, but no intro comes again.
    place = 0 if begin < 0.5 else int((begin - 0.5) * 2 * len(steps))
    sections: list[Section] = []
    first = 0
    while first < bars:
        step = steps[place] if place < len(steps) else steps[1 + (place - 1) % (len(steps) - 1)]
        length = min(step.units * unit, bars - first)
        playing = playing_in(step.name, roles)
        sections.append(Section(step.name, first, length, playing, step.theme, step.energy))
        first += length
        place += 1
    return tuple(sections)


def playing_in(name: str, roles: tuple[str, ...]) -> tuple[str, ...]:
    """Who plays in a section of this name: more than half of `roles`, all of two or one."""
    spare = (len(roles) - 1) // 2
    resting = [role for role in _RESTS.get(name, ()) if role in roles][:spare]
    return tuple(role for role in roles if role not in resting)
