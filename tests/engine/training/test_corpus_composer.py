"""Whole pieces: what the composer says about them is so."""

from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from engine.instruments import instruments_in
from engine.prompt_reader import key_in, tempo_in
from engine.score import Score
from engine.styles import STYLES, style, styles_in
from engine.training.corpus.composer import compose
from engine.training.corpus.piece import DRUM_CHANNEL, Piece
from engine.training.corpus.prompts import (
    HELD_OUT_TEMPLATES,
    TEMPLATES,
    evaluation_prompts,
    held_out_prompt,
    prompts_for,
)

PIECES = [compose(seed) for seed in range(400)]
SOME = PIECES[:60]


@pytest.mark.parametrize("piece", SOME, ids=lambda p: f"{p.style}-{p.seed}")
def test_notes_are_playable_and_inside_the_piece(piece: Piece) -> None:
    last_end: dict[tuple[int, int], float] = {}
    for note in piece.notes:
        assert 0 <= note.start_s < note.start_s + note.duration_s <= piece.duration_s + 1e-9
        assert 20 <= note.pitch <= 108
        assert 1 <= note.velocity <= 127
        assert note.start_s >= last_end.get((note.channel, note.pitch), 0.0)
        last_end[note.channel, note.pitch] = note.start_s + note.duration_s
    assert [n.start_s for n in piece.notes] == sorted(n.start_s for n in piece.notes)
    assert {n.channel for n in piece.notes} == {p.channel for p in piece.parts}
    assert (DRUM_CHANNEL in {n.channel for n in piece.notes}) == piece.has_drums


@pytest.mark.parametrize("piece", SOME, ids=lambda p: f"{p.style}-{p.seed}")
def test_the_score_is_exact(piece: Piece) -> None:
    score, of = piece.score, style(piece.style)
    assert score.tempo_bpm
    assert score.seconds_per_bar
    assert score.chords
    assert of.tempo_bpm[0] <= score.tempo_bpm <= of.tempo_bpm[1]
    assert score.beats_per_bar == of.beats_per_bar
    assert len(score.chords) == score.bars
    assert (
        score.bars * score.seconds_per_bar
        >= piece.duration_s
        > (score.bars - 1) * score.seconds_per_bar
    )


@pytest.mark.parametrize("piece", SOME, ids=lambda p: f"{p.style}-{p.seed}")
def test_chords_sound_in_their_bar(piece: Piece) -> None:
    bar_s = piece.score.seconds_per_bar or 1.0
    inside = total = 0.0
    for note in (*piece.part_notes("chords"), *piece.part_notes("pad")):
        chord = piece.score.chord_at(int((note.start_s + 0.012) / bar_s))
        assert chord
        total += 1
        inside += note.pitch % 12 in chord.pitch_classes
    assert total == 0 or inside / total > 0.99 or len(piece.instruments) == 1


@pytest.mark.parametrize("piece", SOME, ids=lambda p: f"{p.style}-{p.seed}")
def test_drums_and_bass_lie_on_the_swung_grid(piece: Piece) -> None:
    of = style(piece.style)
    step_s = 15.0 / (piece.score.tempo_bpm or 1.0)
    pair = 2 * of.swing_steps
    inner = [i * of.swing / 0.5 for i in range(of.swing_steps)]
    outer = [pair * of.swing + i * (1 - of.swing) / 0.5 for i in range(of.swing_steps)]
    grid = [*inner, *outer, pair]
    halves = [(a + b) / 2 for a, b in pairwise(grid)]  # rolls
    for note in (*piece.part_notes("drums"), *piece.part_notes("bass")):
        place = note.start_s / step_s % pair
        assert min(abs(place - g) for g in grid + halves) * step_s < 0.009


@pytest.mark.parametrize("piece", SOME, ids=lambda p: f"{p.style}-{p.seed}")
def test_every_part_plays_throughout(piece: Piece) -> None:
    window_s = 4.5 * (piece.score.seconds_per_bar or 1.0)
    for part in piece.parts:
        starts = [n.start_s for n in piece.notes if n.channel == part.channel]
        gaps = [b - a for a, b in zip([0.0, *starts], [*starts, piece.duration_s], strict=True)]
        assert max(gaps) < window_s, part.role


