"""What a model is asked for in the report: requests that training never met, with their truth.

The composer writes a piece from a seed that no other stage uses; a prompt is written about it in
wordings and words held out of training. The piece itself, played by the synthesizer, is the real
render that the answer is held against.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from engine.api import GenerationRequest
from engine.instruments import instruments_in
from engine.score import Score, Stem
from engine.styles import STYLES
from engine.styles import style as style_by_id
from engine.training.corpus.composer import LOOP_BARS, compose
from engine.training.corpus.piece import MIX, Piece
from engine.training.corpus.prompts import TEMPLATES, held_out_prompt, write_prompt
from engine.training.corpus.wording import STEM_TEMPLATES

FIRST_SEED = 7_000_000  # no other stage's pieces begin there
UNREPORTED = 1_000
"""The first mix that is kept for choosing by: the report's would flatter what was chosen there."""
CLIP_S = 10.0
STYLE_ROUND = tuple(style.id for style in STYLES)
_STEM_SEEDS, _LOOP_SEEDS, _OTHER_SEEDS, _MANY_SEEDS = (
    20_000,
    30_000,
    40_000,
    50_000,
)  # from FIRST_SEED on
_PLAIN = "[{mood} ]{style}[ {with}][, {tempo}]"
_PLAIN_STEM = "{stem} only[, {style}][, {tempo}][, {key}]"
assert _PLAIN in TEMPLATES
assert _PLAIN_STEM in STEM_TEMPLATES


@dataclass(frozen=True)
class Asked:
    """One request: a piece's truth, two wordings of it, and what is fixed beside the words."""

    piece: Piece
    text: str
    plain: str
    given: Score

    def request(self, plain: bool = False, seed: int | None = None) -> GenerationRequest:
        return GenerationRequest(
            self.plain if plain else self.text,
            duration_s=CLIP_S,
            score=self.given,
            seed=self.piece.seed if seed is None else seed,
        )

    def programs(self, plain: bool = False) -> tuple[int, ...]:
        """The General MIDI programs that the words name."""
        found = instruments_in(self.plain if plain else self.text)
        return tuple(each.program for each in found)


def mixes(count: int, first: int = 0) -> list[Asked]:
    """Whole arrangements, the styles in turn. Every other request fixes the score by hand, as
    `--bpm`, `--key` and `--chords` do; the rest says what it wants in words alone."""
    return [
        _asked(_piece(number), fixed=number // len(STYLE_ROUND) % 2 == 0)
        for number in range(first, first + count)
    ]


def other_mixes(count: int, first: int = 0) -> list[Piece]:
    """As many pieces of the same styles that nobody asks for: a second set of real renders."""
    return [_piece(number, FIRST_SEED + _OTHER_SEEDS) for number in range(first, first + count)]


def stems(count: int) -> list[Asked]:
    """Single parts, the roles in turn."""
    found: list[Asked] = []
    wanted = [stem for stem in Stem if stem is not Stem.MIX]
    number = 0
    while len(found) < count:
        piece = _piece(number, FIRST_SEED + _STEM_SEEDS, formed=False)
        role = wanted[(len(found) + len(found) // len(wanted)) % len(wanted)]
        number += 1
        if any(part.role == role for part in piece.parts):
            found.append(_asked(piece.alone(role), fixed=True))
    return found


def loops(count: int) -> list[Asked]:
    """Loops of 1, 2, 4 and 8 bars in turn."""
    return [
        _asked(
            _piece(number, FIRST_SEED + _LOOP_SEEDS, LOOP_BARS[number % len(LOOP_BARS)]),
            fixed=True,
        )
        for number in range(count)
    ]


@dataclass(frozen=True)
class ManySeeds:
    """One prompt that names style, players and tempo, for many seeds; key and chords are free."""

    text: str
    pieces: tuple[Piece, ...]  # the same request, as the composer plays it from each seed

    def requests(self) -> list[GenerationRequest]:
        return [
            GenerationRequest(self.text, duration_s=CLIP_S, seed=piece.seed)
            for piece in self.pieces
        ]


def many_seeds(count: int, number: int = 4) -> ManySeeds:
    """By default lo-fi hip hop: whichever players the composer gave the round's `number`."""
    first = _piece(number, FIRST_SEED + _MANY_SEEDS)
    score, players = first.score, [part.name for part in first.parts]
    pieces = tuple(
        compose(
            first.seed + 1_000 * (1 + place), style=first.style, tempo_bpm=score.tempo_bpm,
            parts=first.parts, duration_s=CLIP_S, beats_per_bar=score.beats_per_bar,
        )
        for place in range(count)
    )  # fmt: skip
    title = style_by_id(first.style).title
    text = f"{title} with {', '.join(players)}, {score.tempo_bpm:g} bpm"
    return ManySeeds(text if first.has_drums else f"{text}, no drums", pieces)


def _piece(
    number: int, first_seed: int = FIRST_SEED, loop_bars: int | None = None, formed: bool = True
) -> Piece:
    return compose(
        first_seed + number, style=STYLE_ROUND[number % len(STYLE_ROUND)], duration_s=CLIP_S,
        loop_bars=loop_bars, formed=formed,
    )  # fmt: skip


def _asked(piece: Piece, fixed: bool) -> Asked:
    stem = piece.stem != MIX
    text = held_out_prompt(piece, Random(f"held-out/{piece.seed}"))
    plain = write_prompt(piece, _PLAIN_STEM if stem else _PLAIN, Random(f"plain/{piece.seed}"))
    return Asked(piece, text, plain, _fixed(piece) if fixed else Score())


def _fixed(piece: Piece) -> Score:
    score = replace(
        piece.score, stem=Stem(piece.stem) if piece.stem != MIX else None, loop=piece.loop or None
    )
    return score if piece.loop else replace(score, bars=None)
