from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from engine.nets.conditioning import Conditioning
from engine.nets.embeddings import TimeFeatures, VectorJoin
from engine.nets.layers import make_circular
from engine.nets.resample import Down, Up
from engine.nets.residual import TimeConditioning
from engine.nets.unet import UNet, UNetConfig, multiplied

SMALL = UNetConfig(
    in_channels=5,
    out_channels=6,
    concat_channels=3,
    channels=(16, 24, 32),
    blocks_per_level=1,
    head_channels=8,
    context_channels=12,
    vector_channels=4,
    embedding_channels=16,
    zero_init=False,
)

VARIANTS = {
    "house's kind": SMALL,
    "pool, transposed": replace(SMALL, down=Down.POOL, up=Up.TRANSPOSED),
    "additive": replace(SMALL, time_conditioning=TimeConditioning.ADDITIVE),
    "film": replace(SMALL, time_conditioning=TimeConditioning.FILM),
    "extra block": replace(SMALL, extra_decoder_block=True, blocks_per_level=2),
    "fourier, concatenated vector": replace(
        SMALL, time_features=TimeFeatures.FOURIER, vector_join=VectorJoin.CONCATENATE
    ),
    "last block attends": replace(SMALL, attend_every_block=False, blocks_per_level=2),
    "transformers, two contexts": replace(
        SMALL, transformers=(None, 0, 1), context_channels_2=6, groups=4, heads=2
    ),
    "between, halves, [h, skip]": replace(
        SMALL,
        time_conditioning=TimeConditioning.BETWEEN,
        time_features=TimeFeatures.HALVES,
        time_channels=10,
        vector_layers=1,
        skip_first=False,
    ),
    "separable": replace(SMALL, separable=True),
    "bare": replace(
        SMALL,
        self_attention_levels=frozenset(),
        cross_attention_levels=frozenset(),
        bottleneck_attention=False,
        context_channels=0,
        concat_channels=0,
        vector_channels=0,
    ),
}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS.keys())
@pytest.mark.parametrize(("dimensions", "spatial"), [(1, (37,)), (1, (5,)), (2, (9, 14))])
def test_keeps_every_size(config: UNetConfig, dimensions: int, spatial: tuple[int, ...]) -> None:
    config = replace(config, dimensions=dimensions)
    out = UNet(config)(*config.fake_inputs(2, *spatial))
    assert out.shape == (2, 6, *spatial)
    assert out.isfinite().all()


