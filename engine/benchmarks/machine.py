"""What the machine could do, and how much of it the network reaches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import torch

from engine.api import GenerationRequest
from engine.benchmarks.table import Figure, Setting
from engine.device import Device
from engine.models.host import ModelHost
from engine.models.registry import Registry
from engine.nets.flops import counted
from engine.pipeline import Generation

_SIZE = 2_048
_ENOUGH_S = 20.0
_STEPS = 6  # enough for a median without the first


def measure_machine(setting: Setting) -> Iterator[Figure]:
    host = ModelHost(Registry.default())
    device = host.device
    peaks = {
        dtype: peak_flops(device, dtype, setting.repeats)
        for dtype in (torch.bfloat16, torch.float32)
    }
    for dtype, flops in peaks.items():
        yield Figure(
            f"matrix product, {str(dtype).removeprefix('torch.')}", flops / 1e12, "TFLOP/s"
        )
    model = host.load(setting.model)
    request = GenerationRequest(
        setting.prompt, duration_s=setting.seconds, steps=_STEPS, seed=1, model=setting.model
    )
    step_s = _step_s(lambda: Generation(model, request), device)
    _, flops = counted(lambda: next(Generation(model, request).steps()))
    reached = flops / step_s
    yield Figure("one guided step", step_s * 1e3, "ms")
    yield Figure("the network's products", reached / 1e12, "TFLOP/s")
    yield Figure("part of the machine's peak", 100 * reached / peaks[device.dtype], "%")


def peak_flops(device: Device, dtype: torch.dtype, repeats: int) -> float:
    """Multiply-adds count twice, as everywhere.

    A dtype that the processor only emulates, at a hundredth of the speed, is believed sooner.
    """
    a, b = (torch.randn(_SIZE, _SIZE, device=device.torch).to(dtype) for _ in range(2))
    times = []
    for _ in range(2 + repeats):
        began = time.perf_counter()
        torch.mm(a, b)
        device.synchronise()
        times.append(time.perf_counter() - began)
        if sum(times) > _ENOUGH_S:
            break
    return 2 * _SIZE**3 / min(times[2:] or times)


def _step_s(make: Callable[[], Generation], device: Device) -> float:
    times, began = [], time.perf_counter()
    for _ in range(2):
        for _step in make().steps():
            device.synchronise()
            now = time.perf_counter()
            times.append(now - began)
            began = now
    return median(times[1:])
