"""Examples for ears and eyes: every style as a mix, a stem and a loop, with pictures and truths.

`undertone train corpus --listen 20` writes them and a page that shows them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from random import Random

from engine.styles import STYLES
from engine.training.corpus.composer import LOOP_BARS, compose
from engine.training.corpus.pictures import clip_picture, png
from engine.training.corpus.piece import ROLES, Piece
from engine.training.corpus.prompts import held_out_prompt, prompts_for
from engine.training.corpus.render import SAMPLE_RATE, Renderer
from engine.training.workers import worker_pool

PAGE = "index.html"
_PROMPTS = 3
_LOOP_BARS = tuple(bars for bars in LOOP_BARS if bars > 1)


@dataclass(frozen=True)
class Example:
    """One clip to be written: `kind` is "mix", "stem" or "loop"."""

    number: int
    seed: int
    style: str
    kind: str
    duration_s: float
    out: Path

    @property
    def path(self) -> Path:
        return self.out / f"{self.number:03d}-{self.style}-{self.seed}-{self.kind}.wav"

    @property
    def done(self) -> bool:
        """Whether it is there. The truth is written last."""
        return self.path.with_suffix(".json").exists()

    def piece(self) -> Piece:
        loop_bars = _LOOP_BARS[self.number % len(_LOOP_BARS)] if self.kind == "loop" else None
        piece = compose(
            self.seed, style=self.style, duration_s=self.duration_s, loop_bars=loop_bars,
            formed=self.kind != "stem",
        )  # fmt: skip
        if self.kind != "stem":
            return piece
        roles = [role for role in ROLES if any(part.role == role for part in piece.parts)]
        return piece.alone(roles[self.number % len(roles)])


def listen(
    count: int, out_dir: Path, first_seed: int = 0, duration_s: float = 20.0, workers: int = 0
) -> list[Path]:
    """Write `count` seeds, the styles in turn, each as mix, stem and loop; returns the sounds.

    Beside every WAV lie its truth with prompts (JSON) and its picture (PNG); what is there
    already is kept. `workers` processes share the work, 0 does it in this one.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    examples = [
        Example(i, first_seed + i, STYLES[i % len(STYLES)].id, kind, duration_s, out_dir)
        for i in range(count)
        for kind in ("mix", "stem", "loop")
    ]
    missing = [example for example in examples if not example.done]
    if workers and missing:
        with worker_pool(workers) as pool:
            list(pool.map(write, missing))
    else:
        for example in missing:
            write(example)
    (out_dir / PAGE).write_text("".join(_page(examples)), "utf-8")
    return [example.path for example in examples]


def write(example: Example) -> None:
    """Compose, render and draw one example."""
    import soundfile  # training alone, as on another machine, does without

    piece, rng = example.piece(), Random(example.seed)
    audio = _renderer().render(piece)
    soundfile.write(example.path, audio, SAMPLE_RATE, subtype="PCM_16")
    example.path.with_suffix(".png").write_bytes(png(clip_picture(piece, audio)))
    truth = piece.truth() | {
        "prompts": [prompts_for(piece, rng) for _ in range(_PROMPTS)],
        "held_out_prompt": held_out_prompt(piece, rng),
    }
    text = json.dumps(truth, indent=2, ensure_ascii=False)
    example.path.with_suffix(".json").write_text(text, "utf-8")


@cache
def _renderer() -> Renderer:
    return Renderer()


def _page(examples: list[Example]) -> Iterator[str]:
    yield "<!doctype html><meta charset=utf-8><title>The corpus</title>"
    yield "<style>body{font:14px sans-serif;max-width:1220px;margin:auto}img{width:100%}</style>"
    for example in examples:
        truth = json.loads(example.path.with_suffix(".json").read_text("utf-8"))
        told = (
            f"{truth['tempo_bpm']:g} bpm, {truth['beats_per_bar']}/4, {truth['key']} "
            f"({truth['mode']}), {truth['bars']} bars: {truth['chords']}"
        )
        players = ", ".join(f"{role}: {name}" for role, name in truth["parts"].items())
        form = ", ".join(f"{s['name']} {s['bars']}" for s in truth["sections"])
        looped = " loop" if truth["loop"] else ""
        yield f"<h3>{escape(truth['style'])}, {example.kind} {example.seed}</h3>"
        yield f"<p>{escape(told)}<br>{escape(players)}<br>{escape(form)}</p>"
        yield f"<p><i>{'<br>'.join(map(escape, truth['prompts']))}</i></p>"
        yield f"<audio controls{looped} src='{example.path.name}'></audio>"
        yield f"<img src='{example.path.with_suffix('.png').name}'>"
