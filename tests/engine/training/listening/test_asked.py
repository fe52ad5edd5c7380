"""The questions: held out in wording, true of their pieces, complete where they fix the score."""

from __future__ import annotations

from engine.planner import plan_for
from engine.score import Stem
from engine.styles import STYLES
from engine.training.corpus.wording import HELD_OUT_WORDS
from engine.training.listening.asked import (
    UNREPORTED,
    loops,
    many_seeds,
    mixes,
    other_mixes,
    stems,
)


def test_mixes_go_through_the_styles_and_fix_every_other_round() -> None:
    asked = mixes(2 * len(STYLES))
    assert [each.piece.style for each in asked[: len(STYLES)]] == [s.id for s in STYLES]
    assert all(each.given.chords for each in asked[: len(STYLES)])
    assert not any(each.given.chords for each in asked[len(STYLES) :])
    assert len({each.piece.seed for each in asked}) == len(asked)
    assert all(each.text != each.plain for each in asked)


def test_what_is_chosen_by_is_not_what_is_reported() -> None:
    assert mixes(2, first=3) == mixes(5)[3:]
    assert other_mixes(2, first=3) == other_mixes(5)[3:]
    reported = {each.piece.seed for each in mixes(120)}
    chosen_by = mixes(120, UNREPORTED)
    assert reported.isdisjoint(each.piece.seed for each in chosen_by)
    assert [each.piece.style for each in chosen_by[: len(STYLES)]] == [s.id for s in STYLES]


def test_held_out_words_are_in_the_held_out_wordings_alone() -> None:
    asked = mixes(60)
    new = [any(word in each.text.lower() for word in HELD_OUT_WORDS) for each in asked]
    assert sum(new) > 20


def test_a_fixed_request_is_planned_as_its_piece_is() -> None:
    for each in mixes(5):
        planned = plan_for(each.request())
        assert planned.tempo_bpm == each.piece.score.tempo_bpm
        assert planned.key == each.piece.score.key
        assert planned.chords == each.piece.score.chords
        assert planned.drums == each.piece.has_drums


def test_stems_and_loops_say_so_in_their_score() -> None:
    single, round_ = stems(10), loops(4)
    assert {each.given.stem for each in single} == set(Stem) - {Stem.MIX}
    assert all(each.given.stem == each.piece.stem for each in single)
    assert [each.piece.score.bars for each in round_] == [1, 2, 4, 8]
    assert all(each.given.loop for each in round_)
    assert all(each.request().score.loop_s == each.piece.duration_s for each in round_)


def test_many_seeds_share_prompt_tempo_and_players_and_nothing_else() -> None:
    asked = many_seeds(4)
    assert len({request.prompt for request in asked.requests()}) == 1
    assert len({request.seed for request in asked.requests()}) == 4
    assert len({piece.parts for piece in asked.pieces}) == 1
    assert len({piece.score.tempo_bpm for piece in asked.pieces}) == 1
    assert len({piece.score.chords for piece in asked.pieces}) > 1
    assert f"{asked.pieces[0].score.tempo_bpm:g} bpm" in asked.requests()[0].prompt
