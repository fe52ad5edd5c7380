"""Harmony as a plan: the style's own progressions, and new ones built by harmonic function.

Functions follow Riemann's tonic, subdominant and dominant (T, S, D) as modern textbooks teach
them (Kostka & Payne, *Tonal Harmony*; Levine, *The Jazz Theory Book*): a phrase leaves T by S
and D and comes back, chords of one function stand in for each other, chords may be borrowed from
the parallel mode, and any chord may be led to by a dominant of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from engine.score import Chord, Key, Mode
from engine.styles import Style
from engine.theory import (
    chord_of,
    dominant_of,
    extended,
    leading_tone,
    progression,
    tritone_substitute,
)


@dataclass(frozen=True)
class Taste:
    """How far a style's harmony goes, each a chance from 0 to 1."""

    built: float = 0.25  # built by function, instead of the style's own progressions
    borrowed: float = 0.15  # of a chord, taken from the parallel mode
    secondary: float = 0.1  # of a chord, led to by a dominant of its own
    tritone: float = 0.0  # of a dominant, replaced by the one a tritone away
    suspended: float = 0.05  # of a dominant, its third held back
    tones: int = 3  # 3 triads, 4 sevenths, 5 ninths


TASTES: dict[str, Taste] = {
    "house": Taste(0.3, 0.1, 0.0, tones=5),
    "techno": Taste(0.0),
    "drum-and-bass": Taste(0.3, 0.1, 0.0, tones=5),
    "trap": Taste(0.25, 0.15, 0.0),
    "lofi": Taste(0.45, 0.15, 0.2, 0.15, tones=5),
    "boom-bap": Taste(0.35, 0.1, 0.15, 0.1, tones=4),
    "funk": Taste(0.05, tones=5),
    "disco": Taste(0.35, 0.1, 0.1, tones=4),
    "rock": Taste(0.3, 0.25, 0.0, suspended=0.1),
    "jazz": Taste(0.45, 0.1, 0.3, 0.25, tones=4),
    "bossa-nova": Taste(0.4, 0.2, 0.25, 0.2, tones=5),
    "reggae": Taste(0.2, 0.05, 0.0),
    "synthwave": Taste(0.3, 0.2, 0.0, suspended=0.15),
    "ambient": Taste(0.35, 0.2, 0.0, suspended=0.2, tones=5),
    "classical": Taste(0.6, 0.1, 0.2, suspended=0.15),
    "cinematic": Taste(0.4, 0.3, 0.0, suspended=0.15),
    "waltz": Taste(0.5, 0.1, 0.2),
    "blues": Taste(0.0),
    "folk": Taste(0.35, 0.15, 0.0, suspended=0.05),
    "pop": Taste(0.4, 0.2, 0.1, suspended=0.15),
}

# Chords of one function, the plainest first.
FUNCTIONS: dict[Mode, dict[str, tuple[str, ...]]] = {
    Mode.MAJOR: {"T": ("I", "vi", "iii"), "S": ("IV", "ii"), "D": ("V", "vii°")},
    Mode.MINOR: {"T": ("i", "VI", "III"), "S": ("iv", "ii°"), "D": ("V", "VII", "v")},
}
# Borrowed from the parallel mode, or the Neapolitan; each keeps its function.
BORROWED: dict[Mode, dict[str, tuple[str, ...]]] = {
    Mode.MAJOR: {"T": ("bVI",), "S": ("iv", "bVI"), "D": ("bVII",)},
    Mode.MINOR: {"T": (), "S": ("IV", "bII"), "D": ()},
}
# Phrases of four chords, and periods of eight: the first half asks (ends on D), the second answers.
PHRASES = ("TTSD", "TSDT", "TSTD", "STDT", "TSSD", "SDTT")
PERIODS = ("TTSDTSDT", "TSTDTSDT", "TSSDTTDT")

