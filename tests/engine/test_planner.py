"""The planner: keeps what is given, reads what is said, fills the rest to suit the style."""

import subprocess
import sys
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidRequest
from engine.instruments import INSTRUMENTS
from engine.planner import plan
from engine.prompt_reader import (
    bars_in,
    beats_per_bar_in,
    drums_in,
    key_in,
    loop_in,
    mode_in,
    pace_in,
    refused_in,
    stem_in,
    tempo_in,
    without_refused,
)
from engine.score import Chord, Key, Mode, Score, Stem, parse_chords
from engine.styles import STYLES, style
from engine.theory import lies_in

OPEN = Score()
NAMES = [each.name for each in INSTRUMENTS]
keys = st.builds(Key, st.integers(0, 11), st.sampled_from(Mode))
chords = st.lists(
    st.builds(Chord, st.integers(0, 11), st.sampled_from(["", "m", "7", "maj7", "m7"])),
    min_size=1, max_size=12,
).map(tuple)  # fmt: skip
scores = st.builds(
    Score,
    tempo_bpm=st.none() | st.floats(40, 240),
    beats_per_bar=st.none() | st.integers(2, 7),
    key=st.none() | keys,
    chords=st.none() | chords,
    bars=st.none() | st.integers(1, 512),
    drums=st.none() | st.booleans(),
    stem=st.none() | st.sampled_from(Stem),
    loop=st.none() | st.booleans(),
    style=st.none() | st.sampled_from([each.id for each in STYLES]),
    instruments=st.none() | st.lists(st.sampled_from(NAMES), unique=True, max_size=4).map(tuple),
)
words = st.sampled_from(
    [
        *(each.title for each in STYLES),
        "slow",
        "75 bpm",
        "in F# minor",
        "3/4",
        "sad",
        "loop",
        "bass stem",
        "🎹",
    ]
)
prompts = st.text(max_size=80) | st.lists(words, min_size=1).map(" ".join)


@given(prompts, scores, st.floats(1, 300), st.integers(0, 2**63 - 1))
def test_a_plan_is_complete_and_keeps_what_is_given(
    prompt: str, score: Score, duration_s: float, seed: int
) -> None:
    planned = plan(prompt, score, duration_s, seed)
    assert planned.filled_by(score) == planned
    assert score.filled_by(planned) == planned
    for part in fields(Score):
        assert getattr(planned, part.name) is not None
    assert plan(prompt, score, duration_s, seed) == planned
    if score.chords is None:
        assert len(planned.chords or ()) in (4, 8)
    if planned.loop and score.bars is None and bars_in(prompt) is None:
        assert planned.bars in (1, 2, 4, 8, 16)
    elif score.bars is None and bars_in(prompt) is None:
        covered_s = (planned.bars or 0) * (planned.seconds_per_bar or 0)
        assert covered_s >= duration_s - 1e-6 or planned.bars == 512
        assert planned.bars == 1 or covered_s - (planned.seconds_per_bar or 0) < duration_s


@pytest.mark.parametrize(
    ("prompt", "tempo"),
    [
        ("slow lo-fi hip hop with electric piano, 75 bpm", 75), ("house at 128", 128),
        ("90BPM boom bap", 90), ("tempo: 61.5", 61.5), ("♩ = 132 waltz", 132),
        ("80-90 bpm hip hop", 85), ("a 174-bpm roller", 174), ("110 beats per minute", 110),
        ("80s synthwave", None), ("808 drums", None), ("recorded at 44100 Hz", None),
        ("at 320 kbps", None), ("at 16 bit", None), ("24 bars of jazz", None),
    ],
)  # fmt: skip
def test_tempo_is_read(prompt: str, tempo: float | None) -> None:
    assert tempo_in(prompt) == tempo


@pytest.mark.parametrize(
    ("prompt", "key"),
    [
        ("waltz in F sharp minor", "F# minor"), ("house in Am", "A minor"),
        ("jazz in the key of Bb", "Bb"), ("techno, C# min", "C# minor"), ("E♭ major", "Eb"),
        ("in D dorian", "D minor"), ("F# mixolydian rock", "F#"), ("Bb lydian", "Bb"),
        ("in a minor", "A minor"), ("key of a flat", "Ab"), ("in D", "D"),
        ("A minor blues", "A minor"),
        ("G-flat major hymn", "Gb"), ("Ebm trap, in Ebm", "Eb minor"),
        ("a trailer in a minor key", None), ("just a major hit", None), ("in the rain", None),
        ("in A-list style", None), ("Am I dreaming", None), ("add minor chords", None),
    ],
)  # fmt: skip
def test_key_is_read(prompt: str, key: str | None) -> None:
    assert key_in(prompt) == (Key.parse(key) if key else None)


@pytest.mark.parametrize(
    ("prompt", "beats"),
    [("a waltz", 3), ("rock in 6/8", 3), ("jazz in 5/4", 5), ("7/8 prog", 7), ("4/4 house", 4),
     ("12/8 shuffle", 4), ("house", None)],
)  # fmt: skip
def test_metre_is_read(prompt: str, beats: int | None) -> None:
    assert beats_per_bar_in(prompt) == beats


