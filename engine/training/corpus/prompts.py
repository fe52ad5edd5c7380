"""Prompts the way people write them: tags and sentences, partial, in many wordings.

Every statement in a prompt is true of its piece: a named instrument plays, a named tempo is
exact, "no drums" has none. What a prompt leaves out says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from engine.instruments import instrument
from engine.score import SHARPS, Key, Mode
from engine.styles import style as style_by_id
from engine.training.corpus.piece import Piece

# Slots may be empty; what stands between two empty ones is tidied away.
TEMPLATES = (
    "{mood} {style} {with}, {tempo}",
    "{mood} {style} {with} {at_tempo}",
    "{style} {with} {in_key} {at_tempo}",
    "{style}, {tempo}, {list}, {key}",
    "{style}, {mood}, {list}, {tempo}",
    "{list}, {style}, {mood}, {tempo}, {key}",
    "{tempo} {style} {in_key} {with}",
    "{tempo}, {style}, {list}",
    "{mood} {style} {in_key}, {tempo}",
    "{pace} {mood} {style} {with}, {tempo}",
    "{pace} {style} {in_key} {with}",
    "a {mood} {style} track {with} {at_tempo}",
    "a {pace} {style} piece {in_key} {with}",
    "an instrumental {style} tune {with}, {tempo}",
    "{style} music {with} {in_key}, {tempo}",
    "make a {mood} {style} loop {with} {at_tempo}",
    "please play some {mood} {style} {with}, {tempo}",
    "I want {mood} {style} {with} {at_tempo}",
    "give me a {pace} {style} groove {with}, {tempo}, {key}",
    "something {mood}: {style} {with}, {tempo}",
    "{list} playing {style} {in_key} {at_tempo}",
    "{mood} {list}, {tempo}",
    "genre: {style}, mood: {mood}, tempo: {tempo}, instruments: {list}",
    "{style} | {list} | {tempo} | {key}",
)
HELD_OUT_TEMPLATES = (
    "could you write {mood} {style} for me {with}, about {tempo}?",
    "{style} – {list} – {key} – {tempo}",
    "background music in the manner of {style} {with}, {tempo}",
    "the feel should be {mood}; think {style} {in_key} {with} {at_tempo}",
    "{list} over a {mood} {style} backdrop, {tempo}",
)
_SOLO = ("solo {0}", "{0} solo", "just {0}", "unaccompanied {0}", "{0} only", "{0} alone")
# Words in a style's synonyms that would claim who plays.
_CLAIMS = ("piano", "string", "trio", "quartet", "band", "808", "acoustic", "synth ")
_DRUMLESS = ("no drums", "without drums", "drumless", "no percussion", "no beat")
_DRUMS_ONLY = ("drums only", "solo drums", "just drums", "drum loop", "only drums", "drum solo")
_DRUMS = ("drums", "drum beat", "drum kit", "beat", "a beat", "percussion")
_TEMPO = ("{0} bpm", "{0} bpm", "{0} bpm", "{0}bpm", "{0} BPM", "tempo {0}", "{0} beats per minute")
_AT_TEMPO = ("at {0} bpm", "at {0} bpm", "at {0}", "at a tempo of {0}", "at {0} beats per minute")
_WITH = (
    "with {0}",
    "with {0}",
    "with {0}",
    "featuring {0}",
    "played on {0}",
    "using {0}",
    "for {0}",
)
_PACES = {
    "slow": ("slow", "slow", "downtempo", "unhurried"),
    "medium": ("mid-tempo", "medium tempo", "moderate"),
    "fast": ("fast", "fast", "uptempo", "quick"),
}
_MODE_MOODS = {
    Mode.MINOR: ("melancholic", "dark", "sad", "moody", "serious", "wistful"),
    Mode.MAJOR: ("happy", "bright", "cheerful", "uplifting", "hopeful", "light-hearted"),
}
_FLATS = {1: "Db", 3: "Eb", 6: "Gb", 8: "Ab", 10: "Bb"}


def prompts_for(piece: Piece, rng: Random) -> str:
    """One prompt for `piece` from the training templates."""
    return write_prompt(piece, rng.choice(TEMPLATES), rng)


def held_out_prompt(piece: Piece, rng: Random) -> str:
    """One prompt for `piece` in a wording never used for training."""
    return write_prompt(piece, rng.choice(HELD_OUT_TEMPLATES), rng)


def write_prompt(piece: Piece, template: str, rng: Random) -> str:
    """Fill `template` with some of what is true of `piece`. Never empty."""
    slots = _slots(piece, template, rng)
    text = _tidy(template.format(**slots))
    if not _says_something(text, slots):
        text = _tidy(f"{_style_name(piece, rng)} {_tempo(piece, _AT_TEMPO, rng)}")
    return _cased(text, rng)


def _slots(piece: Piece, template: str, rng: Random) -> dict[str, str]:
    players = _players(piece, rng)
    style = _style_name(piece, rng) if rng.random() < 0.94 or not players else ""
    says_tempo = rng.random() < 0.8
    pace = rng.choice(_PACES[pace_of(piece)]) if not says_tempo or rng.random() < 0.3 else ""
    key = _key_name(piece.score.key, rng) if piece.score.key and rng.random() < 0.4 else ""
    drumless = "" if piece.has_drums or rng.random() < 0.3 else rng.choice(_DRUMLESS)
    listed = ", ".join(filter(None, (players, drumless if players else "")))
    joined = f"{rng.choice(_WITH).format(players)}" if players else ""
    return {
        "style": style,
        "mood": _mood(piece, rng) if rng.random() < 0.5 else "",
        "tempo": _tempo(piece, _TEMPO, rng) if says_tempo else "",
        "at_tempo": _tempo(piece, _AT_TEMPO, rng) if says_tempo else "",
        "pace": pace,
        "key": key,
        "in_key": rng.choice(("in {0}", "in {0}", "in the key of {0}")).format(key) if key else "",
        "list": listed,
        "with": ", ".join(filter(None, (joined, drumless))),
    }


def _says_something(text: str, slots: dict[str, str]) -> bool:
    told = (slots[name] for name in ("style", "list", "with"))
    return any(part and part.lower() in text.lower() for part in told)


def _style_name(piece: Piece, rng: Random) -> str:
    """The style's title or a synonym, with the metre where it is worth a word."""
    style = style_by_id(piece.style)
    fitting = [name for name in style.names if not _claims_untrue(name, piece.has_drums)]
    name = style.title.lower() if rng.random() < 0.5 else rng.choice(fitting)
    return f"{name} in 3/4" if style.beats_per_bar == 3 and rng.random() < 0.25 else name


