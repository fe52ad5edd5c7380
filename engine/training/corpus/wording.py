"""The words that prompts are made of: templates, synonyms, and those that training never says.

In a template `{slot}` is filled, and what stands in brackets vanishes when a slot inside it has
nothing to say, so that each template is many partial ones.
"""

from __future__ import annotations

TEMPLATES = (
    # tags
    "[{mood} ]{style}[ {with}][, {tempo}]",
    "[{mood} ]{style}[ {with}][ {at_tempo}]",
    "{style}[ {with}][ {in_key}][ {at_tempo}]",
    "{style}[, {tempo}][, {list}][, {key}]",
    "{style}[, {mood}][, {list}][, {tempo}]",
    "{list}, {style}[, {mood}][, {tempo}][, {key}]",
    "[{tempo} ]{style}[ {in_key}][ {with}]",
    "[{tempo}, ]{style}[, {list}]",
    "[{mood} ]{style}[ {in_key}][, {tempo}]",
    "[{pace} ][{mood} ]{style}[ {with}][, {tempo}]",
    "[{pace} ]{style}[ {in_key}][ {with}]",
    "{style}[ | {list}][ | {tempo}][ | {key}]",
    "{style}[ / {mood}][ / {list}][ / {tempo}]",
    "{list}[, {key}][, {tempo}], {style}",
    "[{key}, ][{tempo}, ]{style}[, {list}]",
    "{style} {thing}[, {mood}][, {tempo}]",
    "{style} {thing}[, {key}][, {list}]",
    "genre: {style}[, mood: {mood}][, tempo: {number}][, instruments: {list}]",
    "style: {style}[; key: {key}][; {tempo}][; {list}]",
    "[{mood}, {mood2}, ]{style}[, {tempo}]",
    "{mood}, {mood2}, {list}[, {tempo}]",
    # partial
    "{style}",
    "{style} {thing}",
    "{mood} {style}",
    "{list}[, {tempo}]",
    "[{mood} ]{list}[, {tempo}]",
    "{style} {at_tempo}",
    "{pace} {mood} {style}",
    # moods and uses
    "something {mood} {purpose}",
    "something {mood}: {style}[ {with}][, {tempo}]",
    "{mood} music {purpose}[, {list}]",
    "{mood} {style} {purpose}[, {tempo}]",
    "{style} {purpose}[, {with}]",
    "music {purpose}, {mood} and {mood2}[, {tempo}]",
    "{purpose_first}: {mood} {style}[, {list}][, {tempo}]",
    "{mood} and {mood2} {style}[ {with}]",
    # sentences
    "a [{mood} ]{style} {thing}[ {with}][ {at_tempo}]",
    "a [{pace} ]{style} {thing}[ {in_key}][ {with}]",
    "an instrumental {style} tune[ {with}][, {tempo}]",
    "{style} music[ {with}][ {in_key}][, {tempo}]",
    "make a [{mood} ]{style} {thing}[ {with}][ {at_tempo}]",
    "make me some [{mood} ]{style}[ {purpose}][ {at_tempo}]",
    "please play some [{mood} ]{style}[ {with}][, {tempo}]",
    "I want [{mood} ]{style}[ {with}][ {at_tempo}]",
    "I need a {style} {thing}[ {purpose}][, {tempo}][, {key}]",
    "give me a [{pace} ]{style} groove[ {with}][, {tempo}][, {key}]",
    "{list} playing {style}[ {in_key}][ {at_tempo}]",
    "can you do a {style} {thing}[ {in_key}][ {at_tempo}]?",
    "let's hear {style}[ {with}][, nice and {mood}]",
    "it should sound {mood}[ and {mood2}], {style}[ {with}][, {tempo}]",
    "{style} but {mood}[, {list}][, {tempo}]",
    "kind of {mood} {style}[ {with}][ {at_tempo}]",
)
STEM_TEMPLATES = (
    "{stem} stem[, {style}][, {tempo}][, {key}]",
    "{stem} only[, {style}][, {tempo}][, {key}]",
    "just the {stem}[ of a {mood} {style} track][, {tempo}]",
    "isolated {stem}[, {style}][, {tempo}]",
    "[{mood} ]{style} {stem}[ {in_key}][ {at_tempo}]",
    "[{mood} ]{style} {stem}, nothing else[, {tempo}]",
    "solo {stem}[, {style}][, {tempo}][, {key}]",
    "a {style} {stem} on its own[, {tempo}]",
    "{stem} for a {style} track[ {in_key}][ {at_tempo}]",
    "stem: {stem}[, genre: {style}][, {tempo}]",
)
HELD_OUT_TEMPLATES = (
    "could you write [{mood} ]{style} for me[ {with}][, about {tempo}]?",
    "{style}[ – {list}][ – {key}][ – {tempo}]",
    "background music in the manner of {style}[ {with}][, {tempo}]",
    "the feel should be {mood}; think {style}[ {in_key}][ {with}][ {at_tempo}]",
    "{list} over a [{mood} ]{style} backdrop[, {tempo}]",
    "imagine [{mood} ]{style}[ {with}][, everything {at_tempo}]",
    "we're after {style}: {mood}[, {list}][, {tempo}]",
    "[{tempo} – ][{key} – ]{style}[ – {mood}]",
    "my next {thing} needs {list}, in a {style} vein[, {tempo}]",
    "what would {mood} {style} sound like[ {at_tempo}]?",
)
HELD_OUT_STEM_TEMPLATES = (
    "all I need is the {stem}[ from some {style}][, {tempo}]",
    "mute everything but the {stem}: {style}[, {tempo}]",
    "the {stem} by itself, please[: {style}][, {tempo}]",
)

