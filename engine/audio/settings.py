"""A generation's settings as JSON: the one text form, inside audio files and in the library.

The text is ASCII (any prompt survives any metadata encoding) and carries a version. Fields that
a later version may add are ignored; a value out of range is refused as `GenerationRequest` does.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from engine.api import (
    Chord,
    GenerationRequest,
    Key,
    Mode,
    Projection,
    Refinement,
    SamplerName,
    ScheduleName,
    Score,
    Stem,
    parse_instruments,
    parse_style,
)
from engine.errors import InvalidRequest

APPLICATION = "undertone"
VERSION = 1

_TYPES: dict[str, tuple[type, ...]] = {
    "prompt": (str,), "negative_prompt": (str,), "model": (str,), "over": (str,),
    "previews": (bool,),
    "duration_s": (float, int), "guidance": (float, int), "steps": (int,),
    "seed": (int, type(None)), "drums": (bool, type(None)), "rescale": (float, int),
    "eta": (float, int), "momentum": (float, int), "threshold": (float, int),
    "interval": (float, int), "loop": (bool, type(None)),
}  # fmt: skip


def request_to_json(request: GenerationRequest) -> str:
    """The whole request, seed and score included, on one ASCII line."""
    values = {field.name: getattr(request, field.name) for field in fields(request)}
    values["refinement"] = asdict(request.refinement)
    values["score"] = _score_to_plain(request.score)
    return json.dumps({"application": APPLICATION, "version": VERSION, "request": values})


def request_from_json(text: str) -> GenerationRequest:
    """The inverse of `request_to_json`. Raises `InvalidRequest` for any other text."""
    try:
        plain = json.loads(text)
        if plain["application"] != APPLICATION or plain["version"] > VERSION:
            raise InvalidRequest(
                "settings",
                "These settings were written by a newer version of Undertone.",
                "Update Undertone to use them.",
            )
        values = dict(plain["request"])
        values["sampler"] = SamplerName(values["sampler"])
        values["schedule"] = ScheduleName(values["schedule"])
        values["refinement"] = _refinement_from_plain(values.get("refinement", {}))
        values["score"] = _score_from_plain(values["score"])
        known = {field.name for field in fields(GenerationRequest)}
        return GenerationRequest(**{k: _checked(k, v) for k, v in values.items() if k in known})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidRequest(
            "settings",
            "The settings in this file are damaged.",
            "Use a file that Undertone exported and that was not changed since.",
        ) from error


def holds_settings(text: str) -> bool:
    """Whether `text` looks like ours at all: other programs write comments too."""
    return text.startswith(f'{{"application": "{APPLICATION}"')


def _checked(name: str, value: Any) -> Any:
    """`value`, or TypeError where a file holds another type than the field's."""
    if name in _TYPES and type(value) not in _TYPES[name]:
        raise TypeError(f"{name} is {type(value).__name__}")
    return value


def _refinement_from_plain(plain: dict[str, Any]) -> Refinement:
    """Empty in files from before there was one."""
    projection, interval = plain.get("projection"), plain.get("interval")
    return Refinement(
        rescale=_checked("rescale", plain.get("rescale", 0.0)),
        projection=None if projection is None else _projection_from_plain(projection),
        interval=None if interval is None else _interval_from_plain(interval),
    )


def _interval_from_plain(plain: list[Any]) -> tuple[float, float]:
    low, high = (_checked("interval", level) for level in plain)
    return low, high


def _projection_from_plain(plain: dict[str, Any]) -> Projection:
    known = [field.name for field in fields(Projection) if field.name in plain]
    return Projection(**{name: _checked(name, plain[name]) for name in known})


def _score_to_plain(score: Score) -> dict[str, Any]:
    return {
        "tempo_bpm": score.tempo_bpm,
        "beats_per_bar": score.beats_per_bar,
        "key": score.key and {"tonic": score.key.tonic, "mode": score.key.mode.value},
        "chords": score.chords and [[chord.root, chord.quality] for chord in score.chords],
        "bars": score.bars,
        "drums": score.drums,
        "stem": score.stem,
        "loop": score.loop,
        "style": score.style,
        "instruments": score.instruments and list(score.instruments),
    }


def _score_from_plain(plain: dict[str, Any]) -> Score:
    key, chords, stem = plain["key"], plain["chords"], plain.get("stem")
    style, players = plain.get("style"), plain.get("instruments")
    return Score(
        tempo_bpm=plain["tempo_bpm"],
        beats_per_bar=plain["beats_per_bar"],
        key=None if key is None else Key(int(key["tonic"]), Mode(key["mode"])),
        chords=None if chords is None else tuple(Chord(int(r), str(q)) for r, q in chords),
        bars=plain["bars"],
        drums=_checked("drums", plain.get("drums")),  # none of these in the first version's files
        stem=None if stem is None else Stem(stem),
        loop=_checked("loop", plain.get("loop")),
        style=None if style is None else parse_style(style),
        instruments=None if players is None else parse_instruments(", ".join(players)),
    )
