"""Open Small's transformer written out from the facts, with nothing of ours: a second opinion.

Names and shapes are those of stable-audio-tools' state dict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor


def layout(settings: dict, make: Callable[..., Tensor]) -> dict[str, Tensor]:
    """A state dict; `make(*shape)` makes each tensor."""
    return {name: make(*shape) for name, shape in _shapes(settings)}


def _shapes(settings: dict) -> Iterator[tuple[str, tuple[int, ...]]]:
    io, w, told = settings["io_channels"], settings["embed_dim"], settings["cond_token_dim"]
    head = w // settings["num_heads"]
    context = w if settings.get("project_cond_tokens", True) else told
    yield "timestep_features.weight", (128, 1)
    yield from _mlp("to_timestep_embed", 256, w, bias=True)
    yield from _mlp("to_cond_embed", told, context)
    yield from _mlp("to_global_embed", settings["global_cond_dim"], w)
    yield "preprocess_conv.weight", (io, io, 1)
    yield "postprocess_conv.weight", (io, io, 1)
    yield "transformer.project_in.weight", (w, io)
    yield "transformer.project_out.weight", (io, w)
    yield "transformer.rotary_pos_emb.inv_freq", (max(head // 2, 32) // 2,)
    for layer in range(settings["depth"]):
        for name, shape in _block(w, head, context):
            yield f"transformer.layers.{layer}.{name}", shape


def _mlp(
    name: str, source: int, width: int, bias: bool = False
) -> Iterator[tuple[str, tuple[int, ...]]]:
    for place, channels in ((0, source), (2, width)):
        yield f"{name}.{place}.weight", (width, channels)
        if bias:
            yield f"{name}.{place}.bias", (width,)


def _block(w: int, head: int, context: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    for norm in ("pre_norm", "cross_attend_norm", "ff_norm"):
        yield f"{norm}.gamma", (w,)
        yield f"{norm}.beta", (w,)
    for attention in ("self_attn", "cross_attn"):
        for norm in ("q_norm", "k_norm"):
            yield f"{attention}.{norm}.weight", (head,)
            yield f"{attention}.{norm}.bias", (head,)
        yield f"{attention}.to_out.weight", (w, w)
    yield "self_attn.to_qkv.weight", (3 * w, w)
    yield "cross_attn.to_q.weight", (w, w)
    yield "cross_attn.to_kv.weight", (2 * context, context)
    yield "ff.ff.0.proj.weight", (8 * w, w)
    yield "ff.ff.0.proj.bias", (8 * w,)
    yield "ff.ff.2.weight", (w, 4 * w)
    yield "ff.ff.2.bias", (w,)


def compute(
    weights: dict[str, Tensor], x: Tensor, t: Tensor, context: Tensor, vector: Tensor
) -> Tensor:
    """(B, io, T) from x of that shape, t (B,), context (B, L, D) and vector (B, V)."""
    W = {name: weight.squeeze(-1) for name, weight in weights.items()}
    waves = 2 * math.pi * t[:, None] * W["timestep_features.weight"]
    first = _project(W, "to_timestep_embed", torch.cat([waves.cos(), waves.sin()], dim=-1))
    first = first + _project(W, "to_global_embed", vector)
    context = _project(W, "to_cond_embed", context)
    x = x + torch.einsum("oc,bct->bot", W["preprocess_conv.weight"], x)
    h = torch.cat([first[:, None], x.transpose(1, 2) @ W["transformer.project_in.weight"].T], dim=1)
    layer = 0
    while (here := f"transformer.layers.{layer}.") + "pre_norm.gamma" in W:
        h = h + _to_itself(W, here, _norm(W, here + "pre_norm", h))
        h = h + _to_context(W, here, _norm(W, here + "cross_attend_norm", h), context)
        h = h + _feed_forward(W, here + "ff.ff.", _norm(W, here + "ff_norm", h))
        layer += 1
    out = (h[:, 1:] @ W["transformer.project_out.weight"].T).transpose(1, 2)
    return out + torch.einsum("oc,bct->bot", W["postprocess_conv.weight"], out)


def _project(W: dict[str, Tensor], name: str, h: Tensor) -> Tensor:
    h = F.silu(F.linear(h, W[f"{name}.0.weight"], W.get(f"{name}.0.bias")))
    return F.linear(h, W[f"{name}.2.weight"], W.get(f"{name}.2.bias"))


def _norm(W: dict[str, Tensor], name: str, h: Tensor) -> Tensor:
    centred = h - h.mean(-1, keepdim=True)
    deviation = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return centred / deviation * W[f"{name}.gamma"] + W[f"{name}.beta"]


def _to_itself(W: dict[str, Tensor], here: str, h: Tensor) -> Tensor:
    q, k, v = (h @ W[here + "self_attn.to_qkv.weight"].T).chunk(3, dim=-1)
    frequencies = W["transformer.rotary_pos_emb.inv_freq"].numel()
    return _attend(W, here + "self_attn.", q, k, v, frequencies)


def _to_context(W: dict[str, Tensor], here: str, h: Tensor, context: Tensor) -> Tensor:
    q = h @ W[here + "cross_attn.to_q.weight"].T
    k, v = (context @ W[here + "cross_attn.to_kv.weight"].T).chunk(2, dim=-1)
    return _attend(W, here + "cross_attn.", q, k, v, 0)


def _attend(
    W: dict[str, Tensor], name: str, q: Tensor, k: Tensor, v: Tensor, frequencies: int
) -> Tensor:
    """Head by head; the keys' heads serve the queries' in order, evenly."""
    d = W[name + "q_norm.weight"].numel()
    heads, key_heads = q.shape[-1] // d, k.shape[-1] // d
    made = []
    for head in range(heads):
        own, key = (slice(n * d, (n + 1) * d) for n in (head, head * key_heads // heads))
        a = _turn(_head_norm(W, name + "q_norm", q[..., own]), frequencies)
        b = _turn(_head_norm(W, name + "k_norm", k[..., key]), frequencies)
        scores = torch.einsum("bid,bjd->bij", a, b) / math.sqrt(d)
        made.append(scores.softmax(-1) @ v[..., key])
    return torch.cat(made, dim=-1) @ W[name + "to_out.weight"].T


def _head_norm(W: dict[str, Tensor], name: str, h: Tensor) -> Tensor:
    return F.layer_norm(h, h.shape[-1:], W[f"{name}.weight"], W[f"{name}.bias"], 1e-6)


def _turn(h: Tensor, frequencies: int) -> Tensor:
    """Pair (i, i + frequencies) is a complex number; position n turns it by n · 10000^(−i / …)."""
    if not frequencies:
        return h
    rate = 10_000.0 ** -(torch.arange(frequencies) / frequencies)
    angle = torch.arange(h.shape[1])[:, None] * rate
    pair = torch.complex(h[..., :frequencies], h[..., frequencies : 2 * frequencies])
    pair = pair * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([pair.real, pair.imag, h[..., 2 * frequencies :]], dim=-1)


def _feed_forward(W: dict[str, Tensor], name: str, h: Tensor) -> Tensor:
    value, gate = F.linear(h, W[name + "0.proj.weight"], W[name + "0.proj.bias"]).chunk(2, dim=-1)
    return F.linear(value * gate * gate.sigmoid(), W[name + "2.weight"], W[name + "2.bias"])
