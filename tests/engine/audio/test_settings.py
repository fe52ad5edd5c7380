"""Settings survive the way through JSON, and foreign JSON is refused in words."""

import json

import pytest
from hypothesis import given

from engine.api import GenerationRequest
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


def test_fields_of_the_future_are_ignored() -> None:
    assert request_from_json(changed(brightness=0.5)) == GenerationRequest("slow jazz")
