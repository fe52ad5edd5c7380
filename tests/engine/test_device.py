"""The device choice, and reading what an out-of-memory error looks like."""

import pytest
import torch

from engine import device


def test_the_cpu_computes_in_bf16_only_where_that_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for capabilities, dtype in (
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"avx2": True}, torch.float32),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=capabilities: able)
        assert device.choose("cpu").dtype is dtype


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


def test_denormals_are_flushed() -> None:
    device.prepare_process()
    assert (torch.tensor([1e-38]) * 1e-4).item() == 0.0


def test_free_memory_is_told_in_bytes() -> None:
    free = device.choose("cpu").free_bytes()
    assert free is None or 2**20 < free < 2**50
