"""The diffusion transformer as a drop-in for the U-Net, and what it is built of."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.nets.conditioning import Conditioning
from engine.nets.dit import ContextUse, DiT, DiTConfig, Modulation
from engine.nets.dit_block import Block
from engine.nets.embeddings import TimeFeatures
from engine.nets.patches import from_patches, grid, to_patches

SMALL = DiTConfig(
    in_channels=5,
    out_channels=6,
    concat_channels=3,
    width=32,
    depth=2,
    head_channels=8,
    context_channels=12,
    vector_channels=4,
    time_channels=16,
    zero_init=False,
)
CROSS = replace(SMALL, context_use=ContextUse.CROSS)
VARIANTS = {
    "AdaLN-Zero": SMALL,
    "AdaLN": replace(SMALL, modulation=Modulation.ADALN),
    "token": replace(SMALL, modulation=Modulation.TOKEN),
    "cross": CROSS,
    "grouped keys": replace(CROSS, context_heads=2, context_width=10, qk_norm=True),
    "patches": replace(CROSS, patch=3, modulation=Modulation.TOKEN, rotary=0.5),
    "no position": replace(SMALL, rotary=0.0, gated=True, time_features=TimeFeatures.FOURIER),
    "bare": replace(
        SMALL,
        context_channels=0,
        concat_channels=0,
        vector_channels=0,
        biases=False,
        final_norm=False,
    ),
}
each_variant = pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS.keys())


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@each_variant
@pytest.mark.parametrize(("dimensions", "spatial"), [(1, (37,)), (1, (1,)), (2, (9, 14))])
def test_keeps_every_size(config: DiTConfig, dimensions: int, spatial: tuple[int, ...]) -> None:
    config = replace(config, dimensions=dimensions)
    out = DiT(config)(*config.fake_inputs(2, *spatial))
    assert out.shape == (2, 6, *spatial)
    assert out.isfinite().all()


@each_variant
def test_every_parameter_is_used_and_every_input_heard(config: DiTConfig) -> None:
    net = DiT(config)
    x, t, told = config.fake_inputs(2, 13)
    heard = [
        p.requires_grad_() for p in (x, t, told.context, told.concat, told.vector) if p is not None
    ]
    net(x, t, told).square().sum().backward()
    unused = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert unused == []
    assert all(p.grad is not None and p.grad.any() for p in heard)


@each_variant
@pytest.mark.parametrize("dimensions", [1, 2])
def test_starts_silent_with_zero_init(config: DiTConfig, dimensions: int) -> None:
    config = replace(config, zero_init=True, dimensions=dimensions)
    assert not DiT(config)(*config.fake_inputs(2, *[12] * dimensions)).any()


@each_variant
def test_every_block_starts_as_the_identity(config: DiTConfig) -> None:
    config = replace(config, zero_init=True)
    h, told = torch.randn(2, 9, 32), torch.randn(2, 32)
    context = torch.randn(2, 4, config.context_width or 12) if config.attends_to_context else None
    assert torch.equal(Block(config)(h, told, None, context, None), h)


@each_variant
def test_learns_from_where_it_starts(config: DiTConfig) -> None:
    """A zero behind a zero would never move: after two steps every weight has a gradient."""
    net = DiT(replace(config, zero_init=True))
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    inputs = config.fake_inputs(2, 12)
    for _ in range(3):
        optimiser.zero_grad()
        (net(*inputs) - 1).square().mean().backward()
        optimiser.step()
    asleep = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert asleep == []


@pytest.mark.parametrize("modulation", [Modulation.ADALN, Modulation.ADALN_ZERO])
def test_a_block_is_its_formula(modulation: Modulation) -> None:
    block = Block(replace(SMALL, modulation=modulation))
    h, told = torch.randn(2, 9, 32), torch.randn(2, 32)
    out = block(h, told, None, None, None)
    for branch in (block.attention, block.feed_forward):
        scale, shift, *gate = branch.norm.modulation(told)[:, None].split(32, dim=-1)
        deviation = (h.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        normed = (h - h.mean(-1, keepdim=True)) / deviation
        made = branch.f((1 + scale) * normed + shift)
        h = h + (gate[0] * made if gate else made)
    assert torch.allclose(out, h, atol=1e-5)


@pytest.mark.parametrize("config", [SMALL, CROSS, VARIANTS["grouped keys"]])
def test_padding_tokens_change_nothing(config: DiTConfig) -> None:
    net = DiT(config)
    x, t, told = config.fake_inputs(2, 12)
    assert told.context is not None
    assert told.context_mask is not None
    out = net(x, t, told)
    noise = 100 * torch.randn_like(told.context)
    padding = torch.where(told.context_mask[..., None], told.context, noise)
    assert torch.allclose(out, net(x, t, replace(told, context=padding)), atol=1e-6)
    kept = torch.where(told.context_mask[..., None], noise, told.context)
    assert not torch.allclose(out, net(x, t, replace(told, context=kept)), atol=1e-3)


@pytest.mark.parametrize("config", [SMALL, CROSS])
def test_an_empty_context_is_no_context(config: DiTConfig) -> None:
    net = DiT(config)
    x, t, told = config.fake_inputs(2, 12)
    masked = replace(told, context_mask=torch.zeros(2, 7, dtype=torch.bool))
    absent = replace(told, context=None, context_mask=None)
    empty = replace(absent, context=torch.zeros(2, 0, 12))
    assert torch.allclose(net(x, t, masked), net(x, t, absent), atol=1e-6)
    assert torch.equal(net(x, t, empty), net(x, t, absent))


def test_absent_concat_and_vector_are_zeros() -> None:
    net = DiT(SMALL)
    x, t, told = SMALL.fake_inputs(2, 12)
    zeros = replace(told, concat=torch.zeros(2, 3, 12), vector=torch.zeros(2, 4))
    assert torch.equal(net(x, t, replace(told, concat=None, vector=None)), net(x, t, zeros))


@each_variant
def test_items_of_a_batch_do_not_meet(config: DiTConfig) -> None:
    net = DiT(config)
    x, t, told = config.fake_inputs(3, 13)
    first = Conditioning(*(None if p is None else p[:1] for p in vars(told).values()))
    assert torch.allclose(net(x, t, told)[:1], net(x[:1], t[:1], first), atol=1e-5)


@pytest.mark.parametrize("config", [SMALL, CROSS])
def test_stacked_conditionings_equal_separate_passes(config: DiTConfig) -> None:
    net = DiT(config)
    x, t, told = config.fake_inputs(2, 12)
    both = net(x.repeat(2, 1, 1), t.repeat(2), told.stack(Conditioning()))
    assert torch.allclose(both[:2], net(x, t, told), atol=1e-5)
    assert torch.allclose(both[2:], net(x, t, Conditioning()), atol=1e-5)


@pytest.mark.parametrize("modulation", list(Modulation))
@pytest.mark.parametrize("dimensions", [1, 2])
def test_hears_where_things_are_only_with_rotary_positions(
    modulation: Modulation, dimensions: int
) -> None:
    axes = range(2, 2 + dimensions)
    for rotary, moved in ((0.0, False), (0.5, True), (1.0, True)):
        config = replace(SMALL, dimensions=dimensions, rotary=rotary, modulation=modulation)
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


@pytest.mark.parametrize("config", [replace(SMALL, dropout=0.3), CROSS])
def test_checkpointing_gives_the_same_gradients(config: DiTConfig) -> None:
    plain, saving = DiT(config), DiT(replace(config, checkpoint_blocks=2))
    saving.load_state_dict(plain.state_dict())
    inputs = config.fake_inputs(2, 12)
    for net in (plain, saving):
        torch.manual_seed(5)
        net(*inputs).square().sum().backward()
    for a, b in zip(plain.parameters(), saving.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-5, rtol=1e-4)


def test_checkpointing_keeps_fewer_activations() -> None:
    def kept(blocks: int) -> int:
        sizes = []
        net = DiT(replace(SMALL, depth=4, checkpoint_blocks=blocks))
        with torch.autograd.graph.saved_tensors_hooks(
            lambda a: sizes.append(a.numel()) or a, lambda a: a
        ):
            net(*SMALL.fake_inputs(2, 64))
        return sum(sizes)

    assert kept(4) < 0.4 * kept(0)
    assert kept(4) < kept(2) < kept(0)


@each_variant
def test_bf16_stays_close_to_fp32(config: DiTConfig) -> None:
    net = DiT(config).eval()
    inputs = config.fake_inputs(2, 12)
    with torch.no_grad():
        fine = net(*inputs)
        coarse = net.bfloat16()(*inputs)
    assert coarse.dtype == torch.bfloat16
    assert (coarse - fine).std() < 0.05 * fine.std()


@each_variant
def test_works_under_autocast(config: DiTConfig) -> None:
    net = DiT(config)
    inputs = config.fake_inputs(2, 12)
    with torch.autocast("cpu", torch.bfloat16):
        out = net(*inputs)
    assert (out.float() - net(*inputs)).std() < 0.05 * out.float().std()


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
    ("change", "message"),
    [
        (lambda x, t, c: (x[:, :4], t, c), r"channels of x: got 4, the network takes 5"),
        (lambda x, t, c: (x[..., None], t, c), r"x has 4 axes, a 1D network takes 3"),
        (lambda x, t, c: (x, t[:1], c), r"noise levels: got 1, the network takes 2"),
        (
            lambda x, t, c: (x, t, replace(c, concat=c.concat[..., :9])),
            r"concat length on axis 0: got 9, the network takes 12",
        ),
        (
            lambda x, t, c: (x, t, replace(c, concat=c.concat[:, :2])),
            r"concat channels: got 2, the network takes 3",
        ),
        (
            lambda x, t, c: (x, t, replace(c, context=c.context[..., :5])),
            r"context channels: got 5, the network takes 12",
        ),
        (
            lambda x, t, c: (x, t, replace(c, vector=c.vector[:1])),
            r"items of vector: got 1, the network takes 2",
        ),
    ],
)
def test_says_which_shape_is_wrong(change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DiT(SMALL)(*change(*SMALL.fake_inputs(2, 12)))


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
        replace(SMALL, **wrong)
