"""A page to look through: what was asked, what came, and a real render of the same request."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from engine.training.fidelity.page import png
from engine.training.listening.asked import Asked
from engine.training.listening.findings import Answers, Findings, Questions
from engine.training.listening.heard import Heard
from engine.training.listening.judge import FIGURES, GRID, Figures
from engine.training.listening.studio import Made

PICTURED = 40  # whole arrangements; stems and loops come all
RANGE_DB = (-80.0, 0.0)
TITLE = "What was asked and what came"
STYLE = """
body { font: 14px sans-serif; background: #15131b; color: #ddd; margin: 24px; max-width: 1240px; }
pre { overflow: auto; } h3 { margin: 28px 0 4px; font-weight: normal; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
figure { margin: 0; } img { width: 100%; height: 192px; image-rendering: pixelated; }
figcaption { font-size: 12px; }
.asked { color: #aaa; } .no { color: #ff8a7a; } .yes { color: #8fd694; }
"""
_CLEAR = 0.8  # of a figure's full height from which it is shown as kept


def page(
    questions: Questions, answers: Answers, found: Findings, real: Findings, table: str
) -> str:
    """The whole HTML file, pictures within."""
    return "".join(
        (
            f'<!doctype html><meta charset="utf-8"><title>{TITLE}</title><style>{STYLE}</style>',
            f"<h1>{TITLE}</h1><pre>{escape(table)}</pre>",
            f"<p>Left what the model made, right a real render of the same request; 30 Hz to "
            f"20 kHz in mels, {RANGE_DB[0]:g} to {RANGE_DB[1]:g} dB.</p>",
            *_mixes(questions, answers, found, real),
            *_others("Stems", questions.stems, answers.stems, questions.played.stems),
            *_others("Loops", questions.loops, answers.loops, questions.played.loops),
        )
    )


def _mixes(q: Questions, answers: Answers, found: Findings, real: Findings) -> Iterator[str]:
    rows = zip(q.mixes, answers.mixes, q.played.mixes, found.each, real.each, strict=True)
    for asked, made, played, one, two in [*rows][:PICTURED]:
        yield _head(asked)
        yield _pair(made, played, _measured(one), _measured(two))


def _others(
    title: str, asked: Sequence[Asked], made: Sequence[Made], played: Sequence[Made]
) -> Iterator[str]:
    yield f"<h2>{title}</h2>"
    for want, one, two in zip(asked, made, played, strict=True):
        yield _head(want)
        yield _pair(one, two, _length(one), _length(two))


def _head(asked: Asked) -> str:
    return f"<h3>{escape(asked.text)}</h3>"


def _pair(made: Made, played: Made, below: str, below_real: str) -> str:
    return f'<div class="pair">{_figure(made, below)}{_figure(played, below_real)}</div>'


def _figure(made: Made, below: str) -> str:
    data = base64.b64encode(picture(made.heard)).decode("ascii")
    asked = f'<span class="asked">{escape(_asked(made))}</span>'
    return (
        f'<figure><img alt="" src="data:image/png;base64,{data}">'
        f"<figcaption>{asked}<br>{below}</figcaption></figure>"
    )


def _asked(made: Made) -> str:
    score = made.score
    parts = (
        f"{score.tempo_bpm:g} bpm" if score.tempo_bpm else "",
        str(score.key) if score.key else "",
        score.chord_names,
        "drums" if score.drums else "no drums",
    )
    return "asked: " + ", ".join(part for part in parts if part)


def _measured(figures: Figures) -> str:
    """Each figure by its first words, green where it is kept and red where it is not."""
    return " · ".join(_word(name, figures[name]) for name in FIGURES if figures[name] >= -1)


def _word(name: str, value: float) -> str:
    word = "grid" if name == GRID else name.split()[0]
    kept = "yes" if value >= _CLEAR else "no"
    return f'<span class="{kept}">{word} {100 * value:.0f} %</span>'


def _length(made: Made) -> str:
    seam = f", seam at the {made.heard.seam:.0f}th percentile" if made.score.loop else ""
    return f"{made.heard.frames:,} samples{seam}"


def picture(heard: Heard) -> bytes:
    """What was heard as a PNG file: low frequencies below, earlier to the left."""
    low, high = RANGE_DB
    level = np.asarray(heard.picture, np.float64)
    shade = np.clip((level - low) / (high - low), 0, 1) * 255
    return png(shade[::-1].astype(np.uint8))
