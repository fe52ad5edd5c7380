"""`undertone bench codec`: sound there and back, pictures, and a second anywhere in a clip."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import torch
from torch import Tensor

from engine.benchmarks.table import Figure, Setting
from engine.codecs.base import Codec
from engine.codecs.house import HouseCodec
from engine.device import Device, choose, prepare_process
from engine.models.registry import Registry

REAL_TIME_BAR = 50.0
PICTURE_BAR_MS = 3.0
SECOND_BAR_MS = 15.0
APART_BAR = 1e-3
SMALL_CHUNK = 40  # latent frames, against the 512 of a whole clip of usual length


@torch.inference_mode()
def measure_codec(setting: Setting) -> Iterator[Figure]:
    prepare_process()
    device = choose()
    codec = Registry.default().load(setting.model, device).codec
    audio = something_like_music(codec, setting.seconds).to(device.torch)
    latents, samples = codec.encode(audio), audio.shape[-1]

    def took_ms(call: Callable[[], Any]) -> float:
        return 1e3 * median(timed(call, device, 3 * setting.repeats))

    encode_ms = took_ms(lambda: codec.encode(audio))
    decode_ms = took_ms(lambda: codec.decode(latents, samples))
    note = f"{encode_ms:.0f} ms and {decode_ms:.0f} for {setting.seconds:g} s"
    speed = 1e3 * setting.seconds / (encode_ms + decode_ms)
    name = "encode and decode, times real time"
    yield Figure(name, speed, "", REAL_TIME_BAR, note, at_least=True)
    yield Figure("picture of a clip", took_ms(lambda: codec.picture(latents)), "ms", PICTURE_BAR_MS)
    second, middle = codec.sample_rate, max(0, samples // 2 - codec.sample_rate // 2)
    excerpt_ms = took_ms(lambda: codec.excerpt(latents, middle, second))
    yield Figure("a second in the middle of it", excerpt_ms, "ms", SECOND_BAR_MS)
    if isinstance(codec, HouseCodec):
        yield Figure("in pieces and whole, apart by", in_pieces(codec, latents), "", APART_BAR)


def timed(call: Callable[[], Any], device: Device, runs: int) -> list[float]:
    """Seconds of each run, after one to warm up."""
    taken = []
    for _ in range(1 + runs):
        began = time.perf_counter()
        call()
        device.synchronise()
        taken.append(time.perf_counter() - began)
    return taken[1:]


def something_like_music(codec: Codec, seconds: float) -> Tensor:
    """(1, channels, samples): decaying chords, two a second, over noise."""
    generator = torch.Generator().manual_seed(0)
    time_s = torch.arange(round(seconds * codec.sample_rate)) / codec.sample_rate
    sound = 0.01 * torch.randn(codec.channels, len(time_s), generator=generator)
    decay = torch.exp(-4 * (time_s % 0.5))
    for freq_hz in (110.0, 277.2, 329.6, 440.0, 1_760.0):
        sound += 0.1 * decay * torch.sin(2 * torch.pi * freq_hz * time_s)
    return sound[None]


def in_pieces(codec: HouseCodec, latents: Tensor) -> float:
    """The greatest difference between a clip decoded in small pieces and in one."""
    samples = latents.shape[2] * codec.hop
    whole = codec.decode(latents, samples)
    return float((codec.decode(latents, samples, chunk=SMALL_CHUNK) - whole).abs().max())
