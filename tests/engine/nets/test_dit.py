"""What the diffusion transformer is built of; what every network promises is in `test_any_net`."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.nets.dit import DiT, DiTConfig, Modulation
from engine.nets.dit_block import Block
from engine.nets.patches import from_patches, grid, to_patches
from tests.engine.nets.variants import DIT, DITS


@pytest.mark.parametrize("config", DITS.values(), ids=DITS)
def test_every_block_starts_as_the_identity(config: DiTConfig) -> None:
    config = replace(config, zero_init=True)
    h, told = torch.randn(2, 9, 32), torch.randn(2, 32)
    context = torch.randn(2, 4, config.context_width or 12) if config.attends_to_context else None
    assert torch.equal(Block(config)(h, told, None, context, None), h)


@pytest.mark.parametrize("modulation", [Modulation.ADALN, Modulation.ADALN_ZERO])
def test_a_block_is_its_formula(modulation: Modulation) -> None:
    block = Block(replace(DIT, modulation=modulation))
    h, told = torch.randn(2, 9, 32), torch.randn(2, 32)
    out = block(h, told, None, None, None)
    for branch in (block.attention, block.feed_forward):
        scale, shift, *gate = branch.norm.modulation(told)[:, None].split(32, dim=-1)
        deviation = (h.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        normed = (h - h.mean(-1, keepdim=True)) / deviation
        made = branch.f((1 + scale) * normed + shift)
        h = h + (gate[0] * made if gate else made)
    assert torch.allclose(out, h, atol=1e-5)


@pytest.mark.parametrize("modulation", list(Modulation))
@pytest.mark.parametrize("dimensions", [1, 2])
def test_hears_where_things_are_only_with_rotary_positions(
    modulation: Modulation, dimensions: int
) -> None:
    axes = range(2, 2 + dimensions)
    for rotary, moved in ((0.0, False), (0.5, True), (1.0, True)):
        config = replace(DIT, dimensions=dimensions, rotary=rotary, modulation=modulation)
        net = DiT(config)
        x, t, told = config.fake_inputs(1, *[6] * dimensions)
        assert told.concat is not None
        for axis in axes:
            shuffled = torch.randperm(6)
            there = net(
                x.index_select(axis, shuffled),
                t,
                replace(told, concat=told.concat.index_select(axis, shuffled)),
            )
            same = torch.allclose(there, net(x, t, told).index_select(axis, shuffled), atol=1e-5)
            assert same != moved


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("spatial", [(1,), (7,), (12,), (5, 8)])
def test_patches_come_back(p: int, spatial: tuple[int, ...]) -> None:
    x = torch.randn(2, 3, *spatial)
    tokens = to_patches(x, p)
    count = 1
    for length in grid(spatial, p):
        count *= length
    assert tokens.shape == (2, count, 3 * p ** len(spatial))
    assert torch.equal(from_patches(tokens, p, spatial), x)


def test_a_patch_is_a_neighbourhood() -> None:
    x = torch.arange(2 * 4 * 6).view(1, 2, 4, 6)
    first, second, *_ = to_patches(x, 2)[0]
    assert torch.equal(first, x[0, :, :2, :2].flatten())
    assert torch.equal(second, x[0, :, :2, 2:4].flatten())


@pytest.mark.parametrize(
    "wrong",
    [
        {"dimensions": 3},
        {"patch": 0},
        {"head_channels": 7},
        {"context_heads": 3},
        {"rotary": 0.6},
        {"dimensions": 2, "rotary": 0.25},
        {"checkpoint_blocks": 3},
    ],
)
def test_refuses_a_config_that_cannot_be_built(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"\d"):
        replace(DIT, **wrong)
