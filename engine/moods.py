"""The moods that prompts name, as data: those of the two modes, and other words for each."""

from __future__ import annotations

import re
from functools import cache

from engine.score import Mode
from engine.styles import STYLES

MODE_MOODS: dict[Mode, tuple[str, ...]] = {
    Mode.MINOR: ("melancholic", "dark", "sad", "moody", "serious", "wistful"),
    Mode.MAJOR: ("happy", "bright", "cheerful", "uplifting", "hopeful", "light-hearted"),
}
SYNONYMS: dict[str, tuple[str, ...]] = {
    "calm": ("tranquil", "quiet", "restful", "serene"), "peaceful": ("soothing", "serene"),
    "dark": ("shadowy", "ominous", "brooding"), "melancholic": ("melancholy", "bittersweet"),
    "sad": ("sorrowful", "mournful"), "moody": ("pensive", "brooding"),
    "happy": ("joyful", "merry", "jubilant"), "cheerful": ("cheery", "jolly", "feel-good"),
    "uplifting": ("inspiring", "elevating", "jubilant"), "relaxed": ("easy", "languid", "loose"),
    "mellow": ("soft", "smooth"), "chill": ("laid back", "relaxing", "easygoing"),
    "energetic": ("high-energy", "lively", "pumping"), "powerful": ("strong", "ferocious"),
    "raw": ("rough", "ferocious"), "hard": ("heavy-hitting", "aggressive"),
    "dreamy": ("hazy", "blissful"), "ethereal": ("otherworldly", "weightless"),
    "epic": ("grand", "huge", "thundering"), "heroic": ("triumphant", "thundering"),
    "warm": ("cosy", "comforting"), "rustic": ("earthy", "bucolic"), "groovy": ("danceable",),
    "nostalgic": ("wistful", "longing"), "romantic": ("tender", "loving"),
    "tense": ("suspenseful", "nervous"), "elegant": ("refined", "graceful"),
    "hypnotic": ("trance-like", "repetitive"), "driving": ("relentless", "pushing"),
    "sunny": ("summery", "carefree"), "soulful": ("heartfelt", "expressive"),
    "dramatic": ("intense", "theatrical"), "gentle": ("delicate", "soft"),
}  # fmt: skip


def moods_in(text: str) -> tuple[str, ...]:
    """The moods that `text` names, in order, each by its own word and not by another for it."""
    found = (_by_word()[match] for match in _mentions().findall(text.lower()))
    return tuple(dict.fromkeys(found))


@cache
def _by_word() -> dict[str, str]:
    own = {mood for style in STYLES for mood in style.moods}
    own |= {mood for moods in MODE_MOODS.values() for mood in moods}
    others = {word: mood for mood, words in reversed(SYNONYMS.items()) for word in words}
    return others | {mood: mood for mood in own}


@cache
def _mentions() -> re.Pattern[str]:
    longest_first = sorted(_by_word(), key=len, reverse=True)
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, longest_first)) + r")(?![\w-])")
