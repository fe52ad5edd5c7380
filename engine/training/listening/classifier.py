"""An ear trained on renders alone: which style this is, which instruments play, which parts.

Three linear models on `features`: multinomial logistic regression for the style, independent ones
for families of General MIDI and for parts. They fit in seconds and always alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.score import Stem
from engine.styles import STYLES
from engine.training.corpus.piece import MIX, Piece

STYLE_IDS = tuple(style.id for style in STYLES)
FAMILIES = 16  # of eight General MIDI programs each
PARTS = ("drums", "bass", "above")  # above: chords, lead, pad
_DECAY = 3e-3
_CLIPPED = 5.0  # deviations beyond which a feature says no more
_ROUNDS = 150
_EMBEDDED = 24  # dimensions in which sets are compared

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Linear:
    """Scores are features · weights + bias; above 0 means yes."""

    weights: Matrix  # (features, classes)
    bias: Matrix  # (classes,)

    def __call__(self, rows: Matrix) -> Matrix:
        return rows @ self.weights + self.bias


@dataclass(frozen=True, eq=False)
class Ear:
    """The three models, and the space in which sets of sounds are compared."""

    mean: Matrix
    spread: Matrix
    style: Linear
    families: Linear
    parts: Linear
    axes: Matrix  # (features, dimensions): the principal ones of the renders, of variance 1

    def styles(self, rows: Matrix) -> list[str]:
        """The likeliest style of each row of features."""
        return [STYLE_IDS[each] for each in self.style(self._scaled(rows)).argmax(axis=1)]

    def families_heard(self, rows: Matrix) -> NDArray[np.bool_]:
        """(sounds, FAMILIES)"""
        return self.families(self._scaled(rows)) > 0

    def parts_heard(self, rows: Matrix) -> NDArray[np.bool_]:
        """(sounds, PARTS)"""
        return self.parts(self._scaled(rows)) > 0

    def embedded(self, rows: Matrix) -> Matrix:
        """(sounds, dimensions) for `distances.frechet`."""
        return self._scaled(rows) @ self.axes

    def _scaled(self, rows: Matrix) -> Matrix:
        return np.clip((rows - self.mean) / self.spread, -_CLIPPED, _CLIPPED)


def train_ear(rows: Matrix, pieces: list[Piece]) -> Ear:
    """An ear for (sounds, features) and their truths. Stems teach all but the style."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    scaled = np.clip((rows - mean) / spread, -_CLIPPED, _CLIPPED)
    whole = np.array([piece.stem == MIX for piece in pieces])
    styles = np.array([STYLE_IDS.index(piece.style) for piece in pieces])
    _, lengths, axes = np.linalg.svd(
        scaled[whole] - scaled[whole].mean(axis=0), full_matrices=False
    )
    kept = slice(0, min(_EMBEDDED, int(whole.sum()) - 1))
    deviation = lengths[kept] / np.sqrt(whole.sum())
    return Ear(
        mean, spread,
        style=_fit(scaled[whole], styles[whole], len(STYLE_IDS)),
        families=_fit(scaled, np.stack([families_of(piece) for piece in pieces])),
        parts=_fit(scaled, np.stack([parts_of(piece) for piece in pieces])),
        axes=axes[kept].T / deviation,
    )  # fmt: skip


def families_of(piece: Piece) -> NDArray[np.bool_]:
    programs = [part.program for part in piece.parts if part.role != "drums"]
    return families_among(tuple(programs))


def families_among(programs: tuple[int, ...]) -> NDArray[np.bool_]:
    """(FAMILIES,) which of them General MIDI `programs` lie in."""
    return np.isin(np.arange(FAMILIES), [program // 8 for program in programs])


def parts_of(piece: Piece) -> NDArray[np.bool_]:
    return parts_among({part.role for part in piece.parts})


def parts_among(roles: set[str]) -> NDArray[np.bool_]:
    """(PARTS,) of the composer's roles."""
    above = roles & {Stem.CHORDS, Stem.LEAD, Stem.PAD}
    return np.array(["drums" in roles, "bass" in roles, bool(above)])


def _fit(rows: Matrix, truth: NDArray, classes: int | None = None) -> Linear:
    """Logistic regression by L-BFGS: one class of `classes`, or each column of `truth` alone."""
    x = torch.from_numpy(rows)
    y = torch.from_numpy(truth.astype(np.int64 if classes else np.float64))
    count = classes or truth.shape[1]
    weights = torch.zeros(rows.shape[1], count, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(count, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weights, bias], max_iter=_ROUNDS, history_size=20, line_search_fn="strong_wolfe"
    )
    share = 1 if classes else count

    def loss() -> Tensor:
        optimiser.zero_grad()
        scores = x @ weights + bias
        miss = torch.nn.functional.cross_entropy if classes else _binary
        value = miss(scores, y) + _DECAY * weights.square().sum() / share
        value.backward()
        return value

    with torch.enable_grad():
        optimiser.step(loss)
    return Linear(weights.detach().numpy(), bias.detach().numpy())


def _binary(scores: Tensor, y: Tensor) -> Tensor:
    return torch.nn.functional.binary_cross_entropy_with_logits(scores, y)