def _claims_untrue(name: str, drums: bool) -> bool:
    return any(claim in f"{name} " for claim in _CLAIMS) or ("beat" in name and not drums)


def _tempo(piece: Piece, forms: tuple[str, ...], rng: Random) -> str:
    return rng.choice(forms).format(f"{piece.score.tempo_bpm:g}")


def pace_of(piece: Piece) -> str:
    """ "slow", "medium" or "fast" by where the tempo lies in the style's range."""
    low, high = style_by_id(piece.style).tempo_bpm
    place = ((piece.score.tempo_bpm or low) - low) / (high - low)
    return "slow" if place < 0.33 else "fast" if place > 0.67 else "medium"


def _mood(piece: Piece, rng: Random) -> str:
    mode = piece.score.key.mode if piece.score.key else Mode.MAJOR
    moods = rng.choice((style_by_id(piece.style).moods, _MODE_MOODS[mode]))
    return rng.choice(moods)


def _key_name(key: Key, rng: Random) -> str:
    """F# minor, f sharp minor, F# min, F#m, or by its flat."""
    letter = SHARPS[key.tonic]
    if key.tonic in _FLATS and rng.random() < 0.5:
        letter = _FLATS[key.tonic]
    if key.mode is Mode.MINOR and rng.random() < 0.2:
        return f"{letter}m"
    if rng.random() < 0.25:
        letter = letter.replace("#", " sharp").replace("b", " flat")
    return f"{letter} {rng.choice((str(key.mode), str(key.mode), str(key.mode)[:3]))}"


def _players(piece: Piece, rng: Random) -> str:
    """Some of who plays: "solo piano", "drums only", "electric piano and drums", or ""."""
    names = [_instrument_name(piece, name, rng) for name in piece.instruments]
    if not names:
        return rng.choice(_DRUMS_ONLY) if rng.random() < 0.85 else rng.choice(_DRUMS)
    if len(names) == 1 and not piece.has_drums and rng.random() < 0.85:
        return rng.choice(_SOLO).format(names[0])
    if rng.random() < 0.25:
        return ""
    told = rng.sample(names, rng.randint(1, len(names)))
    if piece.has_drums and rng.random() < 0.5:
        told.insert(rng.randint(0, len(told)), _drums_name(piece, rng))
    return _joined(told, rng)


def _instrument_name(piece: Piece, name: str, rng: Random) -> str:
    part = next(part for part in piece.parts if part.name == name and part.role != "drums")
    known = instrument(part.program)
    return name if rng.random() < 0.6 else rng.choice(known.names)


def _drums_name(piece: Piece, rng: Random) -> str:
    part = next(part for part in piece.parts if part.role == "drums")
    return part.name if rng.random() < 0.4 else rng.choice(_DRUMS)


def _joined(words: list[str], rng: Random) -> str:
    if len(words) == 1:
        return words[0]
    link = rng.choice((" and ", " and ", " & ", ", "))
    return ", ".join(words[:-1]) + link + words[-1]


