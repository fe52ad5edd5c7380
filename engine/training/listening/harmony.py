"""Chords and keys by templates: one for major and one for minor, laid on each of twelve roots.

The templates are fitted to renders, so that they know how instruments colour a triad: twelve
weights in each of three registers for chords; for keys, as Krumhansl's profiles but over the
chords that are heard and not over pitch classes alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.score import QUALITIES, Chord, Key, Mode, Score
from engine.training.listening.pitches import Pitches, columns_a_second, vector

_CHORD_DECAY, _KEY_DECAY = 1e-4, 1e-3
_ROUNDS = 200
_MODES = (Mode.MAJOR, Mode.MINOR)
_WINDOW_S = 1.0  # of sound in which a blind listener hears one chord
_INSIDE = (0.1, 0.98)  # of a bar; before it the last chord still rings

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Templates:
    """One row of weights for each kind, over groups of twelve; the same for every root."""

    weights: Matrix  # (kinds, groups × 12)
    bias: Matrix  # (kinds,)

    def scores(self, vectors: Matrix) -> Matrix:
        """(n, kinds × 12): all roots of the first kind, then of the next."""
        scores = np.einsum("nrc,kc->nkr", turned(vectors), self.weights)
        return (scores + self.bias[:, None]).reshape(len(vectors), -1)

    def shares(self, vectors: Matrix) -> Matrix:
        """As `scores`, as probabilities."""
        scores = self.scores(vectors)
        grown = np.exp(scores - scores.max(axis=1, keepdims=True))
        return grown / grown.sum(axis=1, keepdims=True)


@dataclass(frozen=True, eq=False)
class HarmonyEar:
    chords: Templates
    keys: Templates

    def key(self, heard: Pitches) -> Key:
        best = int(self.keys.scores(_key_vector(self.chords, heard)[None]).argmax())
        return Key(best % 12, _MODES[best // 12])

    def chords_kept(self, heard: Pitches, score: Score) -> float:
        """Share of the bars in which the asked triad fits best; nan where none can be told."""
        told = bars(heard, score)
        if not told:
            return float("nan")
        found = self.chords.scores(np.stack([each for each, _ in told])).argmax(axis=1)
        return float(
            np.mean([place == asked for place, (_, asked) in zip(found, told, strict=True)])
        )


def train_harmony(heard: list[Pitches], scores: list[Score]) -> HarmonyEar:
    """Fitted to what was heard of whole pieces, and their truth."""
    told = [pair for each, score in zip(heard, scores, strict=True) for pair in bars(each, score)]
    chords = _fit(np.stack([each for each, _ in told]), [place for _, place in told], _CHORD_DECAY)
    keyed = [(each, s.key) for each, s in zip(heard, scores, strict=True) if s.key is not None]
    places = [12 * _MODES.index(key.mode) + key.tonic for _, key in keyed]
    return HarmonyEar(
        chords, _fit(np.stack([_key_vector(chords, each) for each, _ in keyed]), places, _KEY_DECAY)
    )


def bars(heard: Pitches, score: Score) -> list[tuple[Matrix, int]]:
    """(vector, asked triad's place) of each whole bar whose chord has a perfect fifth."""
    bar_s = score.seconds_per_bar
    if bar_s is None or not score.chords:
        return []
    time_s = np.arange(heard.shape[1]) / columns_a_second()
    found = []
    for bar in range(int(time_s[-1] / bar_s + 0.02)):
        here = (time_s >= (bar + _INSIDE[0]) * bar_s) & (time_s < (bar + _INSIDE[1]) * bar_s)
        chord = score.chord_at(bar)
        place = triad(chord) if chord is not None else None
        if place is not None and here.any():
            found.append((vector(heard[:, here]), place))
    return found


def triad(chord: Chord) -> int | None:
    """Root, 12 more for a minor third; None where third or fifth is no triad's."""
    tones = set(QUALITIES[chord.quality])
    if 7 not in tones or not tones & {3, 4}:
        return None
    return chord.root + 12 * (3 in tones)


def _key_vector(chords: Templates, heard: Pitches) -> Matrix:
    """The pitches of all, the chords heard throughout, and the one that it begins with."""
    width = round(_WINDOW_S * columns_a_second())
    starts = range(0, max(1, heard.shape[1] - width // 2), width)
    shares = chords.shares(np.stack([vector(heard[:, s : s + width]) for s in starts]))
    return np.concatenate([vector(heard), shares.mean(axis=0), shares[0]])


def turned(vectors: Matrix) -> Matrix:
    """(n, 12, groups × 12): each vector as it would be with its root r on C."""
    groups = vectors.reshape(len(vectors), -1, 12)
    return np.stack(
        [np.roll(groups, -root, axis=2).reshape(len(vectors), -1) for root in range(12)], axis=1
    )


def _fit(vectors: Matrix, places: list[int], decay: float) -> Templates:
    """Multinomial logistic regression over kinds and roots whose weights all roots share."""
    x, y = torch.from_numpy(turned(vectors)), torch.tensor(places)
    weights = torch.zeros(len(_MODES), x.shape[2], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(len(_MODES), dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=_ROUNDS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        scores = torch.einsum("nrc,kc->nkr", x, weights) + bias[:, None]
        miss = torch.nn.functional.cross_entropy(scores.flatten(1), y)
        value = miss + decay * weights.square().sum()
        value.backward()
        return value

    with torch.enable_grad():
        optimiser.step(loss)
    return Templates(weights.detach().numpy(), bias.detach().numpy())
