"""Stable Audio's transformers against diffusers', and against Open Small's written out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from diffusers import StableAudioDiTModel
from torch import Tensor, nn

from engine.nets.conditioning import Conditioning
from engine.nets.dit import DiT
from engine.nets.families.stable_audio import (
    STABLE_AUDIO_OPEN,
    STABLE_AUDIO_OPEN_SMALL,
    diffusers_config,
    from_diffusers,
    from_tools,
    tools_config,
)
from tests.engine.nets.families import open_small
from tests.engine.nets.families.references import call_stable_audio, stable_audio

pytestmark = pytest.mark.filterwarnings("ignore:.*Transformer2DModelOutput:FutureWarning")

TOKENS = 5
PRECISION = {torch.float32: 1e-5, torch.float64: 1e-10}


@pytest.fixture(params=list(PRECISION), ids=str)
def tolerance(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[float]:
    """Everything in fp32, then all in fp64; the reference would turn positions in fp32 always."""
    if request.param is torch.float64:
        monkeypatch.setattr(torch, "float32", torch.float64)
        monkeypatch.setattr(Tensor, "float", Tensor.double)
    before = torch.get_default_dtype()
    torch.set_default_dtype(request.param)
    torch.manual_seed(0)
    yield PRECISION[request.param]
    torch.set_default_dtype(before)


NARROW = replace(
    STABLE_AUDIO_OPEN,
    in_channels=4,
    out_channels=4,
    width=96,
    depth=2,
    head_channels=16,
    context_channels=20,
    context_width=24,
    context_heads=3,
    vector_channels=10,
    time_channels=32,
)


def reference() -> StableAudioDiTModel:
    """A narrow one with weights all of which matter."""
    return shaken(stable_audio(NARROW))


def shaken(net: nn.Module) -> nn.Module:
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return net


def inputs(batch: int, frames: int, masked: bool) -> tuple[Tensor, Tensor, Conditioning]:
    keep = torch.arange(TOKENS)[None] <= torch.arange(batch)[:, None]
    context = torch.randn(batch, TOKENS, 20)
    told = Conditioning(context, keep if masked else None, vector=torch.randn(batch, 10))
    return torch.randn(batch, 4, frames), torch.rand(batch), told


def distance(ours: Tensor, theirs: Tensor) -> float:
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("batch", "frames"), [(1, 1), (3, 7), (2, 32), (1, 61)])
def test_equals_diffusers(tolerance: float, batch: int, frames: int, masked: bool) -> None:
    theirs = reference()
    net = DiT(diffusers_config(theirs.config))
    net.load_state_dict(from_diffusers(theirs.state_dict(), net))
    x, t, told = inputs(batch, frames, masked)
    with torch.no_grad():
        assert distance(net(x, t, told), call_stable_audio(theirs, x, t, told)) < tolerance


def gradients(made: Tensor, heard: list[Tensor]) -> list[Tensor]:
    return list(torch.autograd.grad(made.square().sum(), heard, retain_graph=True))


@pytest.mark.parametrize("masked", [False, True])
def test_gradients_equal_those_of_diffusers(tolerance: float, masked: bool) -> None:
    """Of inputs and of all weights: the key map itself is differentiable."""
    theirs = reference()
    net = DiT(diffusers_config(theirs.config))
    x, t, told = inputs(2, 9, masked)
    assert told.context is not None
    assert told.vector is not None
    named = dict(theirs.named_parameters())
    heard = [x, t, told.context, told.vector, *named.values()]
    for each in heard:
        each.requires_grad_()
    made = torch.func.functional_call(net, from_diffusers(named, net), (x, t, told))
    wanted = call_stable_audio(theirs, x, t, told)
    pairs = zip(gradients(made, heard), gradients(wanted, heard), strict=True)
    assert max(distance(ours, its) for ours, its in pairs) < 10 * tolerance


def test_the_published_network_has_every_key_and_its_size() -> None:
    """1,056,939,136 parameters of which we fold 2 · 64² away and keep 128 as a buffer."""
    with torch.device("meta"):
        theirs, net = StableAudioDiTModel(), DiT(STABLE_AUDIO_OPEN)
    assert diffusers_config(theirs.config) == STABLE_AUDIO_OPEN
    assert from_diffusers(theirs.state_dict(), net).keys() == net.state_dict().keys()
    assert size(theirs) == 1_056_939_136
    assert size(net) == size(theirs) - 2 * 64**2 - 128


def size(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


SMALL_SETTINGS = {
    "io_channels": 64,
    "embed_dim": 1024,
    "depth": 16,
    "num_heads": 8,
    "cond_token_dim": 768,
    "global_cond_dim": 768,
    "transformer_type": "continuous_transformer",
    "attn_kwargs": {"qk_norm": "ln"},
}
NARROW_SETTINGS = SMALL_SETTINGS | {
    "io_channels": 4,
    "embed_dim": 128,
    "depth": 2,
    "num_heads": 2,
    "cond_token_dim": 20,
    "global_cond_dim": 10,
}


@pytest.mark.parametrize("projected", [True, False])
@pytest.mark.parametrize(("batch", "frames"), [(1, 1), (3, 7), (2, 32)])
def test_equals_open_small(tolerance: float, batch: int, frames: int, projected: bool) -> None:
    settings = NARROW_SETTINGS | {"project_cond_tokens": projected}
    if not projected:
        settings |= {"cond_token_dim": 64}  # one head of keys for two of queries
    theirs = open_small.layout(settings, lambda *shape: 0.3 * torch.randn(shape))
    net = DiT(tools_config(settings))
    net.load_state_dict(from_tools(theirs, net))
    x, t, _ = inputs(batch, frames, False)
    context, vector = torch.randn(batch, TOKENS, settings["cond_token_dim"]), torch.randn(batch, 10)
    with torch.no_grad():
        ours = net(x, t, Conditioning(context, vector=vector))
        assert distance(ours, open_small.compute(theirs, x, t, context, vector)) < tolerance


def test_nothing_to_attend_to_is_the_reference_s_zeros() -> None:
    """Guidance's other side: stable-audio-tools gives zeros, we may give nothing."""
    net = DiT(tools_config(NARROW_SETTINGS))
    shaken(net)
    x, t, _ = inputs(2, 7, False)
    zeros = Conditioning(torch.zeros(2, TOKENS, 20), vector=torch.randn(2, 10))
    with torch.no_grad():
        assert distance(net(x, t, replace(zeros, context=None)), net(x, t, zeros)) < 1e-6


