"""Prompts the way people write them: tags and sentences, moods, partial, out of order, misspelt.

Every statement in a prompt is true of its piece: a named instrument plays, a named tempo is
exact, "no drums" has none. What a prompt leaves out says nothing.
"""

from __future__ import annotations

import re
from random import Random
from string import Formatter

from engine.instruments import instrument, instruments_in
from engine.moods import MODE_MOODS, SYNONYMS
from engine.prompt_reader import drums_in, key_in, tempo_in
from engine.score import SHARPS, Key, Mode
from engine.styles import style as style_by_id
from engine.training.corpus import wording
from engine.training.corpus.evaluation_prompts import EvaluationPrompt, evaluation_prompts
from engine.training.corpus.misspelling import misspelt
from engine.training.corpus.piece import MIX, Piece
from engine.training.corpus.wording import HELD_OUT_TEMPLATES, HELD_OUT_WORDS, TEMPLATES

__all__ = [
    "HELD_OUT_TEMPLATES", "TEMPLATES", "EvaluationPrompt", "evaluation_prompts", "held_out_prompt",
    "pace_of", "prompts_for", "write_prompt",
]  # fmt: skip

MISSPELT = 0.1  # share of the training prompts
SHUFFLED = 0.1
_STEM_WORDED = 0.8  # share of the stems' prompts that say so
_PLAINEST = "{style}[ {at_tempo}]"
# Words in a style's synonyms that would claim who plays.
_CLAIMS = ("piano", "string", "trio", "quartet", "band", "808", "acoustic", "synth ")
_FLATS = {1: "Db", 3: "Eb", 6: "Gb", 8: "Ab", 10: "Bb"}
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_PLAIN_MODE_STYLES = frozenset({"blues", "funk"})  # whose sevenths are a sound, not a mode

Slots = dict[str, str]


def prompts_for(piece: Piece, rng: Random) -> str:
    """One prompt for `piece` from the training templates, now and then hastily typed."""
    stem = piece.stem != MIX and rng.random() < _STEM_WORDED
    text = write_prompt(piece, rng.choice(wording.STEM_TEMPLATES if stem else TEMPLATES), rng)
    if rng.random() < SHUFFLED:
        text = _if_true(piece, _shuffled(text, rng), text)
    if rng.random() < MISSPELT:
        text = _if_true(piece, misspelt(text, rng), text)
    return text


def held_out_prompt(piece: Piece, rng: Random) -> str:
    """One prompt for `piece` in a wording never used for training, with words from outside it."""
    templates = wording.HELD_OUT_STEM_TEMPLATES if piece.stem != MIX else HELD_OUT_TEMPLATES
    return write_prompt(piece, rng.choice(templates), rng, held_out=True)


def write_prompt(piece: Piece, template: str, rng: Random, held_out: bool = False) -> str:
    """Fill `template` with some of what is true of `piece`. Never empty.

    `held_out` prefers the words that training never uses; without it they are not used.
    """
    slots = _slots(piece, rng, held_out)
    text = fill(template, slots)
    if not text or not _is_true(piece, text):
        text = fill(_PLAINEST, slots)
    return _cased(re.sub(r"\b([Aa])(?= [aeiou])", r"\1n", text), rng)


def fill(template: str, slots: Slots) -> str:
    """`template` with its slots filled, "" where one outside all brackets has nothing to say."""

    def said(match: re.Match[str]) -> str:
        return match[1] if all(slots[name] for name in _names(match[1])) else ""

    kept = _OPTIONAL.sub(said, template)
    if not all(slots[name] for name in _names(kept)):
        return ""
    return re.sub(r"\s+", " ", kept.format(**slots)).strip(" ,|–/;")


def _names(template: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(template) if name]


