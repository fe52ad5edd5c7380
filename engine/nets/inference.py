"""A network made ready to be run and never trained: the fastest form of it on a device."""

from __future__ import annotations

from typing import TypeVar

from torch import nn

from engine.device import Device
from engine.nets.packed import can_pack, with_packed_weights
from engine.nets.winograd import with_winograd

Net = TypeVar("Net", bound=nn.Module)


def ready(net: Net, device: Device) -> Net:
    """`net` itself, on `device` in its dtype, without gradients or dropout.

    On a CPU its wide convolutions take Winograd's way, and what remains is packed as the CPU's
    kernels want it. Outputs keep within the dtype's rounding; the names of the weights
    are lost, so what is to be stored, store before.

    Where the device wants networks compiled, torch's compiler makes one graph of the whole, with
    CUDA graphs: an output is then the next call's to overwrite, so copy what is to be kept.
    """
    net = net.eval().requires_grad_(False).to(device.torch, device.dtype)
    if device.compiled:
        net.compile(mode="reduce-overhead", fullgraph=True, dynamic=False)
        return net
    if device.kind == "cpu":
        with_winograd(net)
    if device.kind == "cpu" and can_pack(device.dtype):
        with_packed_weights(net)
    return net
