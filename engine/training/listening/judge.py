"""A sound held against what it was asked to be: one figure for each promise, 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.score import Stem
from engine.styles import style as style_by_id
from engine.training.corpus.composer import compose
from engine.training.corpus.piece import MIX, ROLES, Piece
from engine.training.listening import rhythm
from engine.training.listening.asked import CLIP_S, STYLE_ROUND, Asked
from engine.training.listening.classifier import (
    PARTS,
    Ear,
    families_among,
    parts_among,
    train_ear,
)
from engine.training.listening.features import features
from engine.training.listening.harmony import HarmonyEar, train_harmony
from engine.training.listening.studio import Made, Studio, Tick

FIRST_SEED = 7_100_000  # of the renders that teach
TEMPO = "tempo within 1 % or its octave"
GRID = "onsets on the asked sixteenths"
DRUMS = "drums present or absent as asked"
KEY = "key as asked"
CHORDS = "chords as asked, by bar"
STYLE = "style as asked"
INSTRUMENTS = "named instruments, less strange ones"
FAULTLESS = "not silent, clipped or NaN"
FIGURES = (TEMPO, GRID, DRUMS, KEY, CHORDS, STYLE, INSTRUMENTS, FAULTLESS)
PURITY = "stems: other parts silent"

Figures = dict[str, float]


@dataclass(frozen=True, eq=False)
class Listener:
    """What tells a style, instruments, parts, chords and keys, learnt from renders alone."""

    ear: Ear
    harmony: HarmonyEar

    def figures(
        self, made: Sequence[Made], asked: Sequence[Asked], plain: bool = False
    ) -> list[Figures]:
        """For each clip of a whole arrangement; nan where nothing can be said."""
        if not made:
            return []
        rows = feature_rows(made)
        styles, parts = self.ear.styles(rows), self.ear.parts_heard(rows)
        families = self.ear.families_heard(rows)
        return [
            self._rhythm_and_harmony(one, want)
            | {
                DRUMS: float(parts[i][0] == bool(one.score.drums)),
                STYLE: float(styles[i] == want.piece.style),
                INSTRUMENTS: instruments_kept(families[i], want, plain),
                FAULTLESS: float(not one.heard.faults),
            }
            for i, (one, want) in enumerate(zip(made, asked, strict=True))
        ]

    def _rhythm_and_harmony(self, made: Made, asked: Asked) -> Figures:
        heard, score = made.heard, made.score
        bpm, piece = score.tempo_bpm or 120.0, asked.piece
        steps = style_by_id(piece.style).swing_steps
        grid = rhythm.on_grid(heard.envelope, bpm, piece.swing, steps)
        return {
            TEMPO: float(rhythm.same_tempo(rhythm.tempo_bpm(heard.envelope), bpm)),
            GRID: 0.0 if np.isnan(grid) else grid,
            KEY: float(self.harmony.key(heard.pitches) == score.key),
            CHORDS: self.harmony.chords_kept(heard.pitches, score),
        }

    def purity(self, made: Sequence[Made], stems: Sequence[Asked]) -> list[float]:
        """For each stem, the share of the parts that are not its own and are not heard."""
        if not made:
            return []
        heard = self.ear.parts_heard(feature_rows(made))
        found = []
        for one, want, there in zip(made, stems, heard, strict=True):
            others = ~parts_among({want.piece.stem})
            silent = float(np.mean(~there[others]))
            found.append(0.0 if one.heard.faults else silent)
        return found


def instruments_kept(families: NDArray[np.bool_], asked: Asked, plain: bool) -> float:
    """Share of the named families that are heard, less the share of the strange ones that are.

    Strange are those that the style does not use. 0 for chance, 1 for all and nothing else
    (Youden 1950); nan where no instrument is named.
    """
    named = families_among(asked.programs(plain))
    if not named.any():
        return float("nan")
    style = style_by_id(asked.piece.style)
    usual = families_among(tuple(each.program for each in style.instruments))
    strange = ~(named | usual)
    return float(families[named].mean() - families[strange].mean())


def feature_rows(made: Sequence[Made]) -> NDArray[np.float64]:
    """(clips, features)"""
    return np.stack([features(one.heard.picture) for one in made])


def train_listener(studio: Studio, count: int, tick: Tick = lambda: None) -> Listener:
    """Taught by `count` renders, the styles in turn, a third of them single parts."""
    pieces = lessons(count)
    made = studio.play(pieces, tick)
    whole = [(one, piece) for one, piece in zip(made, pieces, strict=True) if piece.stem == MIX]
    return Listener(
        train_ear(feature_rows(made), pieces),
        train_harmony([one.heard.pitches for one, _ in whole], [p.score for _, p in whole]),
    )


def lessons(count: int) -> list[Piece]:
    return [lesson(number) for number in range(count)]


def lesson(number: int) -> Piece:
    rounds = number // len(STYLE_ROUND)
    alone = rounds % 3 == 2
    piece = compose(
        FIRST_SEED + number, style=STYLE_ROUND[number % len(STYLE_ROUND)], duration_s=CLIP_S,
        formed=not alone,
    )  # fmt: skip
    if not alone:
        return piece
    roles = [role for role in ROLES if any(part.role == role for part in piece.parts)]
    return piece.alone(roles[(number + rounds) % len(roles)])


assert PARTS[0] == Stem.DRUMS
