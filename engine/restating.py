"""A prompt in the plainest words for what it names, which a network has heard most often.

Style, mood and instruments have many names, and people put them in any order into any sentence. A
small network learns the plain ones well, and those that it met seldom or never hardly at all. So
what the tables of styles, instruments and moods know is said in their own words, in an order that
is common in training; what they do not know stays as it was typed. Pure text.
"""

from __future__ import annotations

import re
from functools import cache

from engine.ensemble import programs_of
from engine.instruments import (
    Instrument,
    by_first_names,
    instruments_in,
    without_instruments,
)
from engine.instruments import named as by_name
from engine.moods import moods_in
from engine.prompt_reader import drums_in, without_drumless
from engine.score import Score, Stem
from engine.styles import STYLES, Style, named_styles, without_styles
from engine.styles import style as style_by_id

OPEN = Score()
_ALONE = {
    Stem.DRUMS: "drums",
    Stem.BASS: "bass",
    Stem.CHORDS: "chords",
    Stem.LEAD: "melody",
    Stem.PAD: "held chords",
}
_REFUSAL = re.compile(r"\b(?:no|not|without|minus|sans|never|avoid|less|free of)\b|n['’]t\b", re.I)


def restated(prompt: str, score: Score = OPEN) -> str:
    """ "my next tune, jungle, brooding, fender rhodes" → "dark drum and bass with electric piano".

    A stem of the `score` plays alone, and what its style and instruments contradict is not said.
    Where no style is named, only instruments are called by their first names. A prompt that
    refuses something other than drums stays as it is: plain words would name what it does not
    want.
    """
    if _REFUSAL.search(without_drumless(prompt)):
        return prompt
    named = _styles(prompt, score)
    if not named:
        return by_first_names(prompt)
    style, players = " ".join(each.title.lower() for each in named), _players(prompt, score)
    if score.stem is not None and score.stem is not Stem.MIX:
        return f"{_soloist(score.stem, players)} only, {style}"
    moods = moods_in(without_styles(without_instruments(prompt)))[:2]
    return ", ".join((*moods[:-1], " ".join((*moods[-1:], style)))) + _with(prompt, players)


def _styles(prompt: str, score: Score) -> tuple[Style, ...]:
    """Those that the prompt names, or the score's where it names others."""
    found = named_styles(prompt)
    if not found or score.style is None or score.style in (each.id for each in found):
        return found
    return (style_by_id(score.style),)


def _players(prompt: str, score: Score) -> tuple[Instrument, ...]:
    """Those that the prompt names, or all of the score's where one of them is not there."""
    found = instruments_in(prompt)
    if score.instruments is None or {each.name for each in found} <= set(score.instruments):
        return found
    return tuple(by_name(name) for name in score.instruments)


def _soloist(stem: Stem, named: tuple[Instrument, ...]) -> str:
    """Who plays `stem` alone, of those that are `named`, or the part itself."""
    playing = [each.name for each in named if each.program in _players_of(stem)]
    return " and ".join(playing) or _ALONE[stem]


@cache
def _players_of(stem: Stem) -> frozenset[int]:
    """The programs that play the part in any style. A kit is no instrument that prompts name."""
    if stem is Stem.DRUMS:
        return frozenset()
    return frozenset(program for each in STYLES for program in programs_of(each, stem.value))


def _with(prompt: str, players: tuple[Instrument, ...]) -> str:
    """ " with violin, harp and drums", ", no drums", both, or ""."""
    drums = drums_in(without_styles(prompt))  # "drum and bass" names itself
    names = [each.name for each in players] + ["drums"] * (drums is True)
    *first, last = names or [""]
    joined = f"{', '.join(first)} and {last}" if first else last
    return (f" with {joined}" if joined else "") + (", no drums" if drums is False else "")
