"""Our networks beside their peers: the same weights where the peer has them, the same inputs.

The peers are libraries for development alone and imported when they are measured; one that is not
installed is told, and the rest measured.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from engine.device import Device
from engine.nets.build import build
from engine.nets.conditioning import Conditioning
from engine.nets.dit import DiT
from engine.nets.families import dance_diffusion, stable_audio, unet2d
from engine.nets.inference import ready
from engine.nets.unet import UNet
from engine.nets.unet_presets import unet_small
from engine.nets.waveform import WaveformUNet

Forward = Callable[[], Tensor]


@dataclass(frozen=True, eq=False)
class Pair:
    """Two forward passes to be timed in turns, and the networks that make them."""

    own: Forward
    peer: Forward
    net: nn.Module
    peer_net: nn.Module
    same_weights: bool = True


@dataclass(frozen=True)
class Contest:
    """`make` builds the pair, `bar` is the most that own / peer may be.

    `peak_part_bar` is what our network must reach of the machine's matrix peak, in per cent.
    """

    name: str
    bar: float
    make: Callable[[Device], Pair]
    peak_part_bar: float | None = None


def random_weights(net: nn.Module) -> nn.Module:
    """A network from the meta device, its weights drawn small enough that nothing overflows."""
    net = net.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(0)
    for tensor in (*net.parameters(), *net.buffers()):
        if tensor.is_floating_point():
            tensor.data.normal_(0.0, 0.02, generator=generator)
    for module in net.modules():
        if isinstance(module, nn.GroupNorm | nn.LayerNorm) and module.weight is not None:
            nn.init.ones_(module.weight)
    return net.eval().requires_grad_(False)


def _with_weights_of(
    net: nn.Module,
    peer: nn.Module,
    translate: Callable[[dict[str, Tensor], Any], dict[str, Tensor]],
) -> nn.Module:
    net.load_state_dict(translate(peer.state_dict(), net), assign=True)
    return net


def _as_it_is(peer: Any, device: Device) -> Any:
    return peer.eval().requires_grad_(False).to(device.torch, device.dtype)


def _inputs(device: Device, *shape: int) -> Tensor:
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    return drawn.to(device.torch, device.dtype)


def musicldm(device: Device, compiled: bool = False) -> Pair:
    """185 M at 2 × 8 × 256 × 16: ten seconds, guided. `compiled` is the peer, channels-last."""
    config = unet2d.audioldm(128)
    with torch.device("meta"):
        own, peer = (
            UNet(config),
            _diffusers().UNet2DConditionModel(
                in_channels=8,
                out_channels=8,
                block_out_channels=config.channels,
                down_block_types=("DownBlock2D", *["CrossAttnDownBlock2D"] * 3),
                up_block_types=(*["CrossAttnUpBlock2D"] * 3, "UpBlock2D"),
                cross_attention_dim=config.channels,
                class_embed_type="simple_projection",
                projection_class_embeddings_input_dim=512,
                class_embeddings_concat=True,
            ),
        )
    peer = _as_it_is(random_weights(peer), device)
    net = ready(_with_weights_of(own, peer, unet2d.load_diffusers), device)
    x, clap = _inputs(device, 2, 8, 256, 16), _inputs(device, 2, 512)
    t, told = torch.full((2,), 500, device=device.torch), Conditioning(vector=clap)
    if compiled:
        peer, x = _compiled(peer), x.to(memory_format=torch.channels_last)
    return Pair(
        lambda: net(x, t, told),
        lambda: peer(x, t, encoder_hidden_states=None, class_labels=clap).sample,
        net,
        peer,
    )


def _compiled(peer: Any) -> Any:
    if not shutil.which(os.environ.get("CXX", "c++")):
        raise ImportError("torch.compile writes C++", name="a C++ compiler")
    return torch.compile(peer.to(memory_format=torch.channels_last))


def riffusion(device: Device) -> Pair:
    """860 M at 2 × 4 × 64 × 64: five seconds, guided."""
    with torch.device("meta"):
        own, peer = (
            UNet(unet2d.RIFFUSION),
            _diffusers().UNet2DConditionModel(cross_attention_dim=768),
        )
    peer = _as_it_is(random_weights(peer), device)
    net = ready(_with_weights_of(own, peer, unet2d.load_diffusers), device)
    x, words = _inputs(device, 2, 4, 64, 64), _inputs(device, 2, 77, 768)
    t, told = torch.full((2,), 500, device=device.torch), Conditioning(context=words)
    return Pair(lambda: net(x, t, told), lambda: peer(x, t, words).sample, net, peer)


def dance(device: Device) -> Pair:
    """221 M at 1 × 2 × 65,536: a second and a half of stereo."""
    config = dance_diffusion.DANCE_DIFFUSION
    with torch.device("meta"):
        own, peer = WaveformUNet(config), _diffusers().UNet1DModel(
            extra_in_channels=config.time_channels,
            time_embedding_dim=config.time_channels,
            block_out_channels=config.channels,
            down_block_types=(
                "DownBlock1DNoSkip", *["DownBlock1D"] * 7, *["AttnDownBlock1D"] * 5,
            ),
            up_block_types=(*["AttnUpBlock1D"] * 5, *["UpBlock1D"] * 7, "UpBlock1DNoSkip"),
        )  # fmt: skip
    peer = _as_it_is(_with_kernels(random_weights(peer)), device)
    own = own.to_empty(device="cpu")
    _with_kernels(own)
    net = ready(_with_weights_of(own, peer, dance_diffusion.load_diffusers), device)
    x, t = _inputs(device, 1, 2, 65_536), torch.full((1,), 0.5, device=device.torch)
    return Pair(lambda: net(x, t), lambda: peer(x, t).sample, net, peer)


def _with_kernels(net: nn.Module) -> nn.Module:
    """The fixed resampling kernels, which the meta device forgot."""
    from engine.nets.resample import CUBIC

    taps = torch.tensor([*CUBIC, *CUBIC[::-1]])
    for module in net.modules():
        if isinstance(getattr(module, "kernel", None), Tensor):
            doubled = getattr(module, "up", False) is True or type(module).__name__ == "Upsample1d"
            module.kernel = taps * (2 if doubled else 1)
    return net


def stable_audio_open(device: Device) -> Pair:
    """1057 M at 2 × 64 × 1024: 47 seconds, guided."""
    with torch.device("meta"):
        own, peer = DiT(stable_audio.STABLE_AUDIO_OPEN), _diffusers().StableAudioDiTModel()
    peer = _as_it_is(random_weights(peer), device)
    net = ready(
        _with_weights_of(own.to_empty(device="cpu"), peer, stable_audio.from_diffusers), device
    )
    x, words, seconds = (
        _inputs(device, 2, 64, 1024), _inputs(device, 2, 130, 768), _inputs(device, 2, 1536),
    )  # fmt: skip
    t, told = torch.full((2,), 0.5, device=device.torch), Conditioning(words, vector=seconds)
    rotary = _rotary(device, 1024 + 1)
    return Pair(
        lambda: net(x, t, told),
        lambda: (
            peer(x, t, words, global_hidden_states=seconds[:, None], rotary_embedding=rotary).sample
        ),
        net,
        peer,
    )


def _diffusers() -> Any:
    return importlib.import_module("diffusers")


def _rotary(device: Device, length: int) -> Any:
    embeddings: Any = importlib.import_module("diffusers.models.embeddings")
    table = embeddings.get_1d_rotary_pos_embed(
        32, length, use_real=True, repeat_interleave_real=False
    )
    return tuple(part.to(device.torch) for part in table)


def ddpm_1d(device: Device) -> Pair:
    """Small in 1D on 30 s of latents against denoising-diffusion-pytorch's U-Net."""
    peer_class = _denoising_diffusion_1d().Unet1D
    peer = _as_large(lambda width: peer_class(dim=width, channels=64), range(32, 160, 8))
    _casts_what_it_takes(peer.get_submodule("time_mlp.1"))
    return _small_pair(device, peer, lambda net, x, t: net(x, t * 1000))


