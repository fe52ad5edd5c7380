"""The fields of the panel as they were typed, and the request they would become.

The fields may hold anything; `Draft.request` turns them into a request or raises the
`InvalidRequest` that names the field at fault. Nothing typed is ever corrected silently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

from engine.api import (
    STYLES,
    GenerationRequest,
    Key,
    Limits,
    Projection,
    Refinement,
    SamplerName,
    ScheduleName,
    Score,
    Stem,
    parse_chords,
    parse_instruments,
)
from engine.errors import InvalidRequest

MOST_TAKES = 99
DRUMS: dict[str, bool | None] = {"": None, "with": True, "without": False}
LOOPS: dict[str, bool | None] = {"": None, "on": True, "off": False}
_BARS_WORD = re.compile(r"\s*bars?\s*$", re.IGNORECASE)
_CHOICES: dict[str, list[Any]] = {
    "sampler": list(SamplerName),
    "schedule": list(ScheduleName),
    "drums": list(DRUMS),
    "stem": ["", *Stem],
    "loop": list(LOOPS),
    "style": ["", *(each.id for each in STYLES)],
}


@dataclass(frozen=True)
class Draft:
    """The fields as text; an empty part of the score is left to the planner.

    `bars` counts for a loop alone: other music lasts `duration_s`. `over` is the path of the
    sound file that is played over, "" for none.
    """

    prompt: str = ""
    negative_prompt: str = ""
    duration_s: str = "10"
    steps: str = "25"
    guidance: str = "3.5"
    rescale: str = "0"
    projected: bool = False
    eta: str = "0"
    momentum: str = "-0.5"
    threshold: str = "0.2"
    sigma_low: str = "1"
    sigma_high: str = ""
    sampler: str = SamplerName.UNIPC.value
    schedule: str = ScheduleName.EXPONENTIAL.value
    tempo_bpm: str = ""
    key: str = ""
    beats_per_bar: str = ""
    chords: str = ""
    drums: str = ""
    stem: str = ""
    loop: str = ""
    bars: str = ""
    style: str = ""
    instruments: str = ""
    over: str = ""
    seed: str = ""
    seed_locked: bool = False
    takes: str = "1"
    model: str = "house"

    @classmethod
    def from_stored(cls, stored: Any) -> Draft:
        """What can be used of a stored draft; the rest keeps its default."""
        given: dict[str, Any] = {}
        for each in fields(cls) if isinstance(stored, dict) else ():
            value = stored.get(each.name)
            choices = _CHOICES.get(each.name)
            offered = choices is None or value in choices
            if type(value) is type(each.default) and offered:
                given[each.name] = value
        return cls(**given)

    @classmethod
    def of(cls, request: GenerationRequest, takes: str = "1") -> Draft:
        """The fields that lead to `request`; its seed comes locked."""
        return cls(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            duration_s=plain(request.duration_s),
            steps=str(request.steps),
            guidance=plain(request.guidance),
            **_refinement_fields(request.refinement),
            sampler=request.sampler.value,
            schedule=request.schedule.value,
            **score_fields(request.score),
            over=request.over,
            seed="" if request.seed is None else str(request.seed),
            seed_locked=request.seed is not None,
            takes=takes,
            model=request.model,
        )

    def request(self) -> GenerationRequest:
        """Raises `InvalidRequest`, naming the field, for what cannot be used."""
        return GenerationRequest(
            prompt=self.prompt.strip(),
            negative_prompt=self.negative_prompt.strip(),
            duration_s=number("duration_s", self.duration_s),
            steps=whole("steps", self.steps),
            guidance=number("guidance", self.guidance),
            refinement=self.refinement(),
            sampler=SamplerName(self.sampler),
            schedule=ScheduleName(self.schedule),
            score=self.score(),
            seed=whole("seed", self.seed) if self.seed.strip() else None,
            model=self.model,
            over=self.over,
        )

    def refinement(self) -> Refinement:
        """An end of the interval that is left empty is the limit's."""
        low, high = self.sigma_low.strip(), self.sigma_high.strip()
        least, most = Limits.SIGMA
        interval = (
            number("interval", low) if low else least,
            number("interval", high) if high else most,
        )
        return Refinement(
            rescale=number("rescale", self.rescale),
            projection=self._projection() if self.projected else None,
            interval=interval if low or high else None,
        )

    def _projection(self) -> Projection:
        return Projection(
            number("eta", self.eta),
            number("momentum", self.momentum),
            number("threshold", self.threshold),
        )

    def score(self) -> Score:
        tempo = self.tempo_bpm.lower().removesuffix("bpm").strip()
        bars = _BARS_WORD.sub("", self.bars).strip() if LOOPS[self.loop] is not False else ""
        return Score(
            tempo_bpm=number("tempo_bpm", tempo) if tempo else None,
            beats_per_bar=whole("beats_per_bar", self.beats_per_bar)
            if self.beats_per_bar
            else None,
            key=Key.parse(self.key) if self.key.strip() else None,
            chords=parse_chords(self.chords) or None,
            bars=whole("bars", bars) if bars else None,
            drums=DRUMS[self.drums],
            stem=Stem(self.stem) if self.stem else None,
            loop=LOOPS[self.loop],
            style=self.style or None,
            instruments=parse_instruments(self.instruments) or None,
        )

    def take_count(self) -> int:
        """How many takes one click makes. Raises `InvalidRequest`."""
        takes = whole("takes", self.takes)
        if not 1 <= takes <= MOST_TAKES:
            raise InvalidRequest(
                "takes", f"{takes} takes is out of range.", f"Choose 1 to {MOST_TAKES}."
            )
        return takes


