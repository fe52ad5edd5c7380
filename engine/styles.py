"""What a style of music is, as data: the one table that planner and composer share.

Chord progressions are roman numerals, one chord a bar, read by `engine.theory`. Instruments are
General MIDI programs, looked up in `engine.instruments`. `groove` names the drum, bass and
comping patterns in `engine.training.corpus.patterns`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from engine.errors import InvalidRequest, did_you_mean
from engine.instruments import Instrument, instrument, without_instruments
from engine.score import Mode


@dataclass(frozen=True)
class Style:
    """One style. Tempi are in beats a minute, instruments in order of liking."""

    id: str
    title: str
    synonyms: tuple[str, ...]
    moods: tuple[str, ...]
    tempo_bpm: tuple[float, float]
    typical_bpm: float
    minor: tuple[str, ...]
    major: tuple[str, ...]
    minor_share: float  # how often the style is in minor, 0 to 1
    bass: tuple[int, ...]
    chords: tuple[int, ...]
    lead: tuple[int, ...]
    pad: tuple[int, ...]
    kits: tuple[int, ...]  # programs of the percussion bank
    drum_share: float  # how often there are drums, 0 to 1
    beats_per_bar: int = 4
    swing: float = 0.5  # where an off-beat lies within its pair: 0.5 straight, 0.667 triplet
    swing_steps: int = 1  # the pair's half in sixteenths: 1 swings sixteenths, 2 eighths
    bars_per_chord: int = 1
    triple_share: float = 0.0  # how often the corpus has the style in 3/4 beside its own metre

    @property
    def groove(self) -> str:
        return self.id

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes in use, the usual one first."""
        return (Mode.MINOR, Mode.MAJOR) if self.minor_share >= 0.5 else (Mode.MAJOR, Mode.MINOR)

    @property
    def names(self) -> tuple[str, ...]:
        return (self.title.lower(), *self.synonyms)

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Every instrument of every role, each once."""
        programs = dict.fromkeys((*self.bass, *self.chords, *self.lead, *self.pad))
        return tuple(instrument(program) for program in programs)

    def progressions(self, mode: Mode) -> tuple[str, ...]:
        return self.minor if mode is Mode.MINOR else self.major


STYLES: tuple[Style, ...] = (
    Style(
        "house", "House", ("deep house", "house music", "piano house", "dance", "club", "edm"),
        ("uplifting", "groovy", "warm", "euphoric"), (116, 130), 124,
        minor=("i7 VImaj7 III VII", "i9 iv9 VII9 IIImaj7", "i7 VII VImaj7 v7", "i VI iv VII"),
        major=("I vi IV V", "Imaj7 iii7 vi7 IVmaj7", "IVmaj7 V vi7 I", "vi7 IVmaj7 I V"),
        minor_share=0.65, bass=(38, 39, 33), chords=(1, 0, 4, 16, 90), lead=(81, 80, 0, 11, 12),
        pad=(89, 50, 48, 95), kits=(24, 25, 0), drum_share=0.85,
    ),
    Style(
        "techno", "Techno", ("minimal techno", "acid techno", "warehouse techno", "rave", "trance"),
        ("dark", "hypnotic", "driving", "relentless"), (122, 142), 130,
        minor=("i i VI VII", "i i i i", "i i bII i", "i7 i7 iv7 iv7"),
        major=("I I bVII I", "I I IV I", "I I I I"),
        minor_share=0.92, bass=(38, 39), chords=(90, 81, 62, 98), lead=(81, 80, 98),
        pad=(95, 89, 94), kits=(24, 25), drum_share=0.88, bars_per_chord=2,
    ),
    Style(
        "drum-and-bass", "Drum and Bass",
        ("drum & bass", "drum'n'bass", "drum n bass", "dnb", "d&b", "jungle", "liquid dnb",
         "breakbeat"),
        ("energetic", "breathless", "rolling", "urgent"), (164, 178), 174,
        minor=("i9 VImaj7 iv9 v7", "i VI III VII", "i7 iv7 VImaj7 VII", "i VII VI VII"),
        major=("Imaj7 vi7 IVmaj7 V", "vi IV I V", "IVmaj7 iii7 vi7 V"),
        minor_share=0.8, bass=(39, 38), chords=(4, 90, 0, 89), lead=(81, 80, 11, 73),
        pad=(89, 50, 95, 91), kits=(24, 0, 16), drum_share=0.9, bars_per_chord=2,
    ),
    Style(
        "trap", "Trap", ("trap beat", "drill", "808 trap", "trap hip hop", "cloud rap"),
        ("dark", "menacing", "moody", "hard"), (130, 156), 140,
        minor=("i VI III VII", "i i VI VII", "i iv VI V", "i VI i V7"),
        major=("I vi IV V", "vi IV I V", "I iii vi IV"),
        minor_share=0.92, bass=(39, 38), chords=(0, 98, 45, 10), lead=(9, 10, 73, 80, 108),
        pad=(52, 50, 94), kits=(25,), drum_share=0.88,
    ),
    Style(
        "lofi", "Lo-fi Hip Hop",
        ("lofi", "lo-fi", "lo fi", "lofi hip hop", "lo fi hip hop", "chillhop", "study beats",
         "chill beats"),
        ("mellow", "chill", "nostalgic", "relaxed", "cosy", "sleepy"), (68, 92), 78,
        minor=("i9 iv9 VII9 IIImaj9", "iv9 VII9 IIImaj7 VImaj7", "i7 VImaj7 iiø7 V7",
               "i9 v7 VImaj7 v7"),
        major=("ii9 V9 Imaj9 vi7", "Imaj9 iii7 vi9 IVmaj9", "IVmaj7 iii7 ii9 Imaj9",
               "Imaj7 VI7 ii9 V7"),
        minor_share=0.5, bass=(32, 33, 35), chords=(4, 0, 26, 5), lead=(4, 11, 73, 66, 26, 8),
        pad=(89, 49), kits=(0, 32, 25), drum_share=0.82, swing=0.6, triple_share=0.06,
    ),
    Style(
        "boom-bap", "Boom Bap", ("hip hop", "hip-hop", "hiphop", "old school rap", "rap beat"),
        ("gritty", "head-nodding", "confident", "streetwise"), (82, 100), 90,
        minor=("i7 i7 iv7 V7", "i9 VImaj7 i9 V7", "i7 VII VImaj7 V7", "iiø7 V7 i7 i7"),
        major=("ii7 V7 Imaj7 Imaj7", "Imaj7 vi7 ii7 V7", "IVmaj7 iii7 vi7 vi7"),
        minor_share=0.75, bass=(33, 32, 39), chords=(0, 4, 16, 26), lead=(59, 11, 66, 73, 56),
        pad=(48, 49), kits=(0, 8, 25), drum_share=0.9, swing=0.58,
    ),
    Style(
        "funk", "Funk", ("funky", "p-funk", "funk groove", "jazz funk"),
        ("groovy", "tight", "playful", "sweaty"), (94, 118), 106,
        minor=("i7 i7 IV9 IV9", "i9 i9 i9 IV9", "i7 iv7 i7 V7", "i7 VII7 i7 IV9"),
        major=("I9 I9 IV9 IV9", "I9 IV9 I9 V9", "I7 bVII7 IV9 I7"),
        minor_share=0.55, bass=(36, 33), chords=(7, 28, 27, 16), lead=(61, 65, 56, 66),
        pad=(61, 16), kits=(0, 8), drum_share=0.9, swing=0.54,
    ),
    Style(
        "disco", "Disco", ("nu disco", "nu-disco", "seventies disco", "70s disco"),
        ("glittering", "happy", "glamorous", "danceable"), (112, 126), 118,
        minor=("i7 iv7 VII IIImaj7", "i VII VI V7", "i7 VImaj7 iv7 V7", "iv7 VII7 IIImaj7 VImaj7"),
        major=("Imaj7 vi7 ii7 V7", "I IV vi V", "IVmaj7 V iii7 vi7"),
        minor_share=0.6, bass=(33, 34, 38), chords=(27, 0, 28, 7), lead=(48, 61, 73, 56),
        pad=(48, 50), kits=(0, 8), drum_share=0.9,
    ),
    Style(
        "rock", "Rock", ("rock music", "hard rock", "indie rock", "alternative rock", "punk"),
        ("powerful", "raw", "energetic", "anthemic"), (96, 152), 120,
        minor=("i VII VI VII", "i VI III VII", "i5 VI5 VII5 i5", "i iv VI V"),
        major=("I V vi IV", "I IV I V", "I bVII IV I", "vi IV I V"),
        minor_share=0.5, bass=(34, 33), chords=(29, 30, 27, 25), lead=(30, 29, 18),
        pad=(18, 16), kits=(16, 8, 0), drum_share=0.9,
    ),
    Style(
        "jazz", "Jazz Swing", ("jazz", "swing", "swing jazz", "bebop", "cool jazz", "big band",
                               "jazz trio"),
        ("smoky", "sophisticated", "late-night", "easygoing"), (96, 190), 132,
        minor=("iiø7 V7 i7 i6", "i7 VImaj7 iiø7 V7", "i6 iiø7 V7 i6", "iv7 VII7 IIImaj7 V7"),
        major=("ii7 V7 Imaj7 VI7", "Imaj7 vi7 ii7 V7", "iii7 VI7 ii7 V7",
               "Imaj7 I7 IVmaj7 iv6 iii7 VI7 ii7 V7"),
        minor_share=0.4, bass=(32,), chords=(0, 26, 11), lead=(66, 56, 59, 71, 0, 65),
        pad=(61, 49), kits=(32, 40), drum_share=0.8, swing=0.65, swing_steps=2, triple_share=0.12,
    ),
    Style(
        "bossa-nova", "Bossa Nova", ("bossa", "samba", "brazilian", "latin jazz"),
        ("breezy", "sunny", "gentle", "intimate"), (108, 148), 126,
        minor=("i9 i9 iiø7 V7", "i7 iv7 VII9 IIImaj7", "i6 VImaj7 iiø7 V7"),
        major=("Imaj9 Imaj9 II7 II7 ii9 V7 Imaj9 V7", "Imaj7 vi7 ii9 V9", "Imaj9 #i°7 ii9 V9"),
        minor_share=0.4, bass=(32, 33), chords=(24, 4, 0), lead=(73, 66, 11, 24, 71),
        pad=(49, 89), kits=(40, 32, 0), drum_share=0.75,
    ),
    Style(
        "reggae", "Reggae", ("dub", "roots reggae", "ska", "dancehall", "reggae dub"),
        ("laid-back", "sunny", "heavy", "peaceful"), (66, 92), 76,
        minor=("i i iv iv", "i VII i VII", "i iv VII III", "i VI VII i"),
        major=("I IV I V", "I vi IV V", "I I IV IV", "I ii I ii"),
        minor_share=0.55, bass=(33, 32, 39), chords=(16, 28, 27), lead=(61, 57, 22, 66, 114),
        pad=(16, 18), kits=(0, 8), drum_share=0.88, swing=0.57,
    ),
    Style(
        "synthwave", "Synthwave",
        ("retrowave", "outrun", "80s synth", "eighties synth", "synth pop", "synthpop", "80s"),
        ("nostalgic", "neon", "driving", "dreamy", "cinematic"), (84, 118), 100,
        minor=("i VI III VII", "i VII VI VI", "VI VII i i", "i III VII iv"),
        major=("I V vi IV", "vi IV I V", "IV V vi I"),
        minor_share=0.75, bass=(38, 39), chords=(90, 62, 50), lead=(81, 80, 62),
        pad=(50, 89, 95), kits=(24, 16), drum_share=0.85,
    ),
    Style(
        "ambient", "Ambient", ("drone", "meditation", "soundscape", "new age", "sleep music",
                               "relaxing music"),
        ("calm", "ethereal", "spacious", "floating", "peaceful", "dreamy"), (56, 84), 68,
        minor=("i9 VImaj9 i9 VImaj9", "i VImaj7 IIImaj7 v7", "iadd9 VIadd9 IIIadd9 VIIadd9"),
        major=("Imaj9 IVmaj9 Imaj9 IVmaj9", "Imaj7 iii7 IVmaj7 vi7", "Iadd9 Vsus4 vi7 IVadd9"),
        minor_share=0.45, bass=(39, 35), chords=(88, 99, 4, 0, 46), lead=(98, 75, 88, 10, 104),
        pad=(89, 94, 91, 95, 49), kits=(24, 40), drum_share=0.1, triple_share=0.2,
    ),
    Style(
        "classical", "Classical", ("baroque", "chamber music", "string quartet", "piano sonata",
                                   "orchestral classical", "romantic piano"),
        ("elegant", "graceful", "noble", "tender"), (66, 132), 96,
        minor=("i iv V7 i", "i VI iv V7 i iv V7 i", "i V7 i V7 VI iv V7 i",
               "i iv VII III VI iiø7 V7 i"),
        major=("I IV V7 I", "I vi ii V7", "I V vi iii IV I IV V7", "I V7 I IV I ii V7 I"),
        minor_share=0.45, bass=(42, 32), chords=(0, 6, 45, 46, 48), lead=(40, 73, 68, 71, 0, 42),
        pad=(48, 49, 19), kits=(48,), drum_share=0.05, triple_share=0.3,
    ),
    Style(
        "cinematic", "Cinematic", ("film score", "movie score", "epic", "trailer", "soundtrack",
                                   "orchestral", "film music"),
        ("epic", "heroic", "dramatic", "majestic", "tense"), (70, 112), 90,
        minor=("i VI III VII", "i III VII iv", "i VI iv V", "i i VI VII"),
        major=("I V vi IV", "vi IV I V", "I iii IV V"),
        minor_share=0.8, bass=(42, 39), chords=(48, 0, 45, 61), lead=(60, 48, 40, 56, 8),
        pad=(48, 52, 49), kits=(48, 16), drum_share=0.6, triple_share=0.2,
    ),
    Style(
        "waltz", "Waltz", ("viennese waltz", "musette", "ballroom", "waltz music"),
        ("elegant", "lilting", "romantic", "whirling"), (88, 176), 138,
        minor=("i iv V7 i", "i i iv iv V7 V7 i i", "i VI iiø7 V7", "i iv VII7 III"),
        major=("I I V7 V7 V7 V7 I I", "I vi ii V7", "I IV V7 I", "I V7 V7 I"),
        minor_share=0.4, bass=(32, 42), chords=(0, 21, 48, 24), lead=(40, 21, 71, 73, 0),
        pad=(48, 49), kits=(40, 32), drum_share=0.35, beats_per_bar=3,
    ),
    Style(
        "blues", "Blues", ("blues shuffle", "rhythm and blues", "twelve bar blues", "delta blues"),
        ("soulful", "aching", "gritty", "heartfelt"), (66, 124), 92,
        minor=("i7 i7 iv7 i7", "i7 iv7 V7 i7", "i7 i7 iv7 iv7 i7 VI7 V7 i7"),
        major=("I7 I7 I7 I7 IV7 IV7 I7 I7", "I7 IV7 I7 V7", "I7 IV7 V7 I7"),
        minor_share=0.25, bass=(33, 32), chords=(0, 27, 16), lead=(22, 27, 66, 29),
        pad=(16, 61), kits=(0, 32), drum_share=0.8, swing=0.66, swing_steps=2, triple_share=0.06,
    ),
    Style(
        "folk", "Folk", ("acoustic", "singer-songwriter", "country", "americana", "bluegrass",
                         "celtic"),
        ("warm", "rustic", "honest", "wistful"), (76, 132), 104,
        minor=("i VII VI VII", "i III VII i", "i iv i VII", "i VI III VII"),
        major=("I IV V I", "I V vi IV", "I vi IV V", "I IV I V"),
        minor_share=0.3, bass=(32, 33), chords=(25, 24, 105), lead=(40, 73, 22, 105, 75),
        pad=(49, 21), kits=(40, 0), drum_share=0.45, triple_share=0.2,
    ),
    Style(
        "pop", "Pop", ("pop music", "pop song", "indie pop", "radio pop", "ballad"),
        ("catchy", "bright", "hopeful", "sweet"), (84, 128), 108,
        minor=("i VI III VII", "i iv VI VII", "i VII iv VI"),
        major=("I V vi IV", "vi IV I V", "I vi IV V", "IVadd9 I V vi"),
        minor_share=0.3, bass=(33, 34, 38), chords=(0, 27, 25, 90), lead=(81, 0, 27, 73, 80),
        pad=(48, 89, 50), kits=(0, 8, 24), drum_share=0.85, triple_share=0.06,
    ),
)  # fmt: skip


_FURTHER: dict[str, str] = {
    "tech house": "house", "progressive house": "house", "uk garage": "house",
    "electro": "techno", "hardstyle": "techno", "psytrance": "techno",
    "neurofunk": "drum-and-bass", "liquid drum and bass": "drum-and-bass", "phonk": "trap",
    "chill hop": "lofi", "rap": "boom-bap", "metal": "rock", "grunge": "rock", "post-rock": "rock",
    "ragtime": "jazz", "dixieland": "jazz", "rocksteady": "reggae", "vaporwave": "synthwave",
    "darksynth": "synthwave", "chillwave": "synthwave", "symphony": "classical",
    "boogie-woogie": "blues", "k-pop": "pop",
}  # fmt: skip
"""Names that people type and no prompt of the corpus has, each with the style that is nearest."""


@cache
def style(style_id: str) -> Style:
    """The style with this id. Raises `KeyError` for one unknown."""
    return {each.id: each for each in STYLES}[style_id]


def parse_style(text: str) -> str:
    """Read a style by its id or any of its names. Raises `InvalidRequest`."""
    word = text.strip().lower()
    found = _by_name().get(word) or {each.id: each for each in STYLES}.get(word)
    if found is None:
        known = f"Known: {', '.join(each.title for each in STYLES)}."
        message = f"“{text.strip()}” is not a style that is known."
        raise InvalidRequest("style", message, did_you_mean(word, _by_name(), known))
    return found.id


@cache
def _by_name() -> dict[str, Style]:
    further = {name: style(style_id) for name, style_id in _FURTHER.items()}
    return further | {name: each for each in STYLES for name in each.names}


@cache
def _mentions() -> re.Pattern[str]:
    longest_first = sorted(_by_name(), key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)")


def styles_in(text: str) -> tuple[Style, ...]:
    """The styles that `text` names in order, the longest name first where names overlap."""
    found = (_by_name()[match] for match in _mentions().findall(text.lower()))
    return tuple(dict.fromkeys(found))


def named_styles(prompt: str) -> tuple[Style, ...]:
    """Those that `prompt` names, in order; a "jazz guitar" beside another does not ask for jazz."""
    return styles_in(without_instruments(prompt)) or styles_in(prompt)


def without_styles(text: str) -> str:
    """`text` in lower case, the names of styles taken out: "smooth jazz" is no mood."""
    return _mentions().sub(" ", text.lower())
