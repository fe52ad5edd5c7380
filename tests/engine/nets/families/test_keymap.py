"""Renaming, fusing and checking, on names and shapes as checkpoints have them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from engine.nets.families.keymap import Rule, drop, fuse, rename, translate, under


class Net(nn.Module):
    """One attention layer a block, and a 1D convolution kept as a kernel of height 1."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.ModuleDict({"qkv": nn.Linear(4, 12, bias=False), "out": nn.Linear(4, 4)})
            for _ in range(2)
        )
        self.input = nn.Conv2d(3, 4, (1, 5))


RULES = (
    fuse("layers.*.attn.{to_q,to_k,to_v}.weight", "blocks.*.qkv.weight"),
    fuse("layers.*.attn.{query,key,value}.weight", "blocks.*.qkv.weight"),
    rename("layers.*.attn.{to_out.0,proj_attn}.**", "blocks.*.out.**"),
    rename("conv.**", "input.**"),
    drop("**.kernel"),
)


def checkpoint(*names: str) -> dict[str, Tensor]:
    """With the attention's layers called `names`: query, key, value, output."""
    weights = {"conv.weight": torch.randn(4, 3, 5), "conv.bias": torch.randn(4)}
    for layer in range(2):
        *qkv, out = (f"layers.{layer}.attn.{name}" for name in names)
        weights |= {f"{name}.weight": torch.randn(4, 4) for name in (*qkv, out)}
        weights |= {f"{out}.bias": torch.randn(4), f"layers.{layer}.up.kernel": torch.ones(8)}
    return weights


NEW = ("to_q", "to_k", "to_v", "to_out.0")
OLD = ("query", "key", "value", "proj_attn")


@pytest.mark.parametrize("names", [NEW, OLD])
def test_both_spellings_load(names: tuple[str, ...]) -> None:
    weights, net = checkpoint(*names), Net()
    net.load_state_dict(translate(weights, RULES, net))
    q, k, v, out = (weights[f"layers.1.attn.{name}.weight"] for name in names)
    assert torch.equal(net.blocks[1]["qkv"].weight, torch.cat([q, k, v]))
    assert torch.equal(net.blocks[1]["out"].weight, out)
    assert torch.equal(net.input.weight[:, :, 0], weights["conv.weight"])


def test_a_network_on_the_meta_device_is_enough() -> None:
    with torch.device("meta"):
        net = Net()
    made = translate(checkpoint(*NEW), RULES, net)
    assert all(weight.device.type == "cpu" for weight in made.values())
    assert made.keys() == net.state_dict().keys()


def test_the_first_rule_that_fits_takes_a_name_and_changes_it() -> None:
    rules = (rename("conv.bias", "input.bias", torch.neg), *RULES)
    weights = checkpoint(*NEW)
    assert torch.equal(translate(weights, rules, Net())["input.bias"], -weights["conv.bias"])


def test_under_a_prefix() -> None:
    weights = {"model.a.b": torch.ones(1), "vae.a": torch.ones(2)}
    assert list(under(weights, "model.")) == ["a.b"]


def without(name: str) -> dict[str, Tensor]:
    weights = checkpoint(*NEW)
    del weights[name]
    return weights


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (checkpoint(*NEW) | {"ema.decay": torch.ones(1)}, "not known: ema.decay"),
        (without("layers.1.attn.to_k.weight"), "missing: layers.1.attn.to_k.weight"),
        (without("conv.bias"), "missing: input.bias"),
        (
            checkpoint(*NEW) | {"conv.extra": torch.ones(1)},
            "not in the network: input.extra",
        ),
        (
            checkpoint(*NEW) | {"layers.0.attn.proj_attn.bias": torch.ones(4)},
            "under two names: layers.0.attn.proj_attn.bias",
        ),
        (
            checkpoint(*NEW) | {f"layers.0.attn.{x}.weight": torch.ones(4, 4) for x in OLD[:3]},
            "made twice: blocks.0.qkv.weight",
        ),
        (
            checkpoint(*NEW) | {"conv.weight": torch.ones(4, 5, 3)},
            r"input.weight is \(4, 5, 3\) instead of \(4, 3, 1, 5\)",
        ),
        (
            checkpoint(*NEW) | {"layers.0.attn.to_q.weight": torch.ones(4, 5)},
            r"blocks.0.qkv.weight cannot be made of \(4, 5\), \(4, 4\), \(4, 4\)",
        ),
    ],
)
def test_says_what_does_not_fit(weights: dict[str, Tensor], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        translate(weights, RULES, Net())


def test_names_every_fault_at_once() -> None:
    weights = checkpoint(*NEW) | {"conv.weight": torch.ones(1), "conv.bias": torch.ones(2)}
    with pytest.raises(ValueError, match=r"input.weight is \(1,\).*input.bias is \(2,\)"):
        translate(weights, RULES, Net())


def test_a_star_is_one_part_and_two_are_any_number() -> None:
    (one,), (many,) = rename("a.*.w", "").patterns, rename("a.**.w", "").patterns
    assert one.fullmatch("a.b.w")
    assert not one.fullmatch("a.b.c.w")
    assert many.fullmatch("a.b.c.w")


def test_a_rule_of_any_sources_and_change() -> None:
    rules = (Rule(("down", "up"), "weight", lambda parts: parts[1] @ parts[0]),)
    net = nn.Linear(5, 4, bias=False)
    weights = {"up": torch.randn(4, 2), "down": torch.randn(2, 5)}
    made = translate(weights, rules, net)["weight"]
    assert torch.equal(made, weights["up"] @ weights["down"])