def _slots(piece: Piece, rng: Random, held_out: bool) -> Slots:
    words = _Words(piece, rng, held_out)
    players = words.players()
    says_tempo = rng.random() < 0.9
    key = words.key() if piece.score.key and rng.random() < 0.45 else ""
    drumless = "" if piece.has_drums or rng.random() < 0.3 else rng.choice(wording.DRUMLESS)
    joined = rng.choice(wording.WITH).format(players) if players else ""
    moods = (words.mood(), words.mood()) if rng.random() < 0.75 else ("", "")
    purpose = rng.choice(wording.PURPOSES[piece.style])
    return {
        "style": words.style(),
        "mood": moods[0],
        "mood2": moods[1] if moods[1] != moods[0] else "",
        "number": words.tempo(("{0}", "{0} bpm")) if says_tempo else "",
        "tempo": words.tempo(wording.TEMPO) if says_tempo else "",
        "at_tempo": words.tempo(wording.AT_TEMPO) if says_tempo else "",
        "pace": rng.choice(wording.PACES[pace_of(piece)]) if rng.random() < 0.5 else "",
        "key": key,
        "in_key": rng.choice(("in {0}", "in {0}", "in the key of {0}")).format(key) if key else "",
        "list": ", ".join(filter(None, (players, drumless if players else ""))),
        "with": ", ".join(filter(None, (joined, drumless))),
        "thing": words.thing(),
        "purpose": purpose,
        "purpose_first": purpose[:1].upper() + purpose[1:],
        "stem": words.stem(),
    }


class _Words:
    """Chooses words that are true of one piece."""

    def __init__(self, piece: Piece, rng: Random, held_out: bool) -> None:
        self._piece, self._rng, self._held_out = piece, rng, held_out
        self._of = style_by_id(piece.style)

    def _allowed(self, words: tuple[str, ...]) -> list[str]:
        """`words` without those held out, or only those if that is asked and there are any."""
        unseen = [word for word in words if word.lower() in HELD_OUT_WORDS]
        if self._held_out and unseen:
            return unseen
        return [word for word in words if word.lower() not in HELD_OUT_WORDS]

    def style(self) -> str:
        """The style's title or a synonym, with the metre where it is worth a word."""
        rng, title = self._rng, self._of.title.lower()
        fitting = tuple(name for name in self._of.names if not self._claims_untrue(name))
        plain = rng.random() < (0.2 if self._held_out else 0.5)
        name = title if plain else rng.choice(self._allowed(fitting) or [title])
        triple = self._piece.score.beats_per_bar == 3
        return f"{name} in 3/4" if triple and rng.random() < 0.4 else name

    def _claims_untrue(self, name: str) -> bool:
        beat = "beat" in name and not self._piece.has_drums
        return beat or any(claim in f"{name} " for claim in _CLAIMS)

    def tempo(self, forms: tuple[str, ...]) -> str:
        return self._rng.choice(forms).format(f"{self._piece.score.tempo_bpm:g}")

    def mood(self) -> str:
        key = self._piece.score.key
        mode = key.mode if key else Mode.MAJOR
        mood = self._rng.choice(self._rng.choice((self._of.moods, MODE_MOODS[mode])))
        choices = self._allowed((mood, *SYNONYMS.get(mood, ())))
        return self._rng.choice(choices)

    def thing(self) -> str:
        things = wording.LOOP_THINGS if self._piece.loop else wording.THINGS
        return self._rng.choice(things).format(self._piece.score.bars)

    def key(self) -> str:
        """F# minor, f sharp minor, F# min, F#m, by its flat, or by its mode: F# dorian."""
        key, rng = self._piece.score.key, self._rng
        assert key is not None
        letter = SHARPS[key.tonic]
        if key.tonic in _FLATS and rng.random() < 0.5:
            letter = _FLATS[key.tonic]
        named = self._piece.mode in wording.MODES and self._piece.style not in _PLAIN_MODE_STYLES
        if named and rng.random() < 0.5:
            return f"{letter} {self._piece.mode}"
        if key.mode is Mode.MINOR and rng.random() < 0.2:
            return f"{letter}m"
        return _spelt_out(letter, key, rng)

    def players(self) -> str:
        """Some of who plays: "solo piano", "drums only", "electric piano and drums", or ""."""
        piece, rng = self._piece, self._rng
        names = [self._instrument(name) for name in piece.instruments]
        if not names:
            drums = wording.DRUMS_ONLY if rng.random() < 0.85 else wording.DRUMS
            return rng.choice(drums)
        if len(names) == 1 and not piece.has_drums and rng.random() < 0.85:
            return rng.choice(wording.SOLO).format(names[0])
        if rng.random() < 0.15:
            return ""
        told = rng.sample(names, rng.randint(1, len(names)))
        if piece.has_drums and rng.random() < 0.5:
            told.insert(rng.randint(0, len(told)), self._drums())
        return _joined(told, rng)

    def _instrument(self, name: str) -> str:
        parts = self._piece.parts
        program = next(p.program for p in parts if p.name == name and p.role != "drums")
        plain = self._rng.random() < (0.2 if self._held_out else 0.6)
        return name if plain else self._rng.choice(self._allowed(instrument(program).names))

    def _drums(self) -> str:
        part = next(part for part in self._piece.parts if part.role == "drums")
        return part.name if self._rng.random() < 0.4 else self._rng.choice(wording.DRUMS)

    def stem(self) -> str:
        """The stem's part in words, by its instrument now and then: "electric bass line"."""
        piece, rng = self._piece, self._rng
        if piece.stem == MIX:
            return ""
        word = rng.choice(wording.STEM_WORDS[piece.stem])
        if piece.loop and piece.stem == "drums" and rng.random() < 0.5:
            word = "drum loop"
        if piece.instruments and rng.random() < 0.5:
            name = self._instrument(piece.instruments[0])
            plain = word.removeprefix("bass ").replace("bassline", "line")
            return f"{name} {plain}" if plain != "bass" else name
        return word