def a_unet_small(device: Device) -> Pair:
    """The same against a-unet's, with the attention and the channels of Small."""
    a_unet, apex = importlib.import_module("a_unet"), importlib.import_module("a_unet.apex")
    residual, attention = apex.ResnetItem, apex.AttentionItem
    cross, time = apex.CrossAttentionItem, apex.ModulationItem

    def make(width: int) -> nn.Module:
        rows = ((1, 1, 0), (2, 2, 0), (4, 2, 1), (8, 2, 1))  # multiplier, factor, attends
        blocks = [
            apex.XBlock(
                channels=multiplier * width,
                factor=factor,
                items=[residual, time, residual, time, *[attention, cross] * attends],
            )
            for multiplier, factor, attends in rows
        ]
        return a_unet.TimeConditioningPlugin(apex.XUNet)(
            dim=1, in_channels=64, out_channels=64, blocks=blocks, skip_t=apex.SkipCat,
            attention_features=64, attention_heads=4, embedding_features=768,
            modulation_features=256, resnet_groups=8,
        )  # fmt: skip

    words = _inputs(device, 1, 20, 768)
    peer = _as_large(make, range(32, 160, 8))
    return _small_pair(device, peer, lambda net, x, t: net(x, time=t.to(x.dtype), embedding=words))