def _tidy(text: str) -> str:
    """Take away what empty slots leave behind: double blanks, lone separators, bare labels."""
    text = re.sub(r"\b(?:genre|mood|tempo|instruments):\s*(?=,|$)", "", text)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r"([,|–;:?])(?:\s*[,|–;])+", r"\1", text)
    text = re.sub(r",?\s*\b(?:about|playing|over)(?=\s*[?,]|\s*$)", "", text)
    text = re.sub(r"^\s*(?:playing|over an?)\b|\bbe\s*;|something:", "", text)
    text = re.sub(r"tempo: tempo", "tempo:", text)
    text = re.sub(r"\s+([,:;?])", r"\1", text)
    text = re.sub(r",\s*\?", "?", text)
    text = re.sub(r"\ba(?= [aeiou])", "an", text)
    return re.sub(r"^[\s,|–:;]+|[\s,|–:;]+$", "", re.sub(r"\s+", " ", text))


def _cased(text: str, rng: Random) -> str:
    chance = rng.random()
    if chance < 0.3:
        return text.lower()
    if chance < 0.6:
        return text[:1].upper() + text[1:]
    return text.upper() if chance > 0.98 else text


@dataclass(frozen=True)
class EvaluationPrompt:
    """A prompt with the truth it asks for, for measuring what comes back."""

    text: str
    style: str
    tempo_bpm: float
    drums: bool
    instruments: tuple[str, ...]


def evaluation_prompts() -> tuple[EvaluationPrompt, ...]:
    """24 fixed prompts over all styles, in wordings of their own; 15 with drums, 9 without."""
    return tuple(EvaluationPrompt(*row) for row in _EVALUATION)


_EVALUATION: tuple[tuple[str, str, float, bool, tuple[str, ...]], ...] = (
    ("slow lo-fi hip hop with electric piano and drums, 75 bpm",
     "lofi", 75, True, ("electric piano",)),
    ("Lo-fi study music on piano and upright bass, no drums, 82 bpm",
     "lofi", 82, False, ("piano", "upright bass")),
    ("Sunrise house: bright piano stabs, synth bass and a four-on-the-floor beat, 124 bpm",
     "house", 124, True, ("bright piano", "synth bass")),
    ("A hypnotic techno night, synth bass and electronic drums, 132 bpm",
     "techno", 132, True, ("synth bass",)),
    ("rolling drum and bass, warm pad, deep synth bass, breakbeat drums, 174 bpm",
     "drum-and-bass", 174, True, ("warm pad", "deep synth bass")),
    ("menacing trap with music box and 808 drums at 142 bpm",
     "trap", 142, True, ("music box",)),
    ("dusty boom bap: piano, electric bass, hard drums. 90 bpm",
     "boom-bap", 90, True, ("piano", "electric bass")),
    ("tight funk with clavinet, slap bass, brass section and drums, 108 bpm",
     "funk", 108, True, ("clavinet", "slap bass", "brass section")),
    ("glittering disco, strings, electric bass and drums, 118 bpm",
     "disco", 118, True, ("strings", "electric bass")),
    ("loud rock band: overdriven guitar, picked bass, big drums, 128 bpm",
     "rock", 128, True, ("overdriven guitar", "picked bass")),
    ("Swinging jazz quartet with tenor sax, piano, upright bass and drums, 140 bpm",
     "jazz", 140, True, ("tenor sax", "piano", "upright bass")),
    ("late-night jazz duo, vibraphone and upright bass, without drums, 112 bpm",
     "jazz", 112, False, ("vibraphone", "upright bass")),
    ("breezy bossa nova, nylon guitar and flute, soft brushed drums, 126 bpm",
     "bossa-nova", 126, True, ("nylon guitar", "flute")),
    ("heavy roots reggae with organ, electric bass and drums, 76 bpm",
     "reggae", 76, True, ("organ", "electric bass")),
    ("neon synthwave drive: polysynth, saw lead, electronic drums, 100 bpm",
     "synthwave", 100, True, ("polysynth", "saw lead")),
    ("floating ambient of warm pad and crystal synth, no drums, 66 bpm",
     "ambient", 66, False, ("warm pad", "crystal synth")),
    ("A graceful classical duet for violin and piano, no percussion, 96 bpm",
     "classical", 96, False, ("violin", "piano")),
    ("solo harpsichord in the baroque manner, 104 bpm",
     "classical", 104, False, ("harpsichord",)),
    ("heroic film score, strings, french horn and pounding drums, 92 bpm",
     "cinematic", 92, True, ("strings", "french horn")),
    ("an elegant waltz for accordion and upright bass, no drums, 144 bpm",
     "waltz", 144, False, ("accordion", "upright bass")),
    ("slow-burning blues with clean guitar, harmonica, bass and drums, 88 bpm",
     "blues", 88, True, ("clean guitar", "harmonica")),
    ("honest folk song, acoustic guitar and violin, no drums, 104 bpm",
     "folk", 104, False, ("acoustic guitar", "violin")),
    ("hopeful ballad on solo piano, pop, 92 bpm",
     "pop", 92, False, ("piano",)),
    ("romantic piano alone, classical, 80 bpm, without drums",
     "classical", 80, False, ("piano",)),
)  # fmt: skip
