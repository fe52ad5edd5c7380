"""`undertone bench nets`: our networks beside their peers, in turns, on this machine.

A ratio of two times that were taken in turns says more than either: these machines are shared and
their speed moves. Each row also says what part of the measured matrix peak our network reaches.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

import torch
from torch import Tensor

from engine.benchmarks.machine import peak_flops
from engine.benchmarks.peers import Contest, Forward, contests
from engine.benchmarks.table import Figure, Setting
from engine.device import Device, choose, prepare_process
from engine.errors import InvalidRequest
from engine.nets.build import build
from engine.nets.flops import counted
from engine.nets.inference import ready
from engine.nets.unet_presets import unet_small

LENGTHS_S = (5, 15, 30, 60, 120, 300)
LATENT_RATE = 50
GROWTH = "Small 1D, longer clips over linear"
GROWTH_BAR = 1.15  # against linear, up to 60 s


@torch.inference_mode()
def measure_nets(setting: Setting) -> Iterator[Figure]:
    prepare_process()
    device, wanted = choose(), [each for each in contests() if setting.wants(each.name)]
    if not wanted and not setting.wants(GROWTH):
        names = "; ".join([*(each.name for each in contests()), GROWTH])
        raise InvalidRequest("only", f"No row is called “{setting.only}”.", f"Known: {names}.")
    peak = peak_flops(device, device.dtype, setting.repeats)
    yield Figure("matrix product", peak / 1e12, "TFLOP/s", note=device.title)
    for contest in wanted:
        yield from _measure(contest, device, peak, setting.repeats)
        gc.collect()
        device.release_memory()
    if setting.wants(GROWTH):
        yield from _measure_growth(device, setting.repeats)


def _measure(contest: Contest, device: Device, peak: float, repeats: int) -> Iterator[Figure]:
    try:
        pair = contest.make(device)
    except ImportError as error:
        yield Figure(contest.name, None, "", contest.bar, f"{error.name} is not installed")
        return
    wanted = pair.peer()
    got, flops = counted(pair.own)
    own_s, peer_s = in_turns(pair.own, pair.peer, device, repeats)
    note = f"{own_s * 1e3:,.0f} ms to {peer_s * 1e3:,.0f}"
    if pair.same_weights:
        apart = (got.double() - wanted.double()).norm() / wanted.double().norm()
        note += f", apart by {float(apart):.1e}"
    yield Figure(contest.name, own_s / peer_s, "", contest.bar, note)
    part = 100 * flops / own_s / peak
    yield Figure("  part of the peak", part, "%", contest.peak_part_bar, at_least=True)


def in_turns(own: Forward, peer: Forward, device: Device, repeats: int) -> tuple[float, float]:
    """The median seconds of each; both have been called before."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for call, taken in zip((own, peer), times, strict=True):
            began = time.perf_counter()
            call()
            device.synchronise()
            taken.append(time.perf_counter() - began)
    return median(times[0]), median(times[1])


def _measure_growth(device: Device, repeats: int) -> Iterator[Figure]:
    """What a longer clip costs, over what it would if cost grew with the length."""
    net = ready(build(unet_small()), device)
    taken: dict[int, float] = {}
    for seconds in LENGTHS_S:
        inputs = net.config.fake_inputs(1, seconds * LATENT_RATE)
        taken[seconds] = _median_s(partial(net, *inputs), device, repeats)
    for seconds in LENGTHS_S[1:]:
        over = taken[seconds] / taken[LENGTHS_S[0]] / (seconds / LENGTHS_S[0])
        bar = GROWTH_BAR if seconds <= 60 else None
        note = f"{taken[seconds] * 1e3:,.0f} ms"
        yield Figure(f"Small 1D, {seconds} s over linear from 5 s", over, "", bar, note)


def _median_s(call: Callable[[], Tensor], device: Device, repeats: int) -> float:
    times = []
    for _ in range(1 + repeats):
        began = time.perf_counter()
        call()
        device.synchronise()
        times.append(time.perf_counter() - began)
    return median(times[1:])
