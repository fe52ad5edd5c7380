"""The device choice, and reading what an out-of-memory error looks like."""

import ctypes
import gc
import weakref

import pytest
import torch

from engine import device
from engine.benchmarks.start import resident_mb


def test_the_cpu_computes_in_bf16_only_where_that_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for capabilities, dtype in (
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"avx2": True}, torch.float32),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=capabilities: able)
        assert device.choose("cpu").dtype is dtype


def test_only_a_gpus_networks_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    assert not device.choose("cuda").compiled
    monkeypatch.setenv(device.COMPILE_VARIABLE, "1")
    assert device.choose("cuda").compiled
    assert not device.choose("cpu").compiled


def test_a_refused_allocation_counts_as_out_of_memory() -> None:
    with pytest.raises(RuntimeError) as refused:
        torch.empty(10**15)
    assert device.is_out_of_memory(refused.value)
    assert device.is_out_of_memory(MemoryError())
    assert device.is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory. Tried …"))
    assert device.is_out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: …)"))
    assert not device.is_out_of_memory(RuntimeError("shapes do not match"))
    assert not device.is_out_of_memory(ValueError("out of memory"))


def test_threads_stay_within_a_containers_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = device.usable_cores()
    monkeypatch.setattr(device, "_first_line", lambda path: "100000 100000")
    assert device.usable_cores() == 1
    monkeypatch.setattr(device, "_first_line", lambda path: "max 100000")
    assert device.usable_cores() == whole >= 1


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="glibc's own")
def test_what_was_freed_goes_back_to_the_system() -> None:
    blocks = [bytearray(60_000) for _ in range(2_000)]
    blocks = blocks[::100]  # what is left pins the heap
    before = resident_mb()
    device.trim_host_memory()
    assert before is not None
    after = resident_mb()
    assert after is not None
    assert before - after > 80.0
    assert len(blocks) == 20


class Knot:
    """Garbage that only the collector finds, as a widget can be."""

    def __init__(self) -> None:
        self.itself = self


def test_garbage_waits_for_the_thread_that_may_collect_it() -> None:
    gc.disable()
    try:
        knot = weakref.ref(Knot())
        device.choose("cpu").release_memory()
        assert knot() is not None
    finally:
        gc.enable()


def test_denormals_are_flushed() -> None:
    device.prepare_process()
    assert (torch.tensor([1e-38]) * 1e-4).item() == 0.0


def test_free_memory_is_told_in_bytes() -> None:
    free = device.choose("cpu").free_bytes()
    assert free is None or 2**20 < free < 2**50
