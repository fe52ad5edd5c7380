"""Misspellings as fingers make them: letters swapped, dropped, doubled, or hit beside the key."""

from __future__ import annotations

import re
from random import Random

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    letter: row[max(i - 1, 0) : i] + row[i + 1 : i + 2]
    for row in _ROWS
    for i, letter in enumerate(row)
}
# As people spell them who never saw the word written.
COMMON = {
    "guitar": "guitare", "electric": "eletric", "ambient": "ambiant", "rhythm": "rythm",
    "saxophone": "saxaphone", "acoustic": "accoustic", "synth": "sinth", "classical": "clasical",
    "harmonica": "harmonika", "melancholic": "melancolic", "cinematic": "cinamatic",
    "reggae": "raggae", "nostalgic": "nostalgik", "techno": "tekno", "orchestral": "orchestal",
    "instrumental": "instramental", "trumpet": "trumphet", "vibraphone": "vibrophone",
    "drums": "drumz", "peaceful": "peacefull", "beautiful": "beatiful",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z]{4,}")


def misspelt(text: str, rng: Random) -> str:
    """`text` with one of its words of four letters or more misspelt; as it is if it has none."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    found = rng.choice(words)
    word = found[0]
    known = COMMON.get(word.lower())
    wrong = known if known and rng.random() < 0.5 else mistyped(word, rng)
    return text[: found.start()] + wrong + text[found.end() :]


def mistyped(word: str, rng: Random) -> str:
    """`word` with one slip in it; its first letter stays."""
    i = rng.randrange(1, len(word))
    match rng.choice(("swap", "drop", "double", "beside")):
        case "swap" if i + 1 < len(word):
            return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        case "double":
            return word[:i] + word[i] + word[i:]
        case "beside":
            near = _NEIGHBOURS.get(word[i].lower(), "") or word[i]
            return word[:i] + rng.choice(near) + word[i + 1 :]
    return word[:i] + word[i + 1 :]