@pytest.mark.parametrize(
    ("prompt", "drums"),
    [
        ("jazz trio, no drums", False), ("without any percussion", False), ("drumless pads", False),
        ("calypso on steel drums", None),
        ("beat-free", False), ("no bass or drums", False), ("no piano, bass or drums", False),
        ("no piano and drums", False), ("no hard drums", False), ("no bass, no beat", False),
        ("solo piano", False), ("a duet for flute and harp", False), ("piano alone", False),
        ("house with drums", True), ("drum and bass", True), ("brushed hi-hats", True),
        ("a four-on-the-floor beat", True), ("no vocals, just drums", True), ("solo drums", True),
        ("no guitar, drums and bass", True), ("no bass but drums", True),
        ("75 beats per minute", None), ("90 beats a minute", None), ("upbeat pop", None),
        ("a song", None), ("", None),
    ],
)  # fmt: skip
def test_drums_are_read(prompt: str, drums: bool | None) -> None:
    assert drums_in(prompt) is drums


def test_drums_left_open_are_as_the_style_has_them() -> None:
    assert plan("techno, 130 bpm", OPEN, 10, 1).drums is True
    assert plan("ambient", OPEN, 10, 1).drums is False
    assert plan("techno without drums", OPEN, 10, 1).drums is False
    assert plan("techno without drums", Score(drums=True), 10, 1).drums is True


def test_pace_and_mode_are_read() -> None:
    assert [pace_in(p) for p in ("slowly", "a fast one", "mid-tempo", "allegro", "breakfast")] == [
        "slow", "fast", "medium", "fast", None,
    ]  # fmt: skip
    assert mode_in("a minor key") is Mode.MINOR
    assert mode_in("happy tune") is Mode.MAJOR
    assert mode_in("a tune") is None


def test_slow_and_fast_stay_inside_the_style() -> None:
    for each in STYLES:
        low, high = each.tempo_bpm
        slow = plan(f"slow {each.title}", OPEN, 10, 3).tempo_bpm
        fast = plan(f"fast {each.title}", OPEN, 10, 3).tempo_bpm
        assert slow is not None
        assert fast is not None
        assert low <= slow < (low + high) / 2 < fast <= high


def test_a_tempo_outside_the_style_is_kept() -> None:
    assert plan("ambient, 170 bpm", OPEN, 10, 1).tempo_bpm == 170
    assert plan("techno", Score(tempo_bpm=61), 10, 1).tempo_bpm == 61


def test_a_tempo_beyond_what_a_score_may_hold_is_brought_to_its_edge() -> None:
    assert plan("grindcore, 320 bpm", OPEN, 10, 1).tempo_bpm == 240


def test_what_is_given_overrules_the_prompt() -> None:
    given_score = Score(tempo_bpm=99, beats_per_bar=4, key=Key.parse("C"))
    planned = plan("waltz in F# minor, 140 bpm", given_score, 10, 1)
    assert (planned.tempo_bpm, planned.beats_per_bar, planned.key) == (99, 4, Key.parse("C"))


@given(
    keys,
    st.integers(0, 1000),
    st.sampled_from([s for s in STYLES if s.id not in ("blues", "funk")]),
)
def test_chords_lie_in_a_given_key(key: Key, seed: int, of: object) -> None:
    planned = plan(of.title, Score(key=key), 10, seed)  # type: ignore[attr-defined]
    assert planned.chords
    assert all(lies_in(chord, key) for chord in planned.chords)


@given(keys, st.integers(0, 1000))
def test_blues_and_funk_keep_their_roots_in_a_given_key(key: Key, seed: int) -> None:
    for title in ("Blues", "Funk"):
        planned = plan(title, Score(key=key), 10, seed)
        fourth_fifth = {(key.tonic + step) % 12 for step in (0, 5, 7)}
        assert {chord.root for chord in planned.chords or ()} & fourth_fifth


def test_a_key_is_found_for_given_chords() -> None:
    planned = plan("pop", Score(chords=parse_chords("F#m D A E")), 10, 1)
    assert planned.key == Key.parse("F# minor")


def test_words_without_a_style_choose_one_that_suits() -> None:
    assert plan("calm floating peaceful", OPEN, 10, 1).tempo_bpm <= style("ambient").tempo_bpm[1]  # type: ignore[operator]
    assert plan("something in 3/4", OPEN, 10, 1).beats_per_bar == 3
    assert plan("reggae on a jazz guitar", OPEN, 10, 1).tempo_bpm <= 92  # type: ignore[operator]


def test_seeds_vary_the_plan() -> None:
    assert len({plan("lofi", OPEN, 10, seed) for seed in range(20)}) > 15


