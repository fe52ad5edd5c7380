"""What every network promises behind the one interface, however it is built."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.nets.build import NetConfig, build
from engine.nets.conditioning import Conditioning
from tests.engine.nets.variants import ALL, CROSS, DIT, TOLD, UNET

each_variant = pytest.mark.parametrize("config", ALL.values(), ids=ALL)
each_told = pytest.mark.parametrize("config", TOLD.values(), ids=TOLD)
both_kinds = pytest.mark.parametrize("config", [UNET, DIT], ids=["U-Net", "DiT"])


@each_variant
@pytest.mark.parametrize(("dimensions", "spatial"), [(1, (37,)), (1, (1,)), (2, (9, 14))])
def test_keeps_every_size(config: NetConfig, dimensions: int, spatial: tuple[int, ...]) -> None:
    config = replace(config, dimensions=dimensions)
    out = build(config)(*config.fake_inputs(2, *spatial))
    assert out.shape == (2, 6, *spatial)
    assert out.isfinite().all()


@each_variant
def test_every_parameter_is_used_and_every_input_heard(config: NetConfig) -> None:
    net = build(config)
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
def test_starts_silent_with_zero_init(config: NetConfig, dimensions: int) -> None:
    config = replace(config, zero_init=True, dimensions=dimensions)
    assert not build(config)(*config.fake_inputs(2, *[12] * dimensions)).any()


@each_variant
def test_learns_from_where_it_starts(config: NetConfig) -> None:
    """A zero behind a zero would never move: after two steps every weight has a gradient."""
    net = build(replace(config, zero_init=True))
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1)
    inputs = config.fake_inputs(2, 12)
    for _ in range(3):
        optimiser.zero_grad()
        (net(*inputs) - 1).square().mean().backward()
        optimiser.step()
    asleep = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert asleep == []


@each_told
def test_padding_tokens_change_nothing(config: NetConfig) -> None:
    net = build(config)
    x, t, told = config.fake_inputs(2, 12)
    assert told.context is not None
    assert told.context_mask is not None
    out = net(x, t, told)
    noise = 100 * torch.randn_like(told.context)
    padding = torch.where(told.context_mask[..., None], told.context, noise)
    assert torch.allclose(out, net(x, t, replace(told, context=padding)), atol=1e-6)
    kept = torch.where(told.context_mask[..., None], noise, told.context)
    assert not torch.allclose(out, net(x, t, replace(told, context=kept)), atol=1e-3)


@each_told
def test_an_empty_context_is_no_context(config: NetConfig) -> None:
    net = build(config)
    x, t, told = config.fake_inputs(2, 12)
    absent = replace(told, context=None, context_mask=None)
    masked = replace(told, context_mask=torch.zeros(2, 7, dtype=torch.bool))
    empty = replace(absent, context=torch.zeros(2, 0, 12))
    out = net(x, t, absent)
    assert torch.allclose(net(x, t, masked), out, atol=1e-6)
    assert torch.allclose(net(x, t, empty), out, atol=1e-6)


@both_kinds
def test_absent_concat_and_vector_are_zeros(config: NetConfig) -> None:
    net = build(config)
    x, t, told = config.fake_inputs(2, 12)
    zeros = replace(told, concat=torch.zeros(2, 3, 12), vector=torch.zeros(2, 4))
    assert torch.equal(net(x, t, replace(told, concat=None, vector=None)), net(x, t, zeros))


@each_variant
def test_items_of_a_batch_do_not_meet(config: NetConfig) -> None:
    net = build(config)
    x, t, told = config.fake_inputs(3, 13)
    first = Conditioning(**{name: p if p is None else p[:1] for name, p in vars(told).items()})
    assert torch.allclose(net(x, t, told)[:1], net(x[:1], t[:1], first), atol=1e-5)


@each_variant
def test_stacked_conditionings_equal_separate_passes(config: NetConfig) -> None:
    net = build(config)
    x, t, told = config.fake_inputs(2, 12)
    both = net(x.repeat(2, 1, 1), t.repeat(2), told.stack(Conditioning()))
    assert torch.allclose(both[:2], net(x, t, told), atol=1e-5)
    assert torch.allclose(both[2:], net(x, t, Conditioning()), atol=1e-5)


SAVING = {
    "U-Net": (UNET, {"checkpoint_levels": frozenset({0, 1, 2})}),
    "U-Net, dropout": (replace(UNET, dropout=0.3), {"checkpoint_levels": frozenset({0, 1, 2})}),
    "DiT, dropout": (replace(DIT, dropout=0.3), {"checkpoint_blocks": 2}),
    "DiT, cross": (CROSS, {"checkpoint_blocks": 2}),
}


@pytest.mark.parametrize(("config", "saving"), SAVING.values(), ids=SAVING)
def test_checkpointing_gives_the_same_gradients(config: NetConfig, saving: dict) -> None:
    plain, thrifty = build(config), build(replace(config, **saving))
    thrifty.load_state_dict(plain.state_dict())
    inputs = config.fake_inputs(2, 12)
    for net in (plain, thrifty):
        torch.manual_seed(5)
        net(*inputs).square().sum().backward()
    for a, b in zip(plain.parameters(), thrifty.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-5, rtol=1e-4)


def kept_for_backward(config: NetConfig) -> int:
    """Numbers that a forward pass keeps for the gradients."""
    sizes: list[int] = []
    net = build(config)
    with torch.autograd.graph.saved_tensors_hooks(
        lambda a: sizes.append(a.numel()) or a, lambda a: a
    ):
        net(*config.fake_inputs(2, 64))
    return sum(sizes)


def test_checkpointing_keeps_fewer_activations() -> None:
    levels = replace(UNET, checkpoint_levels=frozenset({0, 1, 2}))
    assert kept_for_backward(levels) < 0.4 * kept_for_backward(UNET)
    none, two, four = (
        kept_for_backward(replace(DIT, depth=4, checkpoint_blocks=blocks)) for blocks in (0, 2, 4)
    )
    assert four < 0.4 * none
    assert four < two < none


@each_variant
def test_bf16_stays_close_to_fp32(config: NetConfig) -> None:
    net = build(config).eval()
    inputs = config.fake_inputs(2, 12)
    with torch.no_grad():
        fine = net(*inputs)
        coarse = net.bfloat16()(*inputs)
    assert coarse.dtype == torch.bfloat16
    assert (coarse - fine).std() < 0.05 * fine.std()


@each_variant
def test_works_under_autocast(config: NetConfig) -> None:
    net = build(config)
    inputs = config.fake_inputs(2, 12)
    with torch.autocast("cpu", torch.bfloat16):
        out = net(*inputs)
    assert (out.float() - net(*inputs)).std() < 0.05 * out.float().std()


@both_kinds
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
def test_says_which_shape_is_wrong(config: NetConfig, change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(config)(*change(*config.fake_inputs(2, 12)))