def _spelt_out(letter: str, key: Key, rng: Random) -> str:
    if rng.random() < 0.25:
        letter = letter.replace("#", " sharp").replace("b", " flat")
    return f"{letter} {rng.choice((str(key.mode), str(key.mode), str(key.mode)[:3]))}"


def pace_of(piece: Piece) -> str:
    """ "slow", "medium" or "fast" by where the tempo lies in the style's range."""
    low, high = style_by_id(piece.style).tempo_bpm
    place = ((piece.score.tempo_bpm or low) - low) / (high - low)
    return "slow" if place < 0.33 else "fast" if place > 0.67 else "medium"


def _joined(words: list[str], rng: Random) -> str:
    if len(words) == 1:
        return words[0]
    link = rng.choice((" and ", " and ", " & ", ", "))
    return ", ".join(words[:-1]) + link + words[-1]


def _shuffled(text: str, rng: Random) -> str:
    """What stands between commas, in another order."""
    told = text.split(", ")
    rng.shuffle(told)
    return ", ".join(told)


def _if_true(piece: Piece, text: str, otherwise: str) -> str:
    return text if _is_true(piece, text) else otherwise


def _is_true(piece: Piece, text: str) -> bool:
    """Whether readers find nothing in `text` that `piece` is not: "indie rock" before "organ"
    names another instrument, and so may half a misspelt name."""
    playing = {part.program for part in piece.parts if part.role != "drums"}
    names_itself = piece.style == "drum-and-bass"  # even where no drums play
    return (
        tempo_in(text) in (None, piece.score.tempo_bpm)
        and key_in(text) in (None, piece.score.key)
        and {each.program for each in instruments_in(text)} <= playing
        and (drums_in(text) in (None, piece.has_drums) or names_itself)
    )


def _cased(text: str, rng: Random) -> str:
    chance = rng.random()
    if chance < 0.3:
        return text.lower()
    if chance < 0.6:
        return text[:1].upper() + text[1:]
    return text.upper() if chance > 0.98 else text