def test_a_cast_leaves_the_noise_level_exact() -> None:
    net = DiT(tools_config(NARROW_SETTINGS))
    net.load_state_dict(from_tools(open_small.layout(NARROW_SETTINGS, torch.randn), net))
    fourier = net.condition.fourier
    assert fourier is not None
    t = torch.rand(3)
    exact = fourier(t)
    net.bfloat16()
    assert net.input.weight.dtype == torch.bfloat16
    assert torch.equal(fourier(t), exact)


def test_open_small_has_every_key_and_its_size() -> None:
    with torch.device("meta"):
        theirs, net = open_small.layout(SMALL_SETTINGS, torch.empty), DiT(STABLE_AUDIO_OPEN_SMALL)
    assert tools_config(SMALL_SETTINGS) == STABLE_AUDIO_OPEN_SMALL
    assert from_tools(theirs, net).keys() == net.state_dict().keys()
    assert size(net) == 340_920_320


def test_both_layouts_of_open_have_one_config() -> None:
    settings = {
        "io_channels": 64,
        "embed_dim": 1536,
        "depth": 24,
        "num_heads": 24,
        "cond_token_dim": 768,
        "global_cond_dim": 1536,
        "project_cond_tokens": False,
        "transformer_type": "continuous_transformer",
    }
    assert tools_config(settings) == STABLE_AUDIO_OPEN


def test_renamed_norms_load_too() -> None:
    theirs = open_small.layout(NARROW_SETTINGS, torch.randn)
    spellings = {"gamma": "weight", "beta": "bias"}
    renamed = {}
    for name, weight in theirs.items():
        start, _, last = name.rpartition(".")
        renamed[f"{start}.{spellings.get(last, last)}"] = weight
    net = DiT(tools_config(NARROW_SETTINGS))
    ours, again = from_tools(theirs, net), from_tools(renamed, net)
    assert all(torch.equal(ours[name], again[name]) for name in ours)


@pytest.mark.parametrize(
    "other",
    [
        {"transformer_type": "x-transformers"},
        {"global_cond_type": "adaLN"},
        {"patch_size": 2},
        {"attn_kwargs": {"qk_norm": "l2"}},
    ],
)
def test_another_kind_of_transformer_is_refused(other: dict) -> None:
    with pytest.raises(ValueError, match="not known"):
        tools_config(SMALL_SETTINGS | other)


def test_a_wrong_shape_is_named() -> None:
    theirs = open_small.layout(NARROW_SETTINGS, torch.randn)
    theirs["transformer.layers.1.cross_attn.to_kv.weight"] = torch.randn(256, 20)
    net = DiT(tools_config(NARROW_SETTINGS))
    message = r"blocks.1.context.f.kv.weight is \(256, 20\) instead of \(256, 128\)"
    with pytest.raises(ValueError, match=message):
        from_tools(theirs, net)
