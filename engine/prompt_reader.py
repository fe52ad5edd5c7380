"""Reads tempo, pace, key, metre, drums, stem and loop out of what people type. Pure text."""

from __future__ import annotations

import re

from engine.score import BARS, Key, Mode, Stem

_NUMBER = r"(\d{2,3}(?:\.\d+)?)"
_UNIT = r"(?:bpm|b\.p\.m\.?|beats\s+(?:per|a)\s+minute)"
_TEMPO_RANGE = re.compile(rf"{_NUMBER}\s*(?:-|–|to)\s*{_NUMBER}\s*-?{_UNIT}", re.IGNORECASE)
_TEMPI = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_NUMBER}\s*-?\s*{_UNIT}",
        rf"\b(?:bpm|tempo)\s*(?:of|is|at|:|=|around|about)?\s*{_NUMBER}\b",
        rf"[♩=]\s*{_NUMBER}\b(?!\s*(?:k|hz|bit))",
        rf"\b(?:at|around|@)\s*{_NUMBER}\b(?!\s*(?:%|k|m|hz|s\b|seconds|bits?\b|bars?\b|db))",
    )
)
_PACES = {
    "slow": r"slow(?:ly|er)?|down-?tempo|adagio|largo|lento|grave|sluggish|unhurried",
    "medium": r"mid-?tempo|medium(?:\s+tempo)?|moderate(?:ly)?|moderato|andante",
    "fast": r"fast(?:er)?|up-?tempo|quick(?:ly)?|allegro|presto|vivace|speedy|rapid|frantic",
}
_PACE_PATTERNS = {
    pace: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for pace, words in _PACES.items()
}

_ACCIDENTAL = r"(?:\s*(#|♯|♭|b(?![a-ln-z])|-?\s*sharp\b|-?\s*flat\b))?"
# Church modes by the third above their tonic.
_MINOR_MODES, _MAJOR_MODES = ("aeolian", "dorian", "phrygian"), ("ionian", "lydian", "mixolydian")
_MODES = "|".join((*_MINOR_MODES, *_MAJOR_MODES))
_FULL_KEY = re.compile(
    rf"(?<![\w'#])([A-Ga-g]){_ACCIDENTAL}[\s-]*(major|minor|maj|min|{_MODES})\b"
    r"(?!\s+(?:key|chords?|mood))"
)
_SHORT_KEY = re.compile(rf"\b(?:in|key|key of|key:)\s+([A-G]){_ACCIDENTAL}(m(?:in)?)?(?![\w#-])")
_LOOSE_KEY = re.compile(rf"\bkey(?:\s+of|:)\s*([A-Ga-g]){_ACCIDENTAL}(m(?:in)?)?(?![\w#-])")
_MINOR = re.compile(r"\b(?:minor|sad|dark|melancholy|melancholic|gloomy|sombre|tragic)\b", re.I)
_MAJOR = re.compile(r"\b(?:major|happy|cheerful|uplifting|joyful|sunny|bright)\b", re.I)

_METRES = (
    (re.compile(r"\b(?:waltz|3/4|6/8|9/8|3/8|three[- ]four|triple metre|triple meter)"), 3),
    (re.compile(r"\b(?:4/4|12/8|four[- ]four)"), 4),
    (re.compile(r"\b(?:5/4|5/8|five[- ]four)"), 5),
    (re.compile(r"\b(?:7/8|7/4|seven[- ]eight)"), 7),
    (re.compile(r"\b(?:2/4|2/2)"), 2),
)

_DRUM = (
    r"(?:(?<!steel )drum(?:s|kit|ming|beat)?|percussion|percussive"
    r"|beats?(?!\s+(?:per|a)\b)|break-?beats?"
    r"|four[- ]on[- ]the[- ]floor|kick|snare|hi-?hats?|808s?|909s?|cymbals?|congas?|bongos?)"
)
_DRUMS = re.compile(rf"\b{_DRUM}\b", re.I)
_WORDS = r"(?:(?!(?:but|with|just|only|plus|or|nor|and)\b)[\w-]+\s+){0,3}"
_LIST = r"(?:\w[\w -]{0,30},\s*){0,8}(?:\w[\w -]{0,30})?"
# "no hard drums", "no bass and drums", "no piano, bass or drums"; a comma alone begins anew.
_NO_DRUMS = re.compile(
    rf"\b(?:no|not|without|minus|sans|free of)\s+{_WORDS}"
    rf"(?:(?:and\s+|{_LIST}\bn?or\s+){_WORDS})?{_DRUM}\b"
    r"|\b(?:drum|beat|percussion)(?:less|-free)\b",
    re.I,
)
_REFUSED = re.compile(
    r"\b(?:no|not|without|minus|sans|never|avoid|free of)\s+"
    rf"(?:({_LIST}\bn?or\s+{_WORDS}\w+)|((?:(?!\b(?:but|with|just|only|plus)\b)[^,.;])+))",
    re.I,
)
_ALONE = re.compile(r"\b(?:solo|alone|unaccompanied|a cappella|duet|duo)\b", re.I)


def tempo_in(prompt: str) -> float | None:
    """Beats a minute: "75 bpm", "tempo 120", "at 128", "80-90 bpm" (its middle), or None."""
    span = _TEMPO_RANGE.search(prompt)
    if span:
        return (float(span[1]) + float(span[2])) / 2
    for pattern in _TEMPI:
        match = pattern.search(prompt)
        if match:
            return float(match[1])
    return None


