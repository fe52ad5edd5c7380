"""Prompts in plain words: what is named stays, whatever it was called; nothing else is claimed."""

from __future__ import annotations

from random import Random

import pytest

from engine.instruments import instruments_in
from engine.moods import SYNONYMS, moods_in
from engine.prompt_reader import drums_in
from engine.restating import restated
from engine.score import Score, Stem
from engine.styles import STYLES, named_styles, styles_in
from engine.training.corpus.composer import compose
from engine.training.corpus.prompts import held_out_prompt, prompts_for
from engine.training.corpus.wording import HELD_OUT_WORDS


@pytest.mark.parametrize(
    ("prompt", "plain"),
    [
        (
            "my next tune needs drums, vibes and Fender Rhodes, in a jungle vein, brooding",
            "dark drum and bass with vibraphone, electric piano and drums",
        ),
        ("imagine ferocious Punk with crunch guitar", "powerful rock with overdriven guitar"),
        ("serene, comforting chillhop, no beat", "calm, warm lo-fi hip hop, no drums"),
        ("smooth jazz", "mellow jazz swing"),
        ("jazz guitar and organ, funky", "funk with jazz guitar and organ"),
        ("some phonk", "trap"),
        ("house", "house"),
    ],
)
def test_what_has_many_names_is_called_by_its_own(prompt: str, plain: str) -> None:
    assert restated(prompt) == plain


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "something warm to study to",
        "underwater choir of glass",
        "reggae without piano",
        "house, but don't use the organ",
        "музыка",
    ],
)
def test_what_no_table_knows_or_what_is_refused_stays_as_typed(prompt: str) -> None:
    assert restated(prompt) == prompt


def test_without_a_style_instruments_alone_get_their_names() -> None:
    prompt = "Vibes, violoncello & a beat, for a rainy afternoon"
    assert restated(prompt) == "vibraphone, cello & a beat, for a rainy afternoon"


@pytest.mark.parametrize(
    ("stem", "plain"),
    [
        (Stem.BASS, "deep synth bass only, techno"),
        (Stem.DRUMS, "drums only, techno"),
        (Stem.PAD, "held chords only, techno"),
        (Stem.MIX, "techno with deep synth bass"),
        (None, "techno with deep synth bass"),
    ],
)
def test_a_part_alone_has_its_own_players(stem: Stem | None, plain: str) -> None:
    assert restated("warehouse techno, reese bass", Score(stem=stem)) == plain


@pytest.mark.parametrize(
    ("score", "plain"),
    [
        (Score(style="jazz"), "dark jazz swing with piano"),
        (Score(style="trap", instruments=("piano", "choir")), "dark trap with piano"),
        (Score(instruments=("harp", "cello")), "dark trap with harp and cello"),
        (Score(instruments=()), "dark trap"),
        (Score(stem=Stem.LEAD, instruments=("flute",)), "flute only, trap"),
    ],
)
def test_what_the_score_has_decided_otherwise_is_not_said(score: Score, plain: str) -> None:
    assert restated("ominous trap on piano", score) == plain


@pytest.mark.parametrize("number", range(40))
def test_plain_words_say_what_the_prompt_said(number: int) -> None:
    piece = compose(7_950_000 + number, style=STYLES[number % len(STYLES)].id, duration_s=10.0)
    rng = Random(number)
    for prompt in (prompts_for(piece, rng), held_out_prompt(piece, rng)):
        plain = restated(prompt)
        assert restated(plain) == plain
        assert set(instruments_in(plain)) == set(instruments_in(prompt))
        assert not any(word in HELD_OUT_WORDS for word in plain.split(", ")) or plain == prompt
        if named := named_styles(prompt):
            assert set(named_styles(plain)) == set(named)
            assert (drums_in(plain) is False) == (drums_in(prompt) is False)


def test_every_style_and_mood_is_known_by_all_its_names() -> None:
    for style in STYLES:
        assert all(styles_in(f"some {name}, please")[0] is style for name in style.names)
    for mood, words in SYNONYMS.items():
        assert moods_in(mood) == (mood,)
        assert all(moods_in(f"a {word} tune") for word in words)
