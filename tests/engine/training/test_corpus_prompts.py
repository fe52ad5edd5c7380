"""Prompts: true of their piece, told in many ways, and some ways kept for the evaluation."""

import re
from collections import Counter
from random import Random

import pytest

from engine.instruments import instruments_in
from engine.moods import SYNONYMS
from engine.prompt_reader import drums_in, key_in, tempo_in
from engine.score import Score
from engine.styles import STYLES, style, styles_in
from engine.training.corpus import wording
from engine.training.corpus.clips import clip_for
from engine.training.corpus.misspelling import COMMON, misspelt, mistyped
from engine.training.corpus.piece import MIX
from engine.training.corpus.prompts import (
    evaluation_prompts,
    fill,
    held_out_prompt,
    prompts_for,
    write_prompt,
)
from engine.training.corpus.wording import HELD_OUT_TEMPLATES, HELD_OUT_WORDS, TEMPLATES

CLIPS = [clip_for(seed, 0.01) for seed in range(2_000, 2_500)]
_RNG = Random(3)
WRITTEN = [(clip, prompts_for(clip, _RNG)) for clip in CLIPS for _ in range(2)]
HELD_OUT = [(clip, held_out_prompt(clip, _RNG)) for clip in CLIPS]


def test_prompts_say_only_what_is_so() -> None:
    for clip, text in (*WRITTEN, *HELD_OUT):
        assert text.strip()
        assert tempo_in(text) in (None, clip.score.tempo_bpm), text
        if not text.isupper():
            assert key_in(text) in (None, clip.score.key), text
        if clip.style != "drum-and-bass":
            assert drums_in(text) in (None, clip.has_drums), text
        named = {each.program for each in instruments_in(text)}
        assert named <= {part.program for part in clip.parts if part.role != "drums"}, text
        bars = re.search(r"(\d+)[ -]bar loop", text.lower())
        assert not bars or (clip.loop and int(bars[1]) == clip.score.bars), text
        assert "loop" not in text.lower() or clip.loop, text
        stemmed = re.search(r"\bstem\b|\bisolated\b|nothing else", text.lower())
        assert not stemmed or clip.stem != MIX, text


def test_drum_stems_ask_for_drums_and_other_stems_do_not() -> None:
    for clip, text in WRITTEN:
        if clip.stem == "drums":
            assert drums_in(text) or not re.search(r"\bdrum\b", text.lower()), text
        elif clip.stem != MIX and clip.style != "drum-and-bass":
            assert not drums_in(text), text


def test_prompts_tell_much_and_vary() -> None:
    texts = [text for _, text in WRITTEN]
    assert len(set(texts)) > 0.93 * len(texts)
    assert 0.5 < sum(tempo_in(text) is not None for text in texts) / len(texts) < 0.85
    assert sum(key_in(text) is not None for text in texts) > 60
    named = [any(found.id == clip.style for found in styles_in(text)) for clip, text in WRITTEN]
    assert 0.65 < sum(named) / len(named) < 0.95
    lengths = Counter(min(len(text.split()) // 4, 3) for text in texts)
    assert min(lengths.values()) > 50
    for junk in ("  ", " ,", ",,", "{", "}", "[", "]", "None", ": ,", "||", ", ;", "an an "):
        assert not [text for text in texts if junk in text], junk


def test_there_are_many_templates_and_words() -> None:
    assert len(set(TEMPLATES)) == len(TEMPLATES) >= 40
    assert len(set(wording.STEM_TEMPLATES)) == len(wording.STEM_TEMPLATES) >= 8
    assert len(HELD_OUT_TEMPLATES) >= 8
    assert sum(len(words) for words in SYNONYMS.values()) >= 60
    assert set(wording.PURPOSES) == {each.id for each in STYLES}


@pytest.mark.parametrize("template", [*TEMPLATES, *HELD_OUT_TEMPLATES])
def test_every_template_can_be_filled(template: str) -> None:
    rng = Random(1)
    fixed = re.sub(r"\[.*?\]|\{.*?\}", "", template).strip(" ,:;|/–?")
    written = [write_prompt(clip, template, rng).lower() for clip in CLIPS[:40]]
    word = max(re.findall(r"[\w']+", fixed.lower()), key=len, default="")
    assert sum(word in text for text in written) >= 10


def test_held_out_wordings_and_words_are_held_out() -> None:
    assert not set(HELD_OUT_TEMPLATES) & set(TEMPLATES)
    assert not set(wording.HELD_OUT_STEM_TEMPLATES) & set(wording.STEM_TEMPLATES)
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, HELD_OUT_WORDS)) + r")(?!\w)")
    for _, text in WRITTEN:
        assert not pattern.search(text.lower()), text
    met = Counter(word for _, text in HELD_OUT for word in pattern.findall(text.lower()))
    assert len(met) > 0.7 * len(HELD_OUT_WORDS)


def test_held_out_words_are_words_of_the_tables() -> None:
    known = {name for each in STYLES for name in each.names}
    known |= {name.lower() for each in STYLES for i in each.instruments for name in i.names}
    known |= {word for words in SYNONYMS.values() for word in words}
    assert known >= HELD_OUT_WORDS
    for each in STYLES:
        assert HELD_OUT_WORDS & set(each.names), each.id
        assert each.title.lower() not in HELD_OUT_WORDS


def test_empty_slots_take_their_brackets_with_them() -> None:
    slots = {"style": "rock", "mood": "", "tempo": "90 bpm"}
    assert fill("[{mood} ]{style}[, {tempo}]", slots) == "rock, 90 bpm"
    assert fill("{mood} {style}", slots) == ""


def test_some_prompts_are_misspelt() -> None:
    rng = Random(5)
    for word in ("guitar", "electric", "melancholic", "slow"):
        for _ in range(30):
            wrong = mistyped(word, rng)
            assert wrong[0] == word[0]
            assert abs(len(wrong) - len(word)) <= 1
    assert misspelt("a b 120", rng) == "a b 120"
    assert "120 bpm" in misspelt("techno 120 bpm", rng)
    assert not set(COMMON) & set(COMMON.values())


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
