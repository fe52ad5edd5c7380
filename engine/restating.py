"""A prompt in the plainest words for what it names, which a network has heard most often.

Style, mood and instruments have many names, and people put them in any order into any sentence. A
small network learns the plain ones well, and those that it met seldom or never hardly at all. So
what the tables of styles, instruments and moods know is said in their own words, in an order that
is common in training; what they do not know stays as it was typed. Pure text.
"""

from __future__ import annotations

import re
from functools import cache

from engine.instruments import (
    Instrument,
    by_first_names,
    instruments_in,
    without_instruments,
)
from engine.moods import moods_in
from engine.prompt_reader import drums_in, without_drumless
from engine.score import Stem
from engine.styles import STYLES, named_styles, without_styles

_ALONE = {
    Stem.DRUMS: "drums",
    Stem.BASS: "bass",
    Stem.CHORDS: "chords",
    Stem.LEAD: "melody",
    Stem.PAD: "held chords",
}
_REFUSAL = re.compile(r"\b(?:no|not|without|minus|sans|never|avoid|less|free of)\b|n['’]t\b", re.I)


def restated(prompt: str, stem: Stem | None = None) -> str:
    """ "my next tune, jungle, brooding, fender rhodes" → "dark drum and bass with electric piano".

    `stem` plays alone. Where no style is named, only instruments are called by their first names.
    A prompt that refuses something other than drums stays as it is: plain words would name what
    it does not want.
    """
    if _REFUSAL.search(without_drumless(prompt)):
        return prompt
    named = named_styles(prompt)
    if not named:
        return by_first_names(prompt)
    style = " ".join(each.title.lower() for each in named)
    if stem is not None and stem is not Stem.MIX:
        return f"{_soloist(stem, instruments_in(prompt))} only, {style}"
    moods = moods_in(without_styles(without_instruments(prompt)))[:2]
    return ", ".join((*moods[:-1], " ".join((*moods[-1:], style)))) + _players(prompt)


def _soloist(stem: Stem, named: tuple[Instrument, ...]) -> str:
    """Who plays `stem` alone, of those that are `named`, or the part itself."""
    playing = [each.name for each in named if each.program in _players_of(stem)]
    return " and ".join(playing) or _ALONE[stem]


@cache
def _players_of(stem: Stem) -> frozenset[int]:
    """The programs that play the part in any style. A kit is no instrument that prompts name."""
    if stem is Stem.DRUMS:
        return frozenset()
    return frozenset(program for each in STYLES for program in getattr(each, stem.value))


def _players(prompt: str) -> str:
    """ " with violin, harp and drums", ", no drums", both, or ""."""
    drums = drums_in(without_styles(prompt))  # "drum and bass" names itself
    names = [each.name for each in instruments_in(prompt)] + ["drums"] * (drums is True)
    *first, last = names or [""]
    joined = f"{', '.join(first)} and {last}" if first else last
    return (f" with {joined}" if joined else "") + (", no drums" if drums is False else "")