def test_one_seed_gives_one_piece_and_two_give_two() -> None:
    assert compose(11) == compose(11)
    assert len({piece.notes for piece in PIECES}) == len(PIECES)


def test_what_is_asked_is_composed() -> None:
    piece = compose(5, style="house", tempo_bpm=123.4, drums=False, duration_s=7.5)
    assert (piece.style, piece.score.tempo_bpm, piece.has_drums) == ("house", 123.4, False)
    assert piece.duration_s == 7.5
    assert compose(5, style="classical", drums=True).has_drums
    with pytest.raises(KeyError):
        compose(5, style="polka")


def test_the_corpus_is_varied() -> None:
    drumless = sum(not piece.has_drums for piece in PIECES) / len(PIECES)
    assert 0.3 < drumless < 0.45
    assert {piece.style for piece in PIECES} == {each.id for each in STYLES}
    assert len({piece.score.key for piece in PIECES}) == 24
    kinds = Counter(tuple(sorted({p.role for p in piece.parts})) for piece in PIECES)
    assert len(kinds) >= 10
    assert kinds[("drums",)] >= 8
    solo = [p for p in PIECES if len(p.instruments) == 1 and not p.has_drums]
    assert len(solo) >= 12


def test_tempi_cover_the_range_of_their_style() -> None:
    tempi = [compose(seed, style="rock", duration_s=1).score.tempo_bpm or 0 for seed in range(200)]
    low, high = style("rock").tempo_bpm
    counts = Counter(min(int(4 * (t - low) / (high - low)), 3) for t in tempi)
    assert all(counts[quarter] > 30 for quarter in range(4))


def test_prompts_say_only_what_is_so() -> None:
    rng = Random(3)
    for piece in PIECES:
        for text in (prompts_for(piece, rng), held_out_prompt(piece, rng)):
            assert text.strip()
            assert tempo_in(text) in (None, piece.score.tempo_bpm), text
            if text.islower() or not text.isupper():
                assert key_in(text) in (None, piece.score.key), text
            lowered = text.lower()
            drumless = any(word in lowered for word in ("no drums", "without drums", "drumless"))
            assert not (drumless and piece.has_drums), text
            named = {each.program for each in instruments_in(text)}
            playing = {part.program for part in piece.parts if part.role != "drums"}
            assert named <= playing, text


def test_prompts_tell_much_and_vary() -> None:
    rng = Random(4)
    texts = [prompts_for(piece, rng) for piece in PIECES]
    assert len(set(texts)) > 0.95 * len(texts)
    assert 0.6 < sum(tempo_in(text) is not None for text in texts) / len(texts) < 0.95
    assert sum(key_in(text) is not None for text in texts) > 40
    named = [
        any(found.id == piece.style for found in styles_in(text))
        for text, piece in zip(texts, PIECES, strict=True)
    ]
    assert sum(named) / len(named) > 0.7
    for junk in ("  ", " ,", ",,", "{", "}", "None", ": ,", "||"):
        assert not [text for text in texts if junk in text], junk


def test_held_out_wordings_are_held_out() -> None:
    assert not set(HELD_OUT_TEMPLATES) & set(TEMPLATES)


def test_evaluation_prompts_say_what_they_ask() -> None:
    prompts = evaluation_prompts()
    assert len(prompts) == 24
    assert {each.style for each in prompts} == {each.id for each in STYLES}
    assert 6 <= sum(not each.drums for each in prompts) <= 12
    for each in prompts:
        assert tempo_in(each.text) == each.tempo_bpm
        low, high = style(each.style).tempo_bpm
        assert low <= each.tempo_bpm <= high
        assert {i.name for i in instruments_in(each.text)} >= set(each.instruments), each.text
        Score(tempo_bpm=each.tempo_bpm)
