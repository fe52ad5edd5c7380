"""Motifs, and what is done to them: a rhythm and a contour, repeated, moved, turned, ornamented.

The operations are those of every book on melody and thematic work (Schoenberg, *Fundamentals of
Musical Composition*): sequence, inversion, fragment, ornament, a new ending.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

MOTIF_BARS = 2
Onset = tuple[int, int, int]  # (bar of the motif, step, length)


@dataclass(frozen=True)
class Motif:
    rhythm: tuple[Onset, ...]
    contour: tuple[int, ...]  # scale steps from the motif's first note
    shift: int = 0  # scale steps that the whole is moved by


def _rise(x: float) -> float:
    return x


def _arch(x: float) -> float:
    return 1.3 * (1 - (2 * x - 1) ** 2)


def _wave(x: float) -> float:
    return 0.8 if 0.2 < x < 0.45 else -0.8 if 0.6 < x < 0.85 else 0.0


# Contours by where a note stands in its motif, 0 to 1, as a share of the melody's reach. Arches
# are the commonest in song (Huron 1996).
SHAPES: dict[str, Callable[[float], float]] = {
    "arch": _arch,
    "rise": _rise,
    "fall": lambda x: -x,
    "valley": lambda x: -_arch(x),
    "wave": _wave,
    "plain": lambda x: 0.0,
}
_SHAPE_WEIGHTS = (4, 2, 3, 1, 2, 2)
_REACH = 4  # scale steps


def contour(length: int, rng: Random, shape: str | None = None) -> tuple[int, ...]:
    """`length` scale steps from 0 on: mostly steps along a shape, and after a leap back."""
    name = shape or rng.choices(list(SHAPES), _SHAPE_WEIGHTS)[0]
    aim = SHAPES[name]
    line, move = [0], 0
    for i in range(1, length):
        away = round(_REACH * aim(i / max(length - 1, 1))) - line[-1]
        if abs(move) > 2:
            move = -1 if move > 0 else 1
        else:
            towards = 1 if away > 0 else -1 if away < 0 else rng.choice((-1, 1))
            move = towards * rng.choice((1, 1, 1, 1, 1, 0, -1, 2, 3))
        line.append(max(-5, min(6, line[-1] + move)))
    return tuple(line)


def sequenced(motif: Motif, steps: int) -> Motif:
    """The motif moved along the scale."""
    return replace(motif, shift=motif.shift + steps)


def inverted(motif: Motif) -> Motif:
    """Every step turned upside down."""
    return replace(motif, contour=tuple(-step for step in motif.contour))


def fragment(motif: Motif) -> Motif:
    """The motif's first bar alone; the second rests. A motif without a first bar stays whole."""
    kept = sum(onset[0] == 0 for onset in motif.rhythm)
    return (
        replace(motif, rhythm=motif.rhythm[:kept], contour=motif.contour[:kept]) if kept else motif
    )


def new_ending(motif: Motif, rng: Random) -> Motif:
    """The same rhythm and opening, another second half."""
    kept = len(motif.contour) // 2
    tail = contour(len(motif.contour) - kept + 1, rng)[1:]
    base = motif.contour[kept - 1] if kept else 0
    return replace(motif, contour=(*motif.contour[:kept], *(base + step for step in tail)))


def ornamented(motif: Motif, rng: Random) -> Motif:
    """One longer note split in two: the second is its neighbour, on the way to what follows."""
    long = [i for i, (_, _, length) in enumerate(motif.rhythm) if length >= 4]
    if not long:
        return motif
    i = rng.choice(long)
    bar, step, length = motif.rhythm[i]
    half = length // 2
    first, second = (bar, step, half), (bar, step + half, length - half)
    degree = motif.contour[i]
    following = motif.contour[i + 1] if i + 1 < len(motif.contour) else degree - 1
    neighbour = degree + (1 if following > degree else -1)
    return replace(
        motif,
        rhythm=(*motif.rhythm[:i], first, second, *motif.rhythm[i + 1 :]),
        contour=(*motif.contour[:i], degree, neighbour, *motif.contour[i + 1 :]),
    )


def developed(motif: Motif, rng: Random) -> Motif:
    """The motif as it comes back later: mostly itself, or one operation away."""
    match rng.choices(
        ("same", "sequence", "ending", "ornament", "fragment", "inversion"), (4, 3, 3, 2, 1, 1)
    )[0]:
        case "sequence":
            return sequenced(motif, rng.choice((-2, -1, 1, 2)))
        case "ending":
            return new_ending(motif, rng)
        case "ornament":
            return ornamented(motif, rng)
        case "fragment":
            return fragment(motif)
        case "inversion":
            return inverted(motif)
    return motif
