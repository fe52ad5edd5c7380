from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from engine.nets.dit import ContextUse, DiT, DiTConfig
from engine.nets.dit_presets import dit_large, dit_medium, dit_small


@pytest.mark.parametrize(
    ("preset", "millions", "exact"),
    [(dit_small, 50, 48_955_008), (dit_medium, 400, 402_132_096), (dit_large, 900, 893_397_888)],
)
@pytest.mark.parametrize("dimensions", [1, 2])
def test_presets_have_the_sizes_of_the_u_net(
    preset: Callable[..., DiTConfig], millions: float, exact: int, dimensions: int
) -> None:
    with torch.device("meta"):
        net = DiT(preset(dimensions=dimensions))
    count = sum(parameter.numel() for parameter in net.parameters())
    assert count == exact
    assert abs(count / 1e6 / millions - 1) < 0.1


def test_changes_are_made() -> None:
    config = dit_small(in_channels=64, context_use=ContextUse.CROSS)
    assert (config.in_channels, config.width) == (64, 512)
    assert config.attends_to_context