@pytest.mark.parametrize("config", VARIANTS.values(), ids=VARIANTS.keys())
def test_every_parameter_is_used_and_every_input_heard(config: UNetConfig) -> None:
    net = UNet(config)
    x, t, told = config.fake_inputs(2, 12)
    heard = [
        p.requires_grad_() for p in (x, t, told.context, told.concat, told.vector) if p is not None
    ]
    net(x, t, told).square().sum().backward()
    unused = [name for name, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert unused == []
    assert all(p.grad is not None and p.grad.any() for p in heard)


@pytest.mark.parametrize("dimensions", [1, 2])
def test_starts_silent_with_zero_init(dimensions: int) -> None:
    config = replace(SMALL, zero_init=True, dimensions=dimensions)
    inputs = config.fake_inputs(2, *[12] * dimensions)
    assert not UNet(config)(*inputs).any()


def test_padding_tokens_change_nothing() -> None:
    net = UNet(SMALL)
    x, t, told = SMALL.fake_inputs(2, 12)
    assert told.context is not None
    assert told.context_mask is not None
    out = net(x, t, told)
    noise = 100 * torch.randn_like(told.context)
    padding = torch.where(told.context_mask[..., None], told.context, noise)
    assert torch.allclose(out, net(x, t, replace(told, context=padding)), atol=1e-6)
    kept = torch.where(told.context_mask[..., None], noise, told.context)
    assert not torch.allclose(out, net(x, t, replace(told, context=kept)), atol=1e-3)


def test_an_empty_context_is_no_context() -> None:
    net = UNet(SMALL)
    x, t, told = SMALL.fake_inputs(2, 12)
    masked = replace(told, context_mask=torch.zeros(2, 7, dtype=torch.bool))
    absent = replace(told, context=None, context_mask=None)
    assert torch.allclose(net(x, t, masked), net(x, t, absent), atol=1e-6)


def test_absent_concat_and_vector_are_zeros() -> None:
    net = UNet(SMALL)
    x, t, told = SMALL.fake_inputs(2, 12)
    zeros = replace(told, concat=torch.zeros(2, 3, 12), vector=torch.zeros(2, 4))
    assert torch.equal(net(x, t, replace(told, concat=None, vector=None)), net(x, t, zeros))


def test_items_of_a_batch_do_not_meet() -> None:
    net = UNet(SMALL)
    x, t, told = SMALL.fake_inputs(3, 13)
    first = Conditioning(**{n: p if p is None else p[:1] for n, p in vars(told).items()})
    assert torch.allclose(net(x, t, told)[:1], net(x[:1], t[:1], first), atol=1e-5)


def test_stacked_conditionings_equal_separate_passes() -> None:
    net = UNet(SMALL)
    x, t, told = SMALL.fake_inputs(2, 12)
    both = net(x.repeat(2, 1, 1), t.repeat(2), told.stack(Conditioning()))
    assert torch.allclose(both[:2], net(x, t, told), atol=1e-5)
    assert torch.allclose(both[2:], net(x, t, Conditioning()), atol=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_checkpointing_gives_the_same_gradients(dropout: float) -> None:
    config = replace(SMALL, dropout=dropout)
    plain = UNet(config)
    saving = UNet(replace(config, checkpoint_levels=frozenset({0, 1, 2})))
    saving.load_state_dict(plain.state_dict())
    inputs = config.fake_inputs(2, 12)
    for net in (plain, saving):
        torch.manual_seed(5)
        net(*inputs).square().sum().backward()
    for a, b in zip(plain.parameters(), saving.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-5, rtol=1e-4)


def test_checkpointing_keeps_fewer_activations() -> None:
    def kept(levels: frozenset[int]) -> int:
        sizes = []
        net = UNet(replace(SMALL, checkpoint_levels=levels))
        with torch.autograd.graph.saved_tensors_hooks(
            lambda a: sizes.append(a.numel()) or a, lambda a: a
        ):
            net(*SMALL.fake_inputs(2, 64))
        return sum(sizes)

    assert kept(frozenset({0, 1, 2})) < 0.4 * kept(frozenset())


@pytest.mark.parametrize("time", list(TimeFeatures))
def test_bf16_stays_close_to_fp32(time: TimeFeatures) -> None:
    config = replace(SMALL, time_features=time)
    net = UNet(config).eval()
    inputs = config.fake_inputs(2, 12)
    with torch.no_grad():
        fine = net(*inputs)
        coarse = net.bfloat16()(*inputs)
    assert coarse.dtype == torch.bfloat16
    assert (coarse - fine).std() < 0.05 * fine.std()


def test_works_under_autocast() -> None:
    net = UNet(SMALL)
    inputs = SMALL.fake_inputs(2, 12)
    with torch.autocast("cpu", torch.bfloat16):
        out = net(*inputs)
    assert (out.float() - net(*inputs)).std() < 0.05 * out.float().std()


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
        UNet(SMALL)(*change(*SMALL.fake_inputs(2, 12)))


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
        UNet(replace(SMALL, **wrong))


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("up", list(Up))
@pytest.mark.parametrize("down", list(Down))
def test_a_loop_may_begin_anywhere(down: Down, up: Up, rotary: bool) -> None:
    """Circular padding makes the 1D network equivariant to rolls by its total stride."""
    config = replace(SMALL, rotary=rotary, circular=True, down=down, up=up)
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
    config = replace(SMALL, dimensions=2, circular=True)
    net = UNet(config).double()
    x, t, told = config.fake_inputs(1, 8, 12)
    alone = replace(told, concat=None)
    out = net(x.double(), t, alone)
    torch.testing.assert_close(net(x.double().roll(4, -1), t, alone), out.roll(4, -1))
    assert not torch.allclose(net(x.double().roll(4, -2), t, alone), out.roll(4, -2), atol=1e-3)


def test_multiplied() -> None:
    assert multiplied(256, (1, 1.5, 2)) == (256, 384, 512)
