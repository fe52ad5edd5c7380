"""Music theory as pure functions: roman numerals to chords, and chords back to their key."""

from __future__ import annotations

import re
from functools import lru_cache

from engine.score import QUALITIES, Chord, Key, Mode

_DEGREES = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}
_NUMERAL = re.compile(r"(b|#)?(vii|vi|v|iv|iii|ii|i)(.*)", re.IGNORECASE)
_MINOR_SUFFIX = {"": "m", "7": "m7", "9": "m9", "6": "m6", "°": "dim", "°7": "dim7", "ø7": "m7b5"}
_SYMBOL_SUFFIX = {"°": "dim", "°7": "dim7", "ø7": "m7b5", "+": "aug"}

# Semitones above the tonic. The church modes as in any book of harmony (Piston 1941, ch. 1, 30).
SCALES: dict[str, tuple[int, ...]] = {
    "ionian": (0, 2, 4, 5, 7, 9, 11), "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10), "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10), "aeolian": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "major pentatonic": (0, 2, 4, 7, 9), "minor pentatonic": (0, 3, 5, 7, 10),
}  # fmt: skip
# What a key's mode may be coloured to, the plain one first.
_COLOURS = {
    Mode.MAJOR: ("ionian", "mixolydian", "lydian"),
    Mode.MINOR: ("aeolian", "dorian", "phrygian", "harmonic minor"),
}


@lru_cache(maxsize=4096)
def chord_of(numeral: str, key: Key) -> Chord:
    """The chord that a roman numeral names in `key`: "ii7", "bVII", "V7", "viiø7", "Iadd9".

    Degrees are counted on the key's own scale, so VI in A minor is F. Upper case is major and
    lower case minor, as is usual. Raises `ValueError` for what is no numeral.
    """
    match = _NUMERAL.fullmatch(numeral)
    if match is None:
        raise ValueError(f"{numeral!r} is not a roman numeral")
    accidental, degree, suffix = match.groups()
    shift = {"b": -1, "#": 1, None: 0}[accidental]
    root = (key.tonic + key.mode.scale[_DEGREES[degree.lower()]] + shift) % 12
    table = _MINOR_SUFFIX if degree.islower() else _SYMBOL_SUFFIX
    quality = table.get(suffix, suffix)
    if quality not in QUALITIES:
        raise ValueError(f"{numeral!r} has no chord quality {suffix!r}")
    return Chord(root, quality)


@lru_cache(maxsize=4096)
def progression(numerals: str, key: Key) -> tuple[Chord, ...]:
    """Blank-separated numerals as chords in `key`."""
    return tuple(chord_of(numeral, key) for numeral in numerals.split())


def leading_tone(key: Key) -> int:
    """The pitch class a semitone below the tonic, which dominants borrow in minor."""
    return (key.tonic + 11) % 12


def lies_in(chord: Chord, key: Key) -> bool:
    """Whether every tone of `chord` belongs to `key`.

    In minor the dominant chords on the fifth degree and the leading tone belong too: they are
    what makes the key heard (the harmonic minor scale).
    """
    allowed = set(key.pitch_classes)
    dominant_roots = {(key.tonic + 7) % 12, leading_tone(key)}
    if key.mode is Mode.MINOR and chord.root in dominant_roots:
        allowed.add(leading_tone(key))
    return set(chord.pitch_classes) <= allowed


def scale_over(chord: Chord, key: Key) -> tuple[int, ...]:
    """The pitch classes a melody may use over `chord`: the key's, bent towards the chord.

    A scale tone a semitone beside a chord tone that is foreign to the key gives way to it, so
    that G# over E7 in A minor does not meet G.
    """
    tones = set(chord.pitch_classes)
    foreign = tones - set(key.pitch_classes)
    clashing = {(tone + step) % 12 for tone in foreign for step in (-1, 1)} - tones
    return tuple(sorted((set(key.pitch_classes) - clashing) | tones))


def mode_of(chords: tuple[Chord, ...], key: Key) -> str:
    """The name in `SCALES` of the scale on `key`'s tonic that holds most of the chords' tones.

    A vamp of Am7 and D9 is A dorian, D C G in D is mixolydian. The plain scale ("ionian",
    "aeolian") is preferred where others do no better.
    """

    def inside(name: str) -> int:
        scale = {(key.tonic + step) % 12 for step in SCALES[name]}
        return sum(tone in scale for chord in chords for tone in chord.pitch_classes)

    return max(_COLOURS[key.mode], key=inside)


def extended(chord: Chord, key: Key, tones: int) -> Chord:
    """`chord` with thirds stacked on it, up to `tones` tones (4 a seventh, 5 a ninth).

    Only tones that lie in `key` are added, so iii stays without its foreign ninth.
    """
    richer = {
        "": ("maj9", "9", "maj7", "7"), "m": ("m9", "m7"), "dim": ("m7b5",),
        "maj7": ("maj9",), "7": ("9",), "m7": ("m9",),
    }.get(chord.quality, ())  # fmt: skip
    for quality in richer:
        grown = Chord(chord.root, quality)
        if len(QUALITIES[quality]) <= tones and lies_in(grown, key):
            return grown
    return chord


def dominant_of(chord: Chord) -> Chord:
    """The dominant seventh chord a fifth above: V7 of it, secondary where it is not the tonic."""
    return Chord((chord.root + 7) % 12, "7")


def tritone_substitute(dominant: Chord) -> Chord:
    """The seventh chord a tritone away, which shares third and seventh with `dominant`."""
    return Chord((dominant.root + 6) % 12, "7")


def estimate_key(chords: tuple[Chord, ...]) -> Key:
    """The key that explains `chords` best: their tones, and weight for chords on the tonic.

    Raises `ValueError` when there are none.
    """
    if not chords:
        raise ValueError("no chords to estimate a key from")
    keys = [Key(tonic, mode) for mode in Mode for tonic in range(12)]
    return max(keys, key=lambda key: _explains(key, chords))


def _explains(key: Key, chords: tuple[Chord, ...]) -> float:
    scale = set(key.pitch_classes)
    points = 0.0
    for place, chord in enumerate(chords):
        tones = chord.pitch_classes
        points += sum(tone in scale for tone in tones) / len(tones) + lies_in(chord, key)
        if _is_tonic(chord, key):
            points += 1.0 if place in (0, len(chords) - 1) else 0.3
    cadences = zip(chords, (*chords[1:], chords[0]), strict=True)
    points += sum(0.4 for first, then in cadences if _is_cadence(first, then, key))
    return points / len(chords)


def _is_tonic(chord: Chord, key: Key) -> bool:
    third = (key.tonic + (4 if key.mode is Mode.MAJOR else 3)) % 12
    return chord.root == key.tonic and third in chord.pitch_classes


def _is_cadence(first: Chord, then: Chord, key: Key) -> bool:
    """A dominant with its leading tone, moving home."""
    dominant = first.root == (key.tonic + 7) % 12 and leading_tone(key) in first.pitch_classes
    return dominant and _is_tonic(then, key)