# Words of the tables of styles, instruments and moods that training prompts never use.
HELD_OUT_WORDS = frozenset({
    "edm", "warehouse techno", "jungle", "cloud rap", "chillhop", "old school rap", "p-funk",
    "nu disco", "punk", "cool jazz", "brazilian", "roots reggae", "outrun", "soundscape",
    "chamber music", "movie score", "musette", "delta blues", "americana", "radio pop",
    "fender rhodes", "clav", "vibes", "violoncello", "panpipes", "harmon mute trumpet",
    "string machine", "finger bass", "reese bass", "crunch guitar", "hollow body guitar",
    "serene", "brooding", "jubilant", "languid", "ferocious", "bittersweet", "feel-good",
    "thundering", "bucolic", "blissful",
})  # fmt: skip

_CALM = ("to study to", "to relax to", "to fall asleep to", "for a rainy afternoon",
         "for a slow morning", "for reading", "to unwind")  # fmt: skip
_NIGHT = ("for a night drive", "for late at night", "for the city after dark")
_DANCE = ("to dance to", "for the dance floor", "for a workout", "for a party", "for a DJ set")
_FILM = ("for a film scene", "for a trailer", "for a video game", "for a documentary")
_SUN = ("for a road trip", "for a sunny afternoon", "for a summer evening", "for a picnic")
_HEAVY = ("for a fight scene", "for the gym", "for a skate video")
_SOCIAL = ("for a dinner", "for a small bar", "for a café")
PURPOSES: dict[str, tuple[str, ...]] = {
    "house": _DANCE, "techno": _DANCE + _NIGHT, "drum-and-bass": _DANCE + _HEAVY,
    "trap": _HEAVY + _NIGHT, "lofi": _CALM, "boom-bap": _NIGHT + _HEAVY, "funk": _DANCE + _SUN,
    "disco": _DANCE, "rock": _HEAVY + _SUN, "jazz": _SOCIAL + _NIGHT, "bossa-nova": _SOCIAL + _SUN,
    "reggae": _SUN, "synthwave": _NIGHT, "ambient": _CALM + _FILM, "classical": _CALM + _FILM,
    "cinematic": _FILM, "waltz": (*_SOCIAL, "to dance to"), "blues": _SOCIAL + _NIGHT,
    "folk": _SUN + _SOCIAL, "pop": (*_SUN, "for a commercial", "for a vlog"),
}  # fmt: skip

THINGS = ("track", "track", "piece", "tune", "instrumental")
LOOP_THINGS = ("loop", "loop", "{0} bar loop", "{0}-bar loop", "seamless loop")
STEM_WORDS: dict[str, tuple[str, ...]] = {
    "drums": ("drums", "drum", "drum part", "beat", "percussion"),
    "bass": ("bass", "bass line", "bassline", "bass part"),
    "chords": ("chords", "chord part", "harmony part", "accompaniment", "chord progression"),
    "lead": ("melody", "lead", "lead line", "topline", "tune"),
    "pad": ("background layer", "sustained chords", "harmony bed", "held chords"),
}
SOLO = ("solo {0}", "{0} solo", "just {0}", "unaccompanied {0}", "{0} only", "{0} alone")
DRUMLESS = ("no drums", "without drums", "drumless", "no percussion", "no beat")
DRUMS_ONLY = ("drums only", "solo drums", "just drums", "only drums", "drum solo")
DRUMS = ("drums", "drum beat", "drum kit", "beat", "a beat", "percussion")
TEMPO = ("{0} bpm", "{0} bpm", "{0} bpm", "{0}bpm", "{0} BPM", "tempo {0}", "{0} beats per minute")
AT_TEMPO = ("at {0} bpm", "at {0} bpm", "at {0}", "at a tempo of {0}", "at {0} beats per minute")
WITH = (
    "with {0}", "with {0}", "with {0}", "featuring {0}", "played on {0}", "using {0}", "for {0}",
)  # fmt: skip
PACES = {
    "slow": ("slow", "slow", "downtempo", "unhurried"),
    "medium": ("mid-tempo", "medium tempo", "moderate"),
    "fast": ("fast", "fast", "uptempo", "quick"),
}
# Modes that are worth a word, and the key's own word for them.
MODES = ("dorian", "phrygian", "lydian", "mixolydian")
