"""The request being edited: typed text to requests, seeds, plan, history, undo."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QUndoStack
from pytestqt.qtbot import QtBot

from app.state import edits
from app.state import request as request_module
from app.state.draft import Draft
from app.state.request import RequestModel
from engine.api import (
    STYLES,
    Chord,
    GenerationRequest,
    Key,
    Limits,
    Mode,
    Projection,
    Refinement,
    SamplerName,
    Score,
    Stem,
)
from engine.errors import InvalidRequest
from engine.models.registry import SHIPPED_ROOT, Registry
from engine.planner import plan_for
from engine.restating import restated
from tests.engine.audio.strategies import refinements
from tests.fakes import HOUSE

GOOD = Draft(prompt="slow jazz", seed="7")


@pytest.fixture
def undo(qtbot: QtBot) -> QUndoStack:
    return QUndoStack()


@pytest.fixture
def model(undo: QUndoStack) -> RequestModel:
    model = RequestModel(plan_for, undo)
    model.restore(replace(GOOD, seed_locked=True))
    return model


def test_a_new_session_asks_as_the_house_model_recommends() -> None:
    request = replace(Draft(), prompt="jazz").request()
    own = Registry((SHIPPED_ROOT,)).info("house").own_settings
    assert {name: getattr(request, name) for name in own} == own


def test_a_model_brings_its_settings_along(model: RequestModel) -> None:
    limited = replace(
        HOUSE, id="mine", steps=8, guidance=4.5, refinement=Refinement(0.5, interval=(0.5, 12.0))
    )
    model.choose_model(limited)
    (request,) = model.build()
    assert {name: getattr(request, name) for name in limited.own_settings} == limited.own_settings
    model.choose_model(HOUSE)
    assert model.build()[0].refinement == Refinement()


def test_typed_text_becomes_a_request() -> None:
    draft = replace(
        GOOD,
        duration_s="12,5",
        tempo_bpm="92 bpm",
        key="f# min",
        chords="F#m7 | D A",
        steps=" 30 ",
        drums="without",
        style="lofi",
        instruments="rhodes, double bass",
    )
    request = draft.request()
    assert (request.duration_s, request.steps, request.seed) == (12.5, 30, 7)
    assert request.score == Score(
        tempo_bpm=92.0,
        key=Key(6, Mode.MINOR),
        chords=(Chord(6, "m7"), Chord(2), Chord(9)),
        drums=False,
        style="lofi",
        instruments=("electric piano", "upright bass"),
    )


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("prompt", "  "), ("prompt", "x" * 20_000), ("steps", "0"), ("steps", "100000"),
        ("steps", "2.5"), ("steps", ""), ("guidance", "nan"), ("guidance", "much"),
        ("duration_s", "0"), ("duration_s", "-1"), ("duration_s", "1e9"), ("seed", "-1"),
        ("seed", "99999999999999999999"), ("tempo_bpm", "fast"), ("tempo_bpm", "900"),
        ("key", "H major"), ("instruments", "kazoo orchestra"), ("chords", "Am Xyz"),
        ("takes", "0"), ("takes", "100"), ("rescale", "2"), ("rescale", ""),
        ("bars", "0"), ("bars", "some"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_names_its_field(field: str, text: str) -> None:
    draft = replace(GOOD, **{field: text})  # type: ignore[arg-type]
    use = draft.take_count if field == "takes" else draft.request
    with pytest.raises(InvalidRequest) as caught:
        use()
    assert caught.value.field == field
    assert caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"eta": "2"}, "eta"), ({"momentum": "much"}, "momentum"),
        ({"threshold": "-1"}, "threshold"), ({"sigma_low": "little"}, "interval"),
        ({"sigma_low": "5", "sigma_high": "1"}, "interval"),
        ({"sigma_high": "0"}, "interval"), ({"sigma_high": "9999"}, "interval"),
    ],
)  # fmt: skip
def test_numbers_of_refined_guidance_are_judged_too(fields: dict[str, str], at_fault: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        replace(GOOD, projected=True, **fields).request()  # type: ignore[arg-type]
    assert caught.value.field == at_fault


def test_refined_guidance_is_typed_in_part() -> None:
    plain = replace(GOOD, sigma_low="", rescale="0")
    assert plain.request().refinement == Refinement()
    assert replace(plain, eta="nonsense").request().refinement == Refinement()
    above = replace(GOOD, sigma_low="0,3").request().refinement
    assert above.interval == (0.3, Limits.SIGMA[1])
    whole = replace(plain, sigma_high="5", projected=True, momentum="-0.75", rescale="0.7")
    assert whole.request().refinement == Refinement(0.7, Projection(momentum=-0.75), (0.0, 5.0))


@given(
    st.builds(
        GenerationRequest,
        prompt=st.text(min_size=1, max_size=60).map(str.strip).filter(bool),
        duration_s=st.floats(1, 300),
        steps=st.integers(1, 1000),
        guidance=st.floats(0, 30),
        refinement=refinements,
        sampler=st.sampled_from(SamplerName),
        seed=st.integers(0, 2**63 - 1),
        score=st.builds(
            Score,
            tempo_bpm=st.none() | st.floats(40, 240),
            beats_per_bar=st.none() | st.integers(2, 7),
            key=st.none() | st.builds(Key, st.integers(0, 11), st.sampled_from(Mode)),
            chords=st.none() | st.tuples(st.builds(Chord, st.integers(0, 11))),
            drums=st.none() | st.booleans(),
            style=st.none() | st.sampled_from([each.id for each in STYLES]),
            instruments=st.none() | st.just(("piano", "slap bass")),
        ),
    )
)
def test_a_takes_settings_come_back_exactly(request: GenerationRequest) -> None:
    assert Draft.of(request).request() == request


def test_a_locked_seed_stays_and_counts_up(model: RequestModel) -> None:
    model.edit(takes="3")
    assert [r.seed for r in model.build()] == [7, 8, 9]
    assert [r.seed for r in model.build()] == [7, 8, 9]


def test_an_unlocked_seed_is_drawn_anew_after_it_was_used(model: RequestModel) -> None:
    model.lock_seed(False)
    assert model.build()[0].seed == 7
    again = {model.build()[0].seed for _ in range(4)}
    assert again != {7}
    assert model.draft.seed in {str(seed) for seed in again}


def test_the_plan_is_the_one_the_take_will_have(model: RequestModel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(model.planned):
        model.type_text("prompt", "slow lo-fi hip hop with electric piano, 75 bpm")
    assert model.plan is not None
    assert model.plan.tempo_bpm == 75.0
    assert model.plan == plan_for(model.build()[0])


def test_tells_the_words_in_which_a_prompt_is_heard_where_they_are_others(
    undo: QUndoStack, qtbot: QtBot
) -> None:
    model = RequestModel(plan_for, undo, lambda request: restated(request.prompt))
    for prompt, heard in (
        ("some chillhop with rhodes", "lo-fi hip hop with electric piano"),
        ("Lo-fi hip hop with electric piano", ""),
        ("", ""),
    ):
        with qtbot.waitSignal(model.planned):
            model.type_text("prompt", prompt)
        assert model.heard_as == heard


def test_an_empty_prompt_is_left_alone_until_it_is_revealed(
    model: RequestModel, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(model.planned):
        model.type_text("prompt", "")
    assert (model.marked, model.plan) == (None, None)
    with pytest.raises(InvalidRequest) as caught:
        model.build()
    model.reveal(caught.value)
    assert model.marked is caught.value
    with qtbot.waitSignal(model.planned):
        model.type_text("prompt", "a")
    assert model.marked is None


def test_a_refused_click_changes_nothing_and_its_mark_stays(
    model: RequestModel, qtbot: QtBot
) -> None:
    model.lock_seed(False)
    model.build()
    used = model.draft
    model.type_text("prompt", "")
    with pytest.raises(InvalidRequest) as caught:
        model.build()
    model.reveal(caught.value)
    qtbot.wait(3 * request_module.PLAN_AFTER_MS)
    assert model.marked is caught.value
    assert model.draft == replace(used, prompt="")


def test_a_bad_field_is_marked_even_under_an_empty_prompt(
    model: RequestModel, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(model.planned):
        model.edit(prompt="", steps="100000")
    assert model.marked is not None
    assert model.marked.field == "steps"


def test_a_drag_is_one_undo_step(model: RequestModel, undo: QUndoStack) -> None:
    for length in ("11", "12", "13"):
        model.edit(duration_s=length)
    model.edit(steps="30")
    assert (undo.count(), undo.undoText()) == (2, "Change the steps")
    undo.undo()
    undo.undo()
    assert (model.draft.duration_s, model.draft.steps) == ("10", "25")


def test_later_changes_are_steps_of_their_own(
    model: RequestModel, undo: QUndoStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edits, "MERGE_WITHIN_S", -1.0)
    model.edit(duration_s="11")
    model.edit(duration_s="12")
    undo.undo()
    assert model.draft.duration_s == "11"


def test_undo_leaves_other_fields_alone(model: RequestModel, undo: QUndoStack) -> None:
    model.edit(duration_s="20")
    model.type_text("prompt", "typed meanwhile")
    undo.undo()
    assert (model.draft.duration_s, model.draft.prompt) == ("10", "typed meanwhile")


def test_prompts_are_recalled_like_a_shells(model: RequestModel) -> None:
    for prompt in ("one", "two", "three", "two"):
        model.type_text("prompt", prompt)
        model.build()
    assert model.prompts == ["one", "three", "two"]
    seen = []
    for direction in (-1, -1, -1, +1, +1, +1):
        model.recall(direction)
        seen.append(model.draft.prompt)
    assert seen == ["three", "one", "one", "three", "two", "two"]


def test_a_loop_has_its_bars_and_other_music_its_length() -> None:
    loop = replace(GOOD, stem="bass", loop="on", bars="4 bars").request()
    assert (loop.score.stem, loop.score.loop, loop.score.bars) == (Stem.BASS, True, 4)
    assert replace(GOOD, loop="off", bars="nonsense").request().score == Score(loop=False)
    assert Draft.of(loop).request().score == loop.score
    piece = GenerationRequest("x", score=Score(bars=7, loop=False, stem=Stem.MIX), over="/a.wav")
    draft = Draft.of(piece)
    assert (draft.bars, draft.loop, draft.stem, draft.over) == ("", "off", "mix", "/a.wav")


def test_an_old_drafts_fields_are_kept_and_the_new_ones_open() -> None:
    stored = {"prompt": "old", "tempo_bpm": "80", "drums": "without", "takes": "2"}
    draft = Draft.from_stored(stored)
    assert (draft.prompt, draft.tempo_bpm, draft.drums) == ("old", "80", "without")
    assert (draft.stem, draft.loop, draft.bars, draft.over) == ("", "", "", "")
    wrong = Draft.from_stored({"stem": "kazoo", "loop": True, "bars": 4, "over": None})
    assert wrong == Draft()