# Progressions of other lengths, which the planner does not offer: the twelve-bar forms.
LONG_FORMS: dict[str, dict[Mode, tuple[str, ...]]] = {
    "blues": {
        Mode.MAJOR: (
            "I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7",
            "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7",
        ),
        Mode.MINOR: ("i7 i7 i7 i7 iv7 iv7 i7 i7 VI7 V7 i7 V7",),
    },
    "jazz": {
        Mode.MAJOR: ("I7 IV7 I7 I7 IV7 IV7 I7 VI7 ii7 V7 I7 V7",),
        Mode.MINOR: ("i7 iv7 i7 i7 iv7 iv7 i7 i7 iiø7 V7 i7 V7",),
    },
}
_LONG_SHARE = {"blues": 0.5, "jazz": 0.15}
_DIMINISHED = 0.3  # weight of diminished chords against others of their function


def themes(style: Style, key: Key, rng: Random) -> dict[str, tuple[Chord, ...]]:
    """Two progressions for a piece, "A" and "B", one chord a bar."""
    if rng.random() < _LONG_SHARE.get(style.id, 0.0):
        form = progression(rng.choice(LONG_FORMS[style.id][key.mode]), key)
        return {"A": form, "B": form}
    taste = TASTES.get(style.id, Taste())
    held = style.bars_per_chord if rng.random() < 0.8 else 1
    own = rng.sample(style.progressions(key.mode), 2)
    found: dict[str, tuple[Chord, ...]] = {}
    for name, numerals in zip("AB", own, strict=True):
        if rng.random() < taste.built:
            chords = build(key, taste, rng)
        else:
            chords = progression(numerals, key)
        found[name] = tuple(chord for chord in chords for _ in range(held))
    return found


def build(key: Key, taste: Taste, rng: Random) -> tuple[Chord, ...]:
    """A new progression of four or eight chords by function, coloured to `taste`.

    It has the tonic chord, and a period ends on it.
    """
    plan = rng.choice(PHRASES if rng.random() < 0.6 else PERIODS)
    chords: list[Chord] = []
    for place, function in enumerate(plan):
        closing = place == len(plan) - 1
        chord = _of_function(function, key, taste, rng, plain=place == 0 or closing)
        if chords and chord.root == chords[-1].root and not closing:
            chord = _of_function(function, key, taste, rng, plain=False)
        chords.append(chord)
    if len(plan) == 8 or all(chord.root != key.tonic for chord in chords):
        chords[plan.rindex("T")] = _tonic(key, taste)
    return _led(chords, plan, key, taste, rng)


def _tonic(key: Key, taste: Taste) -> Chord:
    return extended(chord_of(FUNCTIONS[key.mode]["T"][0], key), key, taste.tones)


def _of_function(function: str, key: Key, taste: Taste, rng: Random, plain: bool) -> Chord:
    """A chord of `function`; `plain` asks for the one that states it most clearly."""
    borrowed = BORROWED[key.mode][function]
    if borrowed and not plain and rng.random() < taste.borrowed:
        return chord_of(rng.choice(borrowed), key)
    first, *others = FUNCTIONS[key.mode][function]
    weights = [6.0 if plain else 2.0, *(_DIMINISHED if "°" in other else 1.0 for other in others)]
    return extended(chord_of(rng.choices((first, *others), weights)[0], key), key, taste.tones)


def _led(chords: list[Chord], plan: str, key: Key, taste: Taste, rng: Random) -> tuple[Chord, ...]:
    """Chords replaced by dominants that lead to the next one, and dominants bent.

    From the end backwards, so that what a chord leads to stays.
    """
    led = list(chords)
    for place in reversed(range(len(led))):
        following = led[(place + 1) % len(led)]
        is_dominant = led[place].root == (key.tonic + 7) % 12
        if is_dominant and following.root == key.tonic and rng.random() < taste.tritone:
            led[place] = tritone_substitute(led[place])
        elif is_dominant and rng.random() < taste.suspended:
            led[place] = Chord(led[place].root, "sus4")
        elif (
            plan[place] == "T"
            and led[place].root != key.tonic
            and _may_be_led_to(following, key)
            and rng.random() < taste.secondary
        ):
            led[place] = dominant_of(following)
    return tuple(led)


def _may_be_led_to(chord: Chord, key: Key) -> bool:
    """Whether a dominant of its own makes sense: not of the tonic, nor of an unstable chord."""
    stable = not chord.quality.startswith(("dim", "m7b5", "aug"))
    return stable and chord.root not in (key.tonic, leading_tone(key))