def pace_in(prompt: str) -> str | None:
    """ "slow", "medium" or "fast" by the first word that says so, or None."""
    found = [
        (match.start(), pace)
        for pace, pattern in _PACE_PATTERNS.items()
        if (match := pattern.search(prompt))
    ]
    return min(found)[1] if found else None


def key_in(prompt: str) -> Key | None:
    """A key with its tonic: "F sharp minor", "in Am", "key of Bb", or None.

    A lone small "a" before "major" or "minor" is the article unless "in" or "key of" leads it.
    """
    for match in _FULL_KEY.finditer(prompt):
        letter, accidental, mode = match.groups()
        before = prompt[: match.start()].rstrip().lower()
        if letter != "a" or accidental or re.search(r"(?:\bin|key of|key:|key|,|^)$", before):
            return _key(letter, accidental, mode)
    short = _SHORT_KEY.search(prompt) or _LOOSE_KEY.search(prompt)
    return _key(*short.groups()) if short else None


def _key(letter: str, accidental: str | None, mode: str | None) -> Key:
    mode = "minor" if mode in _MINOR_MODES else "major" if mode in _MAJOR_MODES else mode
    return Key.parse(f"{letter}{(accidental or '').strip(' -')} {mode or ''}")


def mode_in(prompt: str) -> Mode | None:
    """The mode that the prompt's words lean to ("a minor key", "sad", "uplifting"), or None."""
    minor, major = _MINOR.search(prompt), _MAJOR.search(prompt)
    if minor and major:
        return Mode.MINOR if minor.start() < major.start() else Mode.MAJOR
    return Mode.MINOR if minor else Mode.MAJOR if major else None


def beats_per_bar_in(prompt: str) -> int | None:
    """The metre's beats. Compound metres count their threes: 6/8 is bars of three eighths."""
    text = prompt.lower()
    found = [
        (match.start(), beats) for pattern, beats in _METRES if (match := pattern.search(text))
    ]
    return min(found)[1] if found else None


def drums_in(prompt: str) -> bool | None:
    """Whether the prompt asks for drums: "no drums", "drumless", "with a beat", or None.

    Who plays alone or in a duo has no drummer, unless one is named.
    """
    if _NO_DRUMS.search(prompt):
        return False
    if _DRUMS.search(prompt):
        return True
    return False if alone_in(prompt) else None


def alone_in(prompt: str) -> bool:
    """Whether whoever is named plays without others: "solo", "duo", "unaccompanied"."""
    return bool(_ALONE.search(prompt))


def refused_in(prompt: str) -> str:
    """What the prompt does not want, in its words: "no piano, harp or drums" → all but "no"."""
    return " ".join(match[1] or match[2] for match in _REFUSED.finditer(prompt))


def without_refused(prompt: str) -> str:
    """`prompt` without what it does not want."""
    return _REFUSED.sub(" ", prompt)


def without_drumless(prompt: str) -> str:
    """`prompt` without the words that say that there are no drums."""
    return _NO_DRUMS.sub(" ", prompt)


_PARTS = {
    Stem.DRUMS: r"(?:drums?(?: ?kit| ?beat)?|percussion|beat)",
    Stem.BASS: r"(?:bass ?lines?|(?:sub |synth |electric |upright |acoustic |slap )?bass)",
    Stem.PAD: r"(?:pads?|(?:held|sustained) chords?)",  # before mere chords
    Stem.CHORDS: r"(?:chords?|comping|rhythm guitar)",
    Stem.LEAD: r"(?:lead|melody|topline)",
}
_KIND = r"(?:[ -](?:line|part|track|groove|pattern))?"
_ALONE_AFTER = r"(?:stem|loop|only|alone|solo|by itself|on (?:its|their) own|and nothing else)"
_ALONE_BEFORE = r"(?:(?:just|only|isolated|solo|nothing but|stem:|stem of)(?: the| an?)?)"
_NOT_OF_A_LIST = r"(?<!and )(?<!& )(?<!\+ )(?<!, )"
_STEMS = {
    stem: re.compile(
        rf"\b{_ALONE_BEFORE} (?:(?!and\b)[\w-]+ ){{0,2}}?{part}{_KIND}\b(?! (?:and|music)\b| ?[&+])"
        rf"|{_NOT_OF_A_LIST}\b{part}{_KIND},? {_ALONE_AFTER}\b",
        re.I,
    )
    for stem, part in _PARTS.items()
}
_LOOP = re.compile(r"(?<!no )(?<!not a )\bloop(?:s|able|ing)?\b(?! pedal)", re.I)
_COUNTS = {"one": 1, "two": 2, "four": 4, "eight": 8, "twelve": 12, "sixteen": 16}
_BARS = re.compile(rf"\b(\d{{1,3}}|{'|'.join(_COUNTS)})[ -]?(?:bars?|measures?)\b", re.I)


def stem_in(prompt: str) -> Stem | None:
    """The part that is to play alone: "drum loop", "bass stem", "just the chords", or None."""
    found = [(match.start(), s) for s, each in _STEMS.items() if (match := each.search(prompt))]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def loop_in(prompt: str) -> bool | None:
    """True where a loop is asked for, else None."""
    return True if _LOOP.search(prompt) else None


def bars_in(prompt: str) -> int | None:
    """ "4 bars", "eight-bar", or None."""
    for match in _BARS.finditer(prompt):
        bars = _COUNTS.get(match[1].lower()) or int(match[1])
        if BARS[0] <= bars <= BARS[1]:
            return bars
    return None
