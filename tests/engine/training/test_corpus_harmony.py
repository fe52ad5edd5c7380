"""Progressions and voicings against what books on harmony say."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.score import QUALITIES, Chord, Key, Mode, parse_chords
from engine.styles import STYLES, style
from engine.theory import (
    SCALES,
    chord_of,
    dominant_of,
    extended,
    lies_in,
    mode_of,
    progression,
    tritone_substitute,
)
from engine.training.corpus.harmony import parallels, voice_lead
from engine.training.corpus.progressions import (
    BORROWED,
    FUNCTIONS,
    LONG_FORMS,
    PERIODS,
    PHRASES,
    TASTES,
    Taste,
    build,
    themes,
)

keys = st.builds(Key, st.integers(0, 11), st.sampled_from(Mode))
PARALLEL = {Mode.MAJOR: Mode.MINOR, Mode.MINOR: Mode.MAJOR}
C, A_MINOR = Key.parse("C"), Key.parse("A minor")


def test_scales_are_those_of_the_books() -> None:
    """Each church mode is the white keys from another degree of C major."""
    white = SCALES["ionian"]
    order = ("ionian", "dorian", "phrygian", "lydian", "mixolydian", "aeolian")
    for degree, name in enumerate(order):
        turned = sorted((step - white[degree]) % 12 for step in white)
        assert SCALES[name] == tuple(turned)
    raised = set(SCALES["harmonic minor"]) - set(SCALES["aeolian"])
    assert raised == {11}
    for five, seven in (("major pentatonic", "ionian"), ("minor pentatonic", "aeolian")):
        assert set(SCALES[five]) < set(SCALES[seven])
        steps = sorted(SCALES[five])
        assert all(b - a >= 2 for a, b in pairwise([*steps, 12]))


@pytest.mark.parametrize(
    ("chords", "key", "mode"),
    [
        ("Am7 D9 Am7 D9", "A minor", "dorian"), ("Am F C G", "A minor", "aeolian"),
        ("Em Em F Em", "E minor", "phrygian"), ("D C G D", "D", "mixolydian"),
        ("F G F G", "F", "lydian"), ("C Am F G7", "C", "ionian"),
        ("Am Dm E7 Am", "A minor", "harmonic minor"),
    ],
)  # fmt: skip
def test_a_mode_is_told_by_its_chords(chords: str, key: str, mode: str) -> None:
    assert mode_of(parse_chords(chords), Key.parse(key)) == mode


@given(keys)
def test_functions_lie_in_their_key_and_borrowed_chords_in_the_parallel_one(key: Key) -> None:
    parallel = Key(key.tonic, PARALLEL[key.mode])
    for numerals in FUNCTIONS[key.mode].values():
        assert all(lies_in(chord_of(numeral, key), key) for numeral in numerals)
    for numerals in BORROWED[key.mode].values():
        for numeral in numerals:
            chord = chord_of(numeral, key)
            assert not lies_in(chord, key)
            neapolitan = chord == Chord((key.tonic + 1) % 12)
            assert lies_in(chord, parallel) or neapolitan, numeral


@given(keys, st.sampled_from(["I", "ii", "iii", "IV", "V", "vi", "i", "iv", "v", "VI", "VII"]))
def test_chords_grow_by_thirds_inside_their_key(key: Key, numeral: str) -> None:
    chord = chord_of(numeral, key)
    for tones in (3, 4, 5):
        grown = extended(chord, key, tones)
        assert grown.root == chord.root
        assert set(chord.pitch_classes) <= set(grown.pitch_classes)
        assert len(grown.pitch_classes) <= max(tones, 3)
        if lies_in(chord, key):
            assert lies_in(grown, key)


def test_ninths_are_those_that_players_know() -> None:
    grown = [str(extended(chord_of(n, C), C, 5)) for n in ("I", "ii", "iii", "IV", "V", "vi")]
    assert grown == ["Cmaj9", "Dm9", "Em7", "Fmaj9", "G9", "Am9"]
    assert str(extended(chord_of("v", A_MINOR), A_MINOR, 5)) == "Em7"


@given(st.integers(0, 11), st.sampled_from(["", "m", "maj7", "m7"]))
def test_dominants_lead_a_fifth_down_and_share_their_tritone(root: int, quality: str) -> None:
    target = Chord(root, quality)
    dominant = dominant_of(target)
    assert (dominant.root - target.root) % 12 == 7
    substitute = tritone_substitute(dominant)
    assert (substitute.root - target.root) % 12 == 1
    tritone = {(dominant.root + step) % 12 for step in (4, 10)}
    assert tritone <= set(substitute.pitch_classes)


def test_phrases_go_from_tonic_over_subdominant_and_dominant_home() -> None:
    for plan in (*PHRASES, *PERIODS):
        assert set(plan) == {"T", "S", "D"}
        assert "DS" not in plan + plan[0], "a dominant goes home, not back"
    for plan in PERIODS:
        assert plan[3] == "D"
        assert plan[-1] == "T"


@given(keys, st.integers(0, 10_000))
def test_plain_built_progressions_stay_in_key_and_have_the_tonic(key: Key, seed: int) -> None:
    plain = Taste(1.0, 0.0, 0.0, 0.0, 0.0, 3)
    chords = build(key, plain, Random(seed))
    assert len(chords) in (4, 8)
    assert all(lies_in(chord, key) for chord in chords)
    assert any(chord.root == key.tonic for chord in chords)
    if len(chords) == 8:
        assert chords[-1].root == key.tonic


@given(keys, st.integers(0, 10_000), st.sampled_from(sorted(TASTES)))
def test_coloured_progressions_explain_every_foreign_chord(key: Key, seed: int, of: str) -> None:
    chords = build(key, TASTES[of], Random(seed))
    borrowed = {chord_of(n, key) for ns in BORROWED[key.mode].values() for n in ns}
    for chord, following in zip(chords, (*chords[1:], chords[0]), strict=True):
        leads = chord in (dominant_of(following), tritone_substitute(dominant_of(following)))
        assert lies_in(chord, key) or chord in borrowed or leads, (chords, chord)


@pytest.mark.parametrize("of", STYLES, ids=lambda of: of.id)
def test_themes_are_the_styles_own(of: object) -> None:
    for seed in range(12):
        for mode in Mode:
            found = themes(style(of.id), Key(2, mode), Random(seed))  # type: ignore[attr-defined]
            assert set(found) == {"A", "B"}
            assert all(len(chords) in (4, 8, 12, 16) for chords in found.values())


def test_the_twelve_bar_blues_has_its_form() -> None:
    for numerals in LONG_FORMS["blues"][Mode.MAJOR]:
        roots = [chord.root for chord in progression(numerals, C)]
        assert len(roots) == 12
        assert (roots[0], roots[4], roots[5], roots[6], roots[8]) == (0, 5, 5, 0, 7)
    for forms in LONG_FORMS.values():
        assert all(len(text.split()) == 12 for texts in forms.values() for text in texts)


def test_parallel_fifths_and_octaves_are_counted() -> None:
    assert parallels((48, 55), (50, 57)) == 1
    assert parallels((48, 60), (50, 62)) == 1
    assert parallels((48, 55), (48, 55)) == 0
    assert parallels((48, 52, 55), (47, 55, 59)) == 0
    assert parallels((48, 55), (50, 57, 62)) == 0


def test_led_voices_avoid_parallels_where_they_can() -> None:
    cycle = parse_chords("C F G C Am Dm G C Em Am Dm G")
    led = voice_lead(cycle, 50, 77)
    blocked = [tuple(60 + (chord.root + step) for step in QUALITIES[chord.quality])
               for chord in cycle]  # fmt: skip
    found = sum(parallels(a, b) for a, b in pairwise(led))
    assert found < sum(parallels(a, b) for a, b in pairwise(blocked)) / 2