def drums_word(drums: bool | None) -> str:
    """The value of the field that stands for `drums`."""
    return next(word for word, meant in DRUMS.items() if meant is drums)


def loop_word(loop: bool | None) -> str:
    """The value of the field that stands for `loop`."""
    return next(word for word, meant in LOOPS.items() if meant is loop)


def score_fields(score: Score) -> dict[str, Any]:
    """The fields that lead to `score`. Bars are told of a loop, which lasts them."""
    return {
        "tempo_bpm": plain(score.tempo_bpm) if score.tempo_bpm else "",
        "key": str(score.key) if score.key else "",
        "beats_per_bar": str(score.beats_per_bar) if score.beats_per_bar else "",
        "chords": score.chord_names,
        "drums": drums_word(score.drums),
        "stem": score.stem.value if score.stem else "",
        "loop": loop_word(score.loop),
        "bars": str(score.bars) if score.loop and score.bars else "",
        "style": score.style or "",
        "instruments": ", ".join(score.instruments or ()),
    }


def _refinement_fields(refinement: Refinement) -> dict[str, Any]:
    projection = refinement.projection or Projection()
    return {
        "rescale": plain(refinement.rescale),
        "projected": refinement.projection is not None,
        "eta": plain(projection.eta),
        "momentum": plain(projection.momentum),
        "threshold": plain(projection.threshold),
        **interval_fields(refinement.interval),
    }


def interval_fields(interval: tuple[float, float] | None) -> dict[str, str]:
    """The ends of what is guided; empty where all is, and an upper end that is the limit."""
    if interval is None:
        return {"sigma_low": "", "sigma_high": ""}
    low, high = interval
    return {"sigma_low": plain(low), "sigma_high": plain(high) if high < Limits.SIGMA[1] else ""}


def number(field: str, text: str) -> float:
    """Read a number with a decimal point or comma. Raises `InvalidRequest`."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise InvalidRequest(
            field, f"“{text}” is not a number.", "Write digits, for example 12 or 7.5."
        ) from None


def plain(value: float) -> str:
    """The shortest text that reads back as `value`: 10 for 10.0."""
    return repr(float(value)).removesuffix(".0")


def whole(field: str, text: str) -> int:
    """Read a whole number. Raises `InvalidRequest`."""
    try:
        return int(text.strip())
    except ValueError:
        raise InvalidRequest(
            field, f"“{text}” is not a whole number.", "Write digits only, for example 25."
        ) from None
