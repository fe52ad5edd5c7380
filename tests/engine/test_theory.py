"""Roman numerals, scales and keys against what theory books say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.instruments import instrument, instruments_in
from engine.score import Chord, Key, Mode, Score, parse_chords
from engine.styles import STYLES, style, styles_in
from engine.theory import chord_of, estimate_key, lies_in, progression, scale_over

keys = st.builds(Key, st.integers(0, 11), st.sampled_from(Mode))


@pytest.mark.parametrize(
    ("numerals", "key", "chords"),
    [
        ("ii7 V7 Imaj7", "C", "Dm7 G7 Cmaj7"),
        ("i VI III VII", "A minor", "Am F C G"),
        ("iiø7 V7 i6", "C minor", "Dm7b5 G7 Cm6"),
        ("I bVII IV I", "D", "D C G D"),
        ("i i bII i", "E minor", "Em Em F Em"),
        ("Imaj7 #i°7 ii9 V9", "F", "Fmaj7 F#dim7 Gm9 C9"),
        ("Iadd9 Vsus4 vi7", "Bb", "Bbadd9 Fsus4 Gm7"),
        ("i5 VI5", "E minor", "E5 C5"),
    ],
)
def test_numerals_name_the_chords_of_the_key(numerals: str, key: str, chords: str) -> None:
    assert progression(numerals, Key.parse(key)) == parse_chords(chords)


def test_what_is_no_numeral_is_refused() -> None:
    with pytest.raises(ValueError, match="viii"):
        chord_of("viiii", Key.parse("C"))


@given(keys, st.integers(1, 11), st.sampled_from(STYLES), st.integers(0, 10))
def test_progressions_move_with_their_key(key: Key, up: int, of: object, pick: int) -> None:
    choices = of.progressions(key.mode)  # type: ignore[attr-defined]
    numerals = choices[pick % len(choices)]
    moved = progression(numerals, Key((key.tonic + up) % 12, key.mode))
    for chord, higher in zip(progression(numerals, key), moved, strict=True):
        assert higher == Chord((chord.root + up) % 12, chord.quality)


def test_dominants_belong_to_minor_and_foreign_chords_to_no_key() -> None:
    a_minor = Key.parse("A minor")
    assert lies_in(Chord.parse("E7"), a_minor)
    assert lies_in(Chord.parse("Dm7"), a_minor)
    assert not lies_in(Chord.parse("B7"), a_minor)
    assert not lies_in(Chord.parse("C#"), Key.parse("C"))


@given(keys, st.sampled_from(["", "m", "7", "maj7", "m7b5", "dim7"]), st.integers(0, 11))
def test_a_scale_over_a_chord_holds_it_and_avoids_clashes(
    key: Key, quality: str, root: int
) -> None:
    chord = Chord(root, quality)
    scale = set(scale_over(chord, key))
    assert set(chord.pitch_classes) <= scale
    foreign = set(chord.pitch_classes) - set(key.pitch_classes)
    beside = {(tone + step) % 12 for tone in foreign for step in (-1, 1)}
    assert not (scale - set(chord.pitch_classes)) & beside


@pytest.mark.parametrize(
    ("chords", "key"),
    [
        ("C G Am F", "C"), ("Am F C G", "A minor"), ("Dm7 G7 Cmaj7 A7", "C"),
        ("Bm7b5 E7 Am6", "A minor"), ("F#m D A E", "F# minor"), ("Em Em Em Em", "E minor"),
        ("Bb Eb F7 Bb", "Bb"), ("E7 A7 B7 E7", "E"),
    ],
)  # fmt: skip
def test_keys_are_estimated_from_chords(chords: str, key: str) -> None:
    assert estimate_key(parse_chords(chords)) == Key.parse(key)


def test_no_chords_have_no_key() -> None:
    with pytest.raises(ValueError, match="no chords"):
        estimate_key(())


def test_most_progressions_of_the_styles_tell_their_key() -> None:
    told = [
        estimate_key(progression(numerals, Key(2, mode))) == Key(2, mode)
        for each in STYLES
        for mode in Mode
        for numerals in each.progressions(mode)
    ]
    assert sum(told) / len(told) > 0.75


@pytest.mark.parametrize("each", STYLES, ids=lambda each: each.id)
def test_a_style_is_whole(each: object) -> None:
    of = style(each.id)  # type: ignore[attr-defined]
    low, high = of.tempo_bpm
    assert 40 <= low < of.typical_bpm < high <= 240
    assert of.beats_per_bar in (3, 4)
    assert 0.5 <= of.swing < 0.7
    for mode in Mode:
        assert all(len(numerals.split()) in (4, 8) for numerals in of.progressions(mode))
        assert len(of.progressions(mode)) >= 2
    assert {instrument(program) for program in of.bass + of.chords + of.lead + of.pad}


def test_a_name_means_one_style_and_one_instrument() -> None:
    names = [name for each in STYLES for name in each.names]
    assert len(names) == len(set(names))


def test_longer_names_win() -> None:
    assert [each.id for each in styles_in("Lo-fi hip hop")] == ["lofi"]
    assert [each.id for each in styles_in("hip-hop from the street")] == ["boom-bap"]
    assert styles_in("trapped in a warehouse") == ()
    assert [each.name for each in instruments_in("Electric piano & sub bass")] == [
        "electric piano", "deep synth bass",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "chords", "spelt"),
    [
        ("F major", "Bbmaj7 Am7 Gm9 Fmaj9", "Bbmaj7 Am7 Gm9 Fmaj9"),
        ("F# minor", "F#m7 D A C#7", "F#m7 D A C#7"),
        ("A# major", "D# Gm", "Eb Gm"),
        ("C minor", "G# D#", "Ab Eb"),
    ],
)
def test_chords_are_spelt_as_their_key_is(key, chords, spelt):
    score = Score(key=Key.parse(key), chords=parse_chords(chords))
    assert score.chord_names == spelt
    assert parse_chords(score.chord_names) == score.chords
