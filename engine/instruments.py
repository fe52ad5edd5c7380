"""The instruments that prompts name and arrangements use, as General MIDI programs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from engine.errors import InvalidRequest, did_you_mean


@dataclass(frozen=True)
class Instrument:
    """One General MIDI program: what people call it and where it sounds well."""

    program: int  # counted from 0
    name: str
    synonyms: tuple[str, ...] = ()
    low: int = 48  # comfortable range as MIDI pitches, inclusive
    high: int = 84
    sustains: bool = False  # the sound lasts while the key is held

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.synonyms)

    @property
    def rings(self) -> bool:
        """Whether a chord held for a bar is still heard at its end."""
        return self.sustains or self.program in _RINGING


_RINGING = frozenset({0, 1, 4, 5, 11, 24, 25, 26, 27, 46, 98, 99})  # pianos, guitars, harp, bells

INSTRUMENTS: tuple[Instrument, ...] = (
    Instrument(0, "piano", ("grand piano", "acoustic piano", "keys"), 36, 96),
    Instrument(1, "bright piano", ("house piano", "piano stabs"), 48, 88),
    Instrument(4, "electric piano", ("rhodes", "fender rhodes", "e-piano"), 41, 84),
    Instrument(5, "FM electric piano", ("FM piano", "DX7", "digital piano"), 41, 84),
    Instrument(6, "harpsichord", (), 41, 84),
    Instrument(7, "clavinet", ("clav",), 48, 79),
    Instrument(8, "celesta", (), 60, 96),
    Instrument(9, "glockenspiel", ("bells", "glocken"), 67, 96),
    Instrument(10, "music box", (), 60, 90),
    Instrument(11, "vibraphone", ("vibes",), 53, 86),
    Instrument(12, "marimba", (), 48, 86),
    Instrument(16, "organ", ("drawbar organ", "hammond organ", "hammond"), 48, 84, True),
    Instrument(18, "rock organ", (), 48, 84, True),
    Instrument(19, "church organ", ("pipe organ",), 41, 84, True),
    Instrument(21, "accordion", (), 53, 86, True),
    Instrument(22, "harmonica", (), 60, 86, True),
    Instrument(24, "nylon guitar", ("classical guitar", "spanish guitar"), 45, 79),
    Instrument(
        25, "acoustic guitar", ("steel guitar", "steel string guitar", "guitar strumming"), 45, 79
    ),
    Instrument(26, "jazz guitar", ("hollow body guitar",), 45, 79),
    Instrument(27, "clean guitar", ("clean electric guitar", "electric guitar"), 45, 81),
    Instrument(28, "muted guitar", ("palm muted guitar", "guitar chops"), 45, 76),
    Instrument(29, "overdriven guitar", ("crunch guitar", "overdrive guitar"), 43, 79, True),
    Instrument(30, "distorted guitar", ("distortion guitar", "heavy guitar"), 40, 76, True),
    Instrument(32, "upright bass", ("double bass", "acoustic bass"), 28, 52),
    Instrument(33, "electric bass", ("bass guitar", "finger bass"), 28, 52),
    Instrument(34, "picked bass", ("pick bass",), 28, 52),
    Instrument(35, "fretless bass", (), 28, 52),
    Instrument(36, "slap bass", (), 28, 55),
    Instrument(38, "synth bass", ("analog bass", "acid bass"), 26, 52, True),
    Instrument(39, "deep synth bass", ("sub bass", "808 bass", "reese bass"), 26, 50, True),
    Instrument(40, "violin", ("fiddle",), 57, 91, True),
    Instrument(42, "cello", ("violoncello",), 38, 74, True),
    Instrument(45, "pizzicato strings", ("pizzicato", "plucked strings"), 48, 86),
    Instrument(46, "harp", (), 41, 91),
    Instrument(47, "timpani", (), 36, 55),
    Instrument(48, "strings", ("string section", "string ensemble", "violins"), 43, 88, True),
    Instrument(49, "slow strings", ("soft strings", "lush strings"), 43, 84, True),
    Instrument(50, "synth strings", ("string machine",), 43, 86, True),
    Instrument(52, "choir", ("voices", "choir aahs", "vocal choir"), 48, 79, True),
    Instrument(56, "trumpet", (), 57, 84, True),
    Instrument(57, "trombone", (), 45, 70, True),
    Instrument(59, "muted trumpet", ("harmon mute trumpet",), 57, 82, True),
    Instrument(60, "french horn", ("horn", "french horns"), 45, 74, True),
    Instrument(61, "brass section", ("brass", "horns", "horn section"), 48, 79, True),
    Instrument(62, "synth brass", ("brass synth",), 48, 82, True),
    Instrument(65, "alto sax", ("alto saxophone",), 54, 80, True),
    Instrument(66, "tenor sax", ("saxophone", "sax", "tenor saxophone"), 48, 75, True),
    Instrument(68, "oboe", (), 60, 86, True),
    Instrument(71, "clarinet", (), 55, 86, True),
    Instrument(73, "flute", (), 62, 93, True),
    Instrument(75, "pan flute", ("panpipes",), 62, 89, True),
    Instrument(80, "square lead", ("square synth", "chiptune lead"), 55, 88, True),
    Instrument(81, "saw lead", ("synth lead", "lead synth", "saw synth"), 55, 88, True),
    Instrument(88, "new age pad", ("bell pad", "fantasia pad"), 48, 84, True),
    Instrument(89, "warm pad", ("synth pad", "analog pad", "pad", "pads"), 45, 84, True),
    Instrument(90, "polysynth", ("poly synth", "synth chords", "synth"), 48, 84, True),
    Instrument(91, "choir pad", ("space voice pad", "vocal pad"), 48, 82, True),
    Instrument(94, "halo pad", ("airy pad",), 48, 82, True),
    Instrument(95, "sweep pad", ("sweeping pad",), 48, 82, True),
    Instrument(98, "crystal synth", ("crystal bells", "crystal"), 55, 90),
    Instrument(99, "atmosphere synth", ("atmosphere", "plucked pad"), 48, 84),
    Instrument(104, "sitar", (), 48, 77),
    Instrument(105, "banjo", (), 50, 81),
    Instrument(108, "kalimba", ("thumb piano",), 55, 86),
    Instrument(114, "steel drums", ("steel pan", "steelpan"), 55, 84),
)


@cache
def instrument(program: int) -> Instrument:
    """The instrument with this General MIDI program. Raises `KeyError` for one not in use."""
    return _by_program()[program]


def named(name: str) -> Instrument:
    """The instrument that is called so, by any of its names. Raises `KeyError`."""
    return _by_name()[name.lower()]


def parse_instruments(text: str) -> tuple[str, ...]:
    """Read instruments separated by commas or "and", by any of their names; each once.

    Raises `InvalidRequest` for one that is unknown.
    """
    words = [word.strip() for word in re.split(r",|;|\band\b|&|\+", text)]
    return tuple(dict.fromkeys(known(word).name for word in words if word))


def known(word: str) -> Instrument:
    """The instrument that is called so. Raises `InvalidRequest`, which says what may be meant."""
    try:
        return named(word)
    except KeyError:
        otherwise = "Write names like piano, synth bass, strings."
        raise InvalidRequest(
            "instruments",
            f"“{word}” is not an instrument that is known.",
            did_you_mean(word, _by_name(), otherwise),
        ) from None


@cache
def _by_program() -> dict[int, Instrument]:
    return {each.program: each for each in INSTRUMENTS}


@cache
def _by_name() -> dict[str, Instrument]:
    return {name.lower(): each for each in INSTRUMENTS for name in each.names}


@cache
def _mentions() -> re.Pattern[str]:
    longest_first = sorted(_by_name(), key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, longest_first)) + r")\b", re.I)


def instruments_in(text: str) -> tuple[Instrument, ...]:
    """The instruments that `text` names, the longest name first where names overlap."""
    found = (_by_name()[match] for match in _mentions().findall(text.lower()))
    return tuple(dict.fromkeys(found))


def without_instruments(text: str) -> str:
    """`text` in lower case, instruments taken out: a "jazz guitar" does not ask for jazz."""
    return _mentions().sub(" ", text.lower())


def by_first_names(text: str) -> str:
    """`text` with every instrument called by its own name in place of another for it."""

    def first(match: re.Match[str]) -> str:
        word = match[0]
        name = _by_name()[word.lower()].name
        return word if word.lower() == name.lower() else name

    return _mentions().sub(first, text)