def _small_pair(
    device: Device, peer: nn.Module, call: Callable[[nn.Module, Tensor, Tensor], Tensor]
) -> Pair:
    net, peer = ready(build(unet_small()), device), _as_it_is(peer, device)
    x, words = _inputs(device, 1, 64, 1_504), _inputs(device, 1, 20, 768)
    t, told = torch.full((1,), 0.5, device=device.torch), Conditioning(context=words)
    return Pair(lambda: net(x, t, told), lambda: call(peer, x, t), net, peer, same_weights=False)


def _casts_what_it_takes(layer: nn.Module) -> None:
    """Features of the noise level are made in fp32, which a layer in another dtype refuses."""

    def cast(module: Any, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(each.to(module.weight.dtype) for each in args)

    layer.register_forward_pre_hook(cast)


def _as_large(make: Callable[[int], nn.Module], widths: range) -> nn.Module:
    """The peer whose number of parameters is nearest to Small's."""
    with torch.device("meta"):
        wanted = count(build(unet_small()))
        width = min(widths, key=lambda each: abs(count(make(each)) - wanted))
    return make(width)


def _denoising_diffusion_1d() -> ModuleType:
    """Its package imports torchvision for the sake of pictures, which its 1D network never sees."""
    for name in ("torchvision", "torchvision.transforms", "torchvision.utils"):
        sys.modules.setdefault(name, ModuleType(name))
    vision: Any = sys.modules["torchvision"]
    for part in ("transforms", "utils"):
        if not hasattr(vision, part):
            setattr(vision, part, sys.modules[f"torchvision.{part}"])
    return importlib.import_module("denoising_diffusion_pytorch.denoising_diffusion_pytorch_1d")


def count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def contests() -> Iterator[Contest]:
    yield Contest("MusicLDM's U-Net over diffusers", 0.5, musicldm)
    yield Contest("MusicLDM's U-Net over it compiled", 0.7, partial(musicldm, compiled=True))
    yield Contest("Riffusion's U-Net over diffusers", 0.6, riffusion)
    yield Contest("Dance Diffusion's U-Net over diffusers", 0.6, dance)
    yield Contest("Stable Audio's DiT over diffusers", 0.8, stable_audio_open)
    yield Contest("Small 1D over denoising-diffusion-pytorch", 0.7, ddpm_1d, 40.0)
    yield Contest("Small 1D over a-unet", 0.7, a_unet_small, 40.0)
