"""Where clips come from: the synthesizer, which plays pieces, and makers, which are asked.

Everything is listened to once and kept in the store, so that a report that was interrupted goes
on, and the next one begins with the renders of the last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from typing import Any

import numpy as np
import torch

from engine.api import GenerationRequest
from engine.codecs.base import Codec
from engine.score import Key, Mode, Score, Stem, parse_chords
from engine.training.corpus.piece import Piece
from engine.training.corpus.render import Renderer
from engine.training.latents import HEADROOM_DB
from engine.training.listening.heard import Heard, Sound, hear
from engine.training.listening.store import Store, corpus_print
from engine.training.workers import on_one_thread, worker_pool

Generate = Callable[[GenerationRequest], tuple[Sound, Score]]
Tick = Callable[[], object]


@dataclass(frozen=True, eq=False)
class Made:
    """A clip as it was heard, and the score that it was to keep to."""

    heard: Heard
    score: Score


@dataclass(frozen=True)
class Maker:
    """A model with its settings. `name` holds all that decides what it makes.

    Without a store everything is made anew.
    """

    name: str
    generate: Generate
    store: Store | None = None

    def make(self, request: GenerationRequest) -> Made:
        name = f"made/{self.name}/{corpus_print()}/{request}"
        anew = partial(self._hear, request)
        heard = self.store.get(name, anew) if self.store else anew()
        return Made(heard, score_from(json.loads(heard.told)))

    def _hear(self, request: GenerationRequest) -> Heard:
        sound, score = self.generate(request)
        return replace(hear(sound, bool(score.loop)), told=json.dumps(score_json(score)))


class Studio:
    """Plays pieces, in `workers` processes beside this one; 0 plays in this one."""

    def __init__(self, store: Store, workers: int = 2) -> None:
        self.store, self.workers = store, workers

    def play(self, pieces: Sequence[Piece], tick: Tick = lambda: None) -> list[Made]:
        names = [render_name(piece) for piece in pieces]
        found = {p: heard for p, name in enumerate(names) if (heard := self.store.find(name))}
        for _ in found:
            tick()
        missing = [place for place in range(len(pieces)) if place not in found]
        for place, heard in zip(missing, self._heard([pieces[p] for p in missing]), strict=True):
            heard.save(self.store.path(names[place]))
            found[place] = heard
            tick()
        return [Made(found[place], piece.score) for place, piece in enumerate(pieces)]

    def _heard(self, pieces: list[Piece]) -> Iterator[Heard]:
        if self.workers == 0 or not pieces:
            yield from map(listen_to, pieces)
            return
        with worker_pool(self.workers, on_one_thread) as pool:
            yield from pool.map(listen_to, pieces)


def listen_to(piece: Piece) -> Heard:
    return hear(_renderer().render(piece), piece.loop)


def coded(pieces: Sequence[Piece], codec: Codec, tick: Tick = lambda: None) -> list[Made]:
    """The pieces through `codec`: what is lost without any denoiser."""
    found = []
    for piece in pieces:
        sound = through(codec, _renderer().render(piece), piece.loop)
        found.append(Made(hear(sound, piece.loop), piece.score))
        tick()
    return found


@torch.inference_mode()
def through(codec: Codec, sound: Sound, loop: bool) -> Sound:
    """(frames, 2), encoded as for training and decoded."""
    audio = torch.from_numpy(sound.T * np.float32(10 ** (-HEADROOM_DB / 20)))[None]
    latents = codec.encode(audio, circular=loop)
    return codec.decode(latents, audio.shape[-1], circular=loop)[0].float().numpy().T


@cache
def _renderer() -> Renderer:
    """One for each process: opening a soundfont costs as much as seconds of music."""
    return Renderer()


def render_name(piece: Piece) -> str:
    """Everything but the notes, which follow from it."""
    parts = [(part.role, part.program) for part in piece.parts]
    return (
        f"render/{corpus_print()}/{piece.seed}/{piece.style}/{piece.stem}/{piece.duration_s}/"
        f"{piece.score}/{piece.sections}/{parts}"
    )


def score_json(score: Score) -> dict[str, Any]:
    plain = {part.name: getattr(score, part.name) for part in fields(score)}
    return plain | {
        "key": score.key and f"{score.key.tonic} {score.key.mode}",
        "chords": score.chords and score.chord_names,
    }


def score_from(plain: dict[str, Any]) -> Score:
    """The inverse of `score_json`."""
    key, chords, stem = plain["key"], plain["chords"], plain["stem"]
    if key:
        tonic, mode = key.split()
        key = Key(int(tonic), Mode(mode))
    return Score(
        **plain | {
            "key": key, "chords": parse_chords(chords) if chords else None,
            "stem": Stem(stem) if stem else None,
        }
    )  # fmt: skip
