"""Who plays in a style: which parts there are, and with which sounds.

One table for the composer, whose pieces teach the house model, and for the planner, who chooses
what a prompt leaves open: so what is asked of the model is what it has met.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from engine.instruments import Instrument, instrument
from engine.score import Stem
from engine.styles import Style

# Instruments that can carry accompaniment and tune at once.
SOLOISTS = frozenset({0, 1, 4, 5, 6, 10, 11, 12, 24, 25, 26, 27, 46})
SOLO = ("solo",)

Roles = tuple[str, ...]
WITH_DRUMS: tuple[tuple[Roles, float], ...] = (
    (("drums", "bass"), 0.06),
    (("drums", "chords"), 0.06),
    (("drums", "bass", "chords"), 0.2),
    (("drums", "bass", "lead"), 0.06),
    (("drums", "bass", "chords", "lead"), 0.36),
    (("drums", "bass", "chords", "lead", "pad"), 0.17),
    (("drums", "bass", "chords", "pad"), 0.09),
)
WITHOUT_DRUMS: tuple[tuple[Roles, float], ...] = (
    (("chords", "lead"), 0.2),
    (SOLO, 0.25),
    (("pad", "lead"), 0.1),
    (("bass", "chords", "lead"), 0.2),
    (("bass", "chords"), 0.1),
    (("bass", "chords", "lead", "pad"), 0.15),
)
_COMPLETE = 3
"""So many named players are a band: nobody else is asked to join."""
_BASSES, _PADS = range(32, 40), range(88, 96)  # General MIDI's families


def programs_of(style: Style, role: str) -> tuple[int, ...]:
    """What may play `role`, in order of liking; programs of the percussion bank for drums."""
    lists = {
        "drums": style.kits, "bass": style.bass, "chords": style.chords, "lead": style.lead,
        "pad": style.pad,
    }  # fmt: skip
    return lists[role]


def choose_programs(
    style: Style,
    roles: Sequence[str],
    rng: Random,
    chosen: Mapping[str, int] = {},
    unwanted: frozenset[int] = frozenset(),
) -> dict[str, int]:
    """A program for each role but those `chosen`, the first ones of the style's lists more often.

    Nobody doubles what chords or lead are played on, where there is another choice. A role that
    only the `unwanted` could play stays without.
    """
    found = dict(chosen)
    for role in roles:
        if role in found:
            continue
        taken = {found.get("chords"), found.get("lead")} if role != "drums" else set()
        listed = [each for each in programs_of(style, role) if each not in unwanted]
        if not listed:
            continue
        open_ = [program for program in listed if program not in taken] or [*listed]
        weights = [1.0 / (place + 1.5) for place in range(len(open_))]
        found[role] = rng.choices(open_, weights)[0]
    return found


def soloists(style: Style) -> list[int]:
    """The style's players who can do without others."""
    return [p for p in (*style.chords, *style.lead) if p in SOLOISTS] or [0]


@dataclass(frozen=True)
class Wanted:
    """What is asked about who plays."""

    named: tuple[Instrument, ...] = ()
    refused: tuple[Instrument, ...] = ()
    alone: bool = False  # nobody joins those who are named
    drums: bool = True
    stem: Stem = Stem.MIX


def choose_players(style: Style, wanted: Wanted, rng: Random) -> tuple[str, ...]:
    """The pitched instruments of a piece, by name: those that are named, and who is missing.

    Of a single stem only its own player is left.
    """
    named, stem = wanted.named, wanted.stem
    unwanted = frozenset(each.program for each in wanted.refused)
    seats = seated(style, named)
    if stem is Stem.DRUMS:
        return ()
    if stem is not Stem.MIX:
        own = {stem.value: seats[stem.value]} if stem.value in seats else {}
        return _names(choose_programs(style, (stem.value,), rng, own, unwanted))
    if seats and (wanted.alone or len(seats) >= _COMPLETE):
        return tuple(each.name for each in named)
    roles = _roles(seats, wanted, rng)
    if roles == SOLO:
        able = [each for each in soloists(style) if each not in unwanted] or [0]
        return _names(seats or {"lead": rng.choice(able)})
    players = _names(choose_programs(style, roles, rng, seats, unwanted))
    return tuple(dict.fromkeys([*(each.name for each in named), *players]))


def seated(style: Style, named: Sequence[Instrument]) -> dict[str, int]:
    """Role → program: each of the named where the style has it, or where it is at home.

    Of several for one role the first is seated; the others are players all the same.
    """
    seats: dict[str, int] = {}
    for each in named:
        likely = [role for role in _SEATS if each.program in programs_of(style, role)]
        open_ = [role for role in (*likely, *_home(each)) if role not in seats]
        if open_:
            seats[open_[0]] = each.program
    return seats


_SEATS = ("bass", "chords", "lead", "pad")


def _home(player: Instrument) -> Roles:
    if player.program in _BASSES:
        return ("bass",)
    if player.program in _PADS:
        return ("pad", "chords")
    return ("lead", "chords") if player.sustains else ("chords", "lead")


def _roles(seats: Mapping[str, int], wanted: Wanted, rng: Random) -> Roles:
    """Roles that have a place for those who are seated, by how likely they are to be meant.

    By Bayes, as the corpus writes prompts: how usual the roles are together, over how many
    others could have been named of them. Who names one player more often means few than many.
    """
    if wanted.alone and not wanted.drums:
        return SOLO
    one_alone = len(seats) <= 1 and all(program in SOLOISTS for program in seats.values())
    open_ = [
        (roles, weight * _named_share(len(set(roles) - {"drums"}), len(seats)))
        for roles, weight in (WITH_DRUMS if wanted.drums else WITHOUT_DRUMS)
        if (one_alone if roles == SOLO else set(seats) <= set(roles))
    ]
    if not open_:
        return tuple(seats)
    kinds, weights = zip(*open_, strict=True)
    return rng.choices(kinds, weights)[0]


def _named_share(players: int, named: int) -> float:
    """How often just these of so many `players` are named, where some are: any number of them,
    and any of that number, alike."""
    return 1.0 / (players * math.comb(players, named)) if named else 1.0


def _names(players: Mapping[str, int]) -> tuple[str, ...]:
    """Each pitched player once."""
    pitched = (program for role, program in players.items() if role != "drums")
    return tuple(dict.fromkeys(instrument(program).name for program in pitched))
