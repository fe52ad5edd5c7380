"""Settings survive the way through JSON, and foreign JSON is refused in words."""

import json

import pytest
from hypothesis import given

from engine.api import GenerationRequest, Projection, Refinement
from engine.audio.settings import holds_settings, request_from_json, request_to_json
from engine.errors import InvalidRequest
from tests.engine.audio.strategies import any_text, requests

GOOD = json.loads(request_to_json(GenerationRequest("slow jazz")))


@given(requests)
def test_every_request_comes_back_equal(request_: GenerationRequest) -> None:
    text = request_to_json(request_)
    assert text.isascii()
    assert "\n" not in text
    assert holds_settings(text)
    assert request_from_json(text) == request_


def changed(**values: object) -> str:
    return json.dumps({**GOOD, "request": {**GOOD["request"], **values}})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "[" * 100_000,
        json.dumps({"application": "another", "version": 1}),
        json.dumps({**GOOD, "request": None}),
        changed(prompt=3),
        changed(steps=2.5),
        changed(steps=True),
        changed(guidance="3"),
        changed(sampler="magic"),
        changed(score={}),
        changed(guidance=float("nan")),
        changed(duration_s=1e9),
        changed(refinement=3),
        changed(refinement={"rescale": "0.5"}),
        changed(refinement={"rescale": 2.0}),
        changed(refinement={"interval": [5.0]}),
        changed(refinement={"interval": [5.0, 1.0]}),
        changed(refinement={"projection": {"eta": None}}),
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        request_from_json(text)
    assert caught.value.remedy


@given(any_text)
def test_no_text_raises_anything_else(text: str) -> None:
    with pytest.raises(InvalidRequest):
        request_from_json(text)


def test_a_newer_version_says_so() -> None:
    with pytest.raises(InvalidRequest, match="newer version"):
        request_from_json(json.dumps({**GOOD, "version": 99}))


def test_settings_from_before_refinements_have_none() -> None:
    old = {name: value for name, value in GOOD["request"].items() if name != "refinement"}
    text = json.dumps({**GOOD, "request": old})
    assert request_from_json(text) == GenerationRequest("slow jazz")


def test_fields_of_the_future_are_ignored() -> None:
    assert request_from_json(changed(brightness=0.5)) == GenerationRequest("slow jazz")
    projected = {"projection": {"eta": 0.1, "twist": 1}, "zeal": 2}
    assert request_from_json(changed(refinement=projected)).refinement == Refinement(
        projection=Projection(eta=0.1)
    )
