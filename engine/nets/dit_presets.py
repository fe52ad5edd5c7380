"""Diffusion transformers as large as the U-Net's Small, Medium and Large.

A block of AdaLN-Zero has 18 · width² parameters: 4 in the attention, 8 in the feed-forward, 6 in
the modulation. Width and depth are chosen for 50, 400 and 900 million, with heads of 64 channels;
what `changes` names is given instead, such as channels and contexts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.nets.dit_config import DiTConfig


def dit_small(**changes: Any) -> DiTConfig:
    """49.0 M: 10 blocks of 512, 8 heads."""
    return _preset(512, 10, changes)


def dit_medium(**changes: Any) -> DiTConfig:
    """402.1 M: 21 blocks of 1024, 16 heads."""
    return _preset(1024, 21, changes)


def dit_large(**changes: Any) -> DiTConfig:
    """893.4 M: 30 blocks of 1280, 20 heads."""
    return _preset(1280, 30, changes)


def _preset(width: int, depth: int, changes: dict[str, Any]) -> DiTConfig:
    config = DiTConfig(width=width, depth=depth, head_channels=64, context_channels=768)
    return replace(config, **changes)