def test_planning_needs_no_torch() -> None:
    code = "import sys, engine.planner; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("prompt", "stem"),
    [
        ("lo-fi drum loop, 75 bpm", Stem.DRUMS), ("drums only", Stem.DRUMS),
        ("just the drums", Stem.DRUMS), ("isolated bass, funk", Stem.BASS),
        ("bass stem for a drum and bass track", Stem.BASS), ("stem: pad, ambient", Stem.PAD),
        ("only the chords of a sad house track", Stem.CHORDS), ("melody on its own", Stem.LEAD),
        ("solo synth bass", Stem.BASS), ("a funky bassline by itself", Stem.BASS),
        ("bass and drums only", None), ("slow jazz with piano and drums", None),
        ("solo piano", None), ("drum and bass, 174 bpm", None), ("just drums and bass", None),
        ("house loop", None), ("warm pads and a lead", None), ("lead the way", None),
        ("solo held chords", Stem.PAD),
    ],
)  # fmt: skip
def test_reads_a_stem(prompt: str, stem: Stem | None) -> None:
    assert stem_in(prompt) is stem


@pytest.mark.parametrize(
    ("prompt", "loop", "bars"),
    [
        ("4 bar drum loop", True, 4), ("a seamless loop, eight bars", True, 8),
        ("two-bar bass loop", True, 2), ("loopable house", True, None),
        ("slow jazz", None, None), ("guitar with a loop pedal", None, None),
        ("900 bars", None, None), ("12 bar blues", None, 12),
    ],
)  # fmt: skip
def test_reads_a_loop_and_its_bars(prompt: str, loop: bool | None, bars: int | None) -> None:
    assert (loop_in(prompt), bars_in(prompt)) == (loop, bars)


def test_a_stem_decides_whether_there_are_drums_unless_that_is_given() -> None:
    assert plan("bass stem for a drum and bass track", OPEN, 10, 0).drums is False
    assert plan("jazz", Score(stem=Stem.DRUMS), 10, 0).drums is True
    assert plan("jazz", Score(stem=Stem.BASS, drums=True), 10, 0).drums is True


def test_a_loop_is_as_long_as_its_bars() -> None:
    planned = plan("house loop, 120 bpm", OPEN, 10, 0)
    assert (planned.bars, planned.loop_s) == (4, 8.0)
    assert plan("house, 120 bpm", OPEN, 10, 0).loop_s is None


PLAYERS_ASKED = {
    "jazz trio with tenor sax, piano and upright bass": ("tenor sax", "piano", "upright bass"),
    "a duo of violin and piano, classical": ("violin", "piano"),
    "solo piano, romantic": ("piano",),
    "drum loop, techno": (),
}


@pytest.mark.parametrize("prompt", PLAYERS_ASKED)
def test_a_named_band_plays_as_it_is_named(prompt: str) -> None:
    for seed in range(5):
        assert plan(prompt, OPEN, 10, seed).instruments == PLAYERS_ASKED[prompt]


def test_few_who_are_named_are_joined_by_the_styles_own() -> None:
    allowed = {each.name for each in style("drum-and-bass").instruments} | {"harp"}
    bands = [plan("jungle with harp", OPEN, 10, seed).instruments or () for seed in range(40)]
    assert all("harp" in band and set(band) <= allowed for band in bands)
    assert len(set(bands)) > 10


def test_whoever_is_refused_does_not_play() -> None:
    for seed in range(20):
        band = plan("house, no piano, bright piano or organ", OPEN, 10, seed).instruments or ()
        assert band
        assert not {"piano", "bright piano", "organ"} & set(band)


@pytest.mark.parametrize(
    ("prompt", "refused"),
    [
        ("house without piano, with strings", "piano"),
        ("no piano, harp or drums", "piano, harp or drums"),
        ("jazz, not sax but flute", "sax "), ("piano", ""),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_from_what_is_wanted(prompt: str, refused: str) -> None:
    assert refused_in(prompt) == refused
    assert (refused or "?") not in without_refused(prompt)


@pytest.mark.parametrize("stem", [each for each in Stem if each is not Stem.MIX])
def test_a_stem_has_its_own_player_alone(stem: Stem) -> None:
    bands = [
        plan("funk with slap bass", Score(stem=stem), 10, seed).instruments for seed in range(9)
    ]
    if stem is Stem.DRUMS:
        assert set(bands) == {()}
    elif stem is Stem.BASS:
        assert set(bands) == {("slap bass",)}
    else:
        usual = {each.name for each in INSTRUMENTS if each.program in getattr(style("funk"), stem)}
        assert all(band is not None and len(band) == 1 and set(band) <= usual for band in bands)


def test_a_style_that_is_given_decides_whatever_the_prompt_says() -> None:
    planned = plan("jazz", Score(style="techno"), 10, 0)
    assert planned.style == "techno"
    assert 122 <= (planned.tempo_bpm or 0) <= 142


@pytest.mark.parametrize("given", [Score(style="polka"), Score(instruments=("piano", "kazoo"))])
def test_a_style_or_a_player_that_is_unknown_is_refused(given: Score) -> None:
    with pytest.raises(InvalidRequest, match="is not a"):
        plan("music", given, 10, 0)
