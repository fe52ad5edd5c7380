"""The score as the network hears it: what is given stands in its rows, what is open is silent."""

import numpy as np
import pytest

from engine.errors import InvalidRequest
from engine.score import Chord, Key, Score, Stem
from engine.score_columns import (
    DRUMS_ROWS,
    ENSEMBLE_CHANNELS,
    HARMONY_ROWS,
    INSTRUMENT_ROWS,
    LOOP_ROWS,
    RHYTHM_ROWS,
    SCORE_CHANNELS,
    STEM_ROWS,
    STYLE_ROWS,
    columns,
    ensemble,
    program_row,
)
from engine.styles import STYLES

RATE = 20.0
PARTS = {
    "rhythm": (Score(tempo_bpm=120.0), RHYTHM_ROWS),
    "harmony": (Score(key=Key.parse("F# minor")), HARMONY_ROWS),
    "drums": (Score(drums=True), DRUMS_ROWS),
    "no drums": (Score(drums=False), DRUMS_ROWS),
    "stem": (Score(stem=Stem.PAD), STEM_ROWS),
    "loop": (Score(loop=True), LOOP_ROWS),
    "no loop": (Score(loop=False), LOOP_ROWS),
}


@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_its_own_rows(part: str) -> None:
    score, rows = PARTS[part]
    made = columns(score, 40, RATE)
    assert made.shape == (SCORE_CHANNELS, 40)
    assert made[rows].any()
    made[rows] = 0
    assert not made.any()


def test_an_open_score_is_silent() -> None:
    assert not columns(Score(), 10, RATE).any()


def test_with_and_without_drums_are_told_apart() -> None:
    assert columns(Score(drums=True), 3, RATE)[DRUMS_ROWS].tolist() == [[1, 1, 1], [0, 0, 0]]
    assert columns(Score(drums=False), 3, RATE)[DRUMS_ROWS].tolist() == [[0, 0, 0], [1, 1, 1]]


def test_each_stem_and_either_answer_about_loops_has_its_row() -> None:
    stems = [columns(Score(stem=stem), 1, RATE)[STEM_ROWS, 0].argmax() for stem in Stem]
    assert stems == [0, 1, 2, 3, 4, 5]
    loops = [columns(Score(loop=loop), 1, RATE)[LOOP_ROWS, 0].tolist() for loop in (True, False)]
    assert loops == [[1, 0], [0, 1]]


def test_style_and_players_have_rows_of_their_own() -> None:
    assert not ensemble(Score(), 3).any()
    styles = [ensemble(Score(style=each.id), 3) for each in STYLES]
    assert [made[STYLE_ROWS, 0].argmax() for made in styles] == list(range(len(STYLES)))
    for made in styles:
        assert (made.shape, made.sum()) == ((ENSEMBLE_CHANNELS, 3), 3)
    made = ensemble(Score(instruments=("piano", "flute")), 3)
    assert made[INSTRUMENT_ROWS].sum() == made.sum() == 9
    assert made[[program_row("piano"), program_row("Grand Piano"), program_row("flute")]].all()


def test_that_nobody_plays_is_told_and_not_left_open() -> None:
    assert ensemble(Score(instruments=()), 2)[INSTRUMENT_ROWS].sum() == 2


def test_what_will_be_heard_faster_is_told_slower_and_turns_as_it_will_be_heard() -> None:
    made = columns(Score(tempo_bpm=120.0), 40, RATE, haste=2.0)
    assert made[1] == pytest.approx(-1)
    np.testing.assert_array_equal(made[3:], columns(Score(tempo_bpm=120.0), 40, RATE)[3:])


def test_the_beat_turns_once_a_beat_and_a_crop_keeps_its_place() -> None:
    score = Score(tempo_bpm=120.0, beats_per_bar=4)
    whole = columns(score, 80, RATE)
    np.testing.assert_allclose(whole[5:7, :10], whole[5:7, 10:20], atol=1e-5)
    np.testing.assert_allclose(columns(score, 40, RATE, 2.0), whole[:, 40:], atol=1e-5)


def test_chords_change_with_the_bars_and_come_round_again() -> None:
    score = Score(120.0, 4, None, (Chord.parse("C"), Chord.parse("Am")))
    roots = columns(score, 160, RATE)[HARMONY_ROWS][13:25].argmax(0)
    assert roots.tolist() == [*[0] * 40, *[9] * 40] * 2


def test_what_is_given_stays_and_the_rest_is_filled() -> None:
    given = Score(tempo_bpm=99.0, drums=False)
    filled = given.filled_by(Score(80.0, 3, Key.parse("C"), drums=True))
    assert (filled.tempo_bpm, filled.drums) == (99.0, False)
    assert (filled.beats_per_bar, filled.key) == (3, Key.parse("C"))


def test_what_cannot_be_played_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="Tempo 10 is out of range"):
        Score(tempo_bpm=10.0)
