"""What the U-Net alone promises; the rest is in `test_any_net`."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.nets.layers import make_circular
from engine.nets.resample import Down, Up
from engine.nets.unet import UNet, multiplied
from tests.engine.nets.variants import UNET


@pytest.mark.parametrize(
    "wrong",
    [
        {"dimensions": 3},
        {"kernel_size": 4},
        {"groups": 5},
        {"self_attention_levels": frozenset({3})},
        {"head_channels": 7},
    ],
)
def test_refuses_a_config_that_cannot_be_built(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"\d"):
        UNet(replace(UNET, **wrong))


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("up", list(Up))
@pytest.mark.parametrize("down", list(Down))
def test_a_loop_may_begin_anywhere(down: Down, up: Up, rotary: bool) -> None:
    """Circular padding makes the 1D network equivariant to rolls by its total stride."""
    config = replace(UNET, rotary=rotary, circular=True, down=down, up=up)
    net = UNet(config).double()
    x, t, told = config.fake_inputs(2, 24)
    assert told.concat is not None
    x, concat = x.double(), told.concat.double()
    moved = replace(told, concat=concat.roll(4, -1))
    wanted = net(x, t, replace(told, concat=concat)).roll(4, -1)
    torch.testing.assert_close(net(x.roll(4, -1), t, moved), wanted)
    make_circular(net, False)
    assert not torch.allclose(net(x.roll(4, -1), t, moved), wanted, atol=1e-3)


def test_only_time_is_a_loop_in_two_dimensions() -> None:
    config = replace(UNET, dimensions=2, circular=True)
    net = UNet(config).double()
    x, t, told = config.fake_inputs(1, 8, 12)
    alone = replace(told, concat=None)
    out = net(x.double(), t, alone)
    torch.testing.assert_close(net(x.double().roll(4, -1), t, alone), out.roll(4, -1))
    assert not torch.allclose(net(x.double().roll(4, -2), t, alone), out.roll(4, -2), atol=1e-3)


def test_multiplied() -> None:
    assert multiplied(256, (1, 1.5, 2)) == (256, 384, 512)
