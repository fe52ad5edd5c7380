"""Encoded pieces as the denoiser's training reads them: latents, prompts' tokens, and truths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from engine.score import Chord, Key, Mode, Score, Stem
from engine.training.corpus.piece import MIX


@dataclass(frozen=True, eq=False)
class Pieces:
    """Encoded pieces: latents (N, C, T) and token states (N, prompts, TOKENS, D), both fp16."""

    latents: Tensor
    tokens: Tensor
    lengths: Tensor  # (N, prompts) tokens that count
    truths: list[dict[str, Any]]  # score, style, prompts, …
    over: Tensor | None = None  # (N, C, T) fp16: what a clip is written over, else zeros

    def __len__(self) -> int:
        return len(self.latents)

    @property
    def prompts(self) -> int:
        """How many each piece has."""
        return self.tokens.shape[1]

    def part(self, chosen: slice) -> Pieces:
        """Some of the pieces, as views."""
        return Pieces(
            self.latents[chosen],
            self.tokens[chosen],
            self.lengths[chosen],
            self.truths[chosen],
            None if self.over is None else self.over[chosen],
        )

    def narrowed(self, channels: int) -> Pieces:
        """With the first `channels` latents alone, as views."""
        over = None if self.over is None else self.over[:, :channels]
        return replace(self, latents=self.latents[:, :channels], over=over)

    def score(self, index: int) -> Score:
        return score_from_json(self.truths[index]["score"])

    def stem(self, index: int) -> str:
        """Whom the clip is of: one of `corpus.piece.STEMS`."""
        return str(self.truths[index].get("stem", MIX))

    def has_over(self, index: int) -> bool:
        """Whether the clip is written over something."""
        return self.over is not None and bool(self.truths[index].get("over", False))

    def is_loop(self, index: int) -> bool:
        """Whether the clip is a loop going round: its period is the score's bars."""
        return bool(self.truths[index].get("loop", False))

    def full_bar(self, index: int) -> int:
        """The first bar from which everyone plays for a while: after an intro, or 0."""
        truth = self.truths[index]
        everyone = set(truth.get("parts", ()))
        sections = truth.get("sections", ())
        return next((int(s["first_bar"]) for s in sections if everyone <= set(s["roles"])), 0)

    def style(self, index: int) -> str | None:
        """An id of `engine.styles`, where it is known."""
        return self.truths[index].get("style")

    def players(self, index: int) -> dict[str, list[range]]:
        """The pitched instruments of a piece, each with the bars in which it plays."""
        truth = self.truths[index]
        sections = truth.get("sections", ())
        found: dict[str, list[range]] = {}
        for role, name in truth.get("parts", {}).items():
            if role != "drums":
                bars = [_bars(section) for section in sections if role in section["roles"]]
                found.setdefault(name, []).extend(bars)
        return found

    def drumless_bars(self, index: int) -> list[range]:
        """The bars in which the drums of a piece rest."""
        truth = self.truths[index]
        return [
            _bars(section)
            for section in truth.get("sections", ())
            if truth.get("drums") and "drums" not in section["roles"]
        ]


def _bars(section: Mapping[str, Any]) -> range:
    return range(section["first_bar"], section["first_bar"] + section["bars"])


def score_from_json(values: dict[str, Any]) -> Score:
    key, chords = values["key"], values["chords"]
    return Score(
        tempo_bpm=values["tempo_bpm"],
        beats_per_bar=values["beats_per_bar"],
        key=Key(key["tonic"], Mode(key["mode"])) if key else None,
        chords=tuple(Chord(c["root"], c["quality"]) for c in chords) if chords else None,
        bars=values["bars"],
        drums=values["drums"],
        stem=Stem(values["stem"]) if values.get("stem") else None,
        loop=values.get("loop"),
    )
