"""Where the network runs: the device, its dtype, its memory, its threads.

The choice is made once a process by `choose`; everything above asks the `Device` it gets and
names no backend of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

COMPILE_VARIABLE = "UNDERTONE_COMPILE"
_OOM_PHRASES = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc")


@dataclass(frozen=True)
class Device:
    """`kind` is torch's device type; `dtype` is what the network's weights are cast to.

    `compiled` networks are compiled for the sizes that they meet, which takes a while at first.
    """

    kind: str  # "cuda", "mps" or "cpu"
    dtype: torch.dtype
    compiled: bool = False

    @property
    def torch(self) -> torch.device:
        return torch.device(self.kind)

    @property
    def title(self) -> str:
        """A name for people, with the precision: "NVIDIA H100, bf16"."""
        if self.kind == "cuda":
            name = torch.cuda.get_device_name()
        else:
            name = "Apple GPU" if self.kind == "mps" else _cpu_name()
        return f"{name}, {str(self.dtype).removeprefix('torch.').replace('bfloat', 'bf')}"

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """In which training computes: the weights stay fp32, the products are in `dtype`."""
        return torch.autocast(self.kind, self.dtype, self.dtype != torch.float32)

    def synchronise(self) -> None:
        """Wait until queued kernels are done, so that a clock read after it is true."""
        if self.kind == "cuda":
            torch.cuda.synchronize()
        elif self.kind == "mps":
            torch.mps.synchronize()

    def free_bytes(self) -> int | None:
        """Memory that could still be taken, or None where the system does not tell."""
        if self.kind == "cuda":
            return torch.cuda.mem_get_info()[0]
        if self.kind == "mps":
            return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        return _free_host_bytes()

    def release_memory(self) -> None:
        """Give cached blocks back, so that a smaller try has the room of a failed one.

        Only what nobody holds: garbage is left to `app.collector`, for the window's would die on
        this thread and end the process. A try that failed leaves no cycles.
        """
        if self.kind == "cuda":
            torch.cuda.empty_cache()
        elif self.kind == "mps":
            torch.mps.empty_cache()


def choose(kind: str | None = None) -> Device:
    """The best device here, or the one of `kind`; bf16 where it is fast, else fp32.

    On a CUDA GPU, `UNDERTONE_COMPILE=1` in the environment compiles the networks. Elsewhere it
    does nothing: on CPUs the packed kernels are faster than what torch's compiler makes.
    """
    if kind is None:
        if torch.cuda.is_available():
            kind = "cuda"
        else:
            kind = "mps" if torch.backends.mps.is_available() else "cpu"
    dtype = torch.bfloat16 if _bf16_is_fast(kind) else torch.float32
    return Device(kind, dtype, kind == "cuda" and os.environ.get(COMPILE_VARIABLE) == "1")


def _bf16_is_fast(kind: str) -> bool:
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if kind == "cpu":
        able = torch.cpu.get_capabilities()
        return bool(able.get("amx_bf16") or able.get("avx512_bf16"))
    return False


def prepare_process() -> None:
    """Threads within the quota for the process; denormals off for the thread that calls.

    Denormals appear in decaying audio tails and cost a hundred times a normal multiply.
    """
    torch.set_flush_denormal(True)
    torch.set_num_threads(min(torch.get_num_threads(), usable_cores()))


def trim_host_memory() -> None:
    """Give freed memory back to the system; without this glibc keeps a few hundred MB of it.

    Takes some 20 ms and does nothing where there is no glibc.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


def usable_cores() -> int:
    """Cores that this process may use: its affinity, within a container's CPU quota."""
    affine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = affine or 1
    quota, _, period = _first_line(Path("/sys/fs/cgroup/cpu.max")).partition(" ")
    if quota.isdecimal() and period.isdecimal():
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory ran out, on any backend.

    CUDA has a class for it; the CPU allocator and MPS raise a plain `RuntimeError` whose
    words must be read.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    words = str(error).lower()
    return isinstance(error, RuntimeError) and any(phrase in words for phrase in _OOM_PHRASES)


def _free_host_bytes() -> int | None:
    if sys.platform == "win32":
        return _free_windows_bytes()
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) * 1024
            return min(free, _free_cgroup_bytes(free))
    return None


def _free_cgroup_bytes(otherwise: int) -> int:
    limit = _first_line(Path("/sys/fs/cgroup/memory.max"))
    used = _first_line(Path("/sys/fs/cgroup/memory.current"))
    if limit.isdecimal() and used.isdecimal():
        return max(0, int(limit) - int(used))
    return otherwise


def _free_windows_bytes() -> int:
    class MemoryStatus(ctypes.Structure):
        """Win32's MEMORYSTATUSEX."""

        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load_percent", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in (
                "total_physical", "free_physical", "total_page_file", "free_page_file",
                "total_virtual", "free_virtual", "free_extended_virtual",
            )),
        ]  # fmt: skip

    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined,unused-ignore]
    return int(status.free_physical)


def _cpu_name() -> str:
    return str(torch.cpu.get_capabilities().get("cpu_name") or "CPU").strip()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _first_line(path: Path) -> str:
    return next(iter(_lines(path)), "")
