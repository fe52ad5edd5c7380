"""A model without a network, for tests of the worker: instant, and failing on request."""

from __future__ import annotations

import threading
from collections.abc import Callable

import torch
from torch import Tensor

from engine.api import ModelInfo, SamplerName, ScheduleName
from engine.device import Device
from engine.nets.conditioning import Conditioning
from engine.score import Score

INFO = ModelInfo(
    "house", "Scripted", "", 1_000, 2, 5, 3.0, SamplerName.EULER, ScheduleName.KARRAS
)  # fmt: skip


class ScriptedCodec:
    """A latent frame is 100 samples of its own mean; decoding runs `on_decode` first."""

    sample_rate, channels, latent_channels, hop = 1_000, 2, 4, 100
    low_hz, high_hz = 30.0, 500.0

    def __init__(self) -> None:
        self.on_decode: Callable[[], None] = lambda: None
        self.decodes = 0

    def frames(self, samples: int) -> int:
        return -(-samples // self.hop)

    def encode(self, audio: Tensor, *, circular: bool = False, frames: int | None = None) -> Tensor:
        raise NotImplementedError("no test encodes")

    def decode(
        self, latents: Tensor, samples: int, *, draft: bool = False, circular: bool = False
    ) -> Tensor:
        self.on_decode()
        self.decodes += 1
        audio = latents.mean(1, keepdim=True).repeat_interleave(self.hop, dim=2)
        return audio[..., :samples].expand(-1, 2, -1)

    def excerpt(self, latents: Tensor, begin: int, samples: int) -> Tensor:
        return self.decode(latents, begin + samples)[..., begin:]

    def picture(self, latents: Tensor) -> Tensor:
        return latents


class ScriptedModel:
    """Its denoiser returns zeros after `on_call(batch)`, which may raise or wait."""

    info = INFO
    sigma_range = (0.1, 10.0)
    bytes_a_second = 1_000.0
    loop_frames = 1

    def __init__(self, device: Device) -> None:
        self.device = device
        self.codec = ScriptedCodec()
        self.on_call: Callable[[int], None] = lambda batch: None
        self.calls = 0

    @property
    def denoiser(self) -> Callable[[Tensor, Tensor, object], Tensor]:
        return self._denoise

    def _denoise(self, x: Tensor, sigma: Tensor, conditioning: object) -> Tensor:
        self.calls += 1
        self.on_call(len(x))
        return torch.zeros_like(x)

    def turn_around(self, loop: bool) -> None:
        pass

    def conditioning(
        self,
        prompt: str,
        negative_prompt: str,
        score: Score,
        frames: int,
        over: Tensor | None = None,
    ) -> tuple[Conditioning, Conditioning]:
        return Conditioning(), Conditioning()

    def finished(self, latents: Tensor, guidance: float) -> Tensor:
        return latents

    def notices(self, prompt: str, negative_prompt: str, score: Score) -> tuple[str, ...]:
        return ()


class ScriptedRegistry:
    """Knows "house", the one `model`; `on_load` may raise or wait."""

    def __init__(self) -> None:
        self.model = ScriptedModel(Device("cpu", torch.float32))
        self.on_load: Callable[[], None] = lambda: None

    def models(self) -> tuple[ModelInfo, ...]:
        return (INFO,)

    def load(self, id: str, device: Device) -> ScriptedModel:
        self.on_load()
        return self.model


class Gate:
    """Holds the thread that passes it until opened, and tells when someone waits."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()

    def open(self) -> None:
        self._open.set()

    def __call__(self, *_: object) -> None:
        self.reached.set()
        assert self._open.wait(120), "the gate was never opened"
