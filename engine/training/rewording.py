"""More prompts for clips that are encoded already: words cost a hundredth of what sound costs.

A clip that is met in the same few prompts again and again is learnt by their wording, and one
that is asked for in other words less well.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import torch
from tqdm import tqdm

from engine.training.corpus.clips import clip_for
from engine.training.corpus.prompts import prompts_for
from engine.training.latents import encode_prompts
from engine.training.pieces import Pieces

if TYPE_CHECKING:
    from engine.text.minilm import MiniLM


def reworded(pieces: Pieces, count: int, piece_s: float, text: MiniLM) -> Pieces:
    """The pieces with `count` prompts each, those that they have and new ones.

    `piece_s` is how long they were composed. Pieces that have as many come back as they are.
    """
    more = count - pieces.prompts
    if more <= 0:
        return pieces
    prompts: list[str] = []
    for truth in tqdm(pieces.truths, desc="writing prompts"):
        clip, rng = clip_for(truth["seed"], piece_s), Random(f"more prompts/{truth['seed']}")
        prompts += [prompts_for(clip, rng) for _ in range(more)]
    tokens, lengths = (part.unflatten(0, (-1, more)) for part in encode_prompts(text, prompts))
    return replace(
        pieces,
        tokens=torch.cat([pieces.tokens, tokens], dim=1),
        lengths=torch.cat([pieces.lengths, lengths], dim=1),
    )
