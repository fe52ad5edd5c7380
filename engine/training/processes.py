"""One training on one device or on many: who takes part, and what they do together.

accelerate reads the environment of whichever launcher is used (`launch` here, torchrun,
`accelerate launch`), opens the process group on the backend that fits the device, and wraps the
network in DistributedDataParallel. Four things that it offers are done by hand instead:

- Its data loaders deal whole batches to the processes. Here a step's batch is cut by item
  (`Batches.share`), so that N processes take the very step that one would.
- `accumulate` counts calls in state shared by the whole process. Here a step is one call, and the
  passes that it is made of are a loop inside it.
- Its mixed precision replaces the network's `forward`. Here the loss is computed under one
  autocast in the dtype that `Device` chose.
- Its sharding is set by environment variables, refuses CPUs, and keeps a folder of files that
  fit one number of processes. torch's `fully_shard` (FSDP2) keeps every parameter's name and place,
  so that a gathered checkpoint is the one that a lone process writes.
"""

from __future__ import annotations

import os
import socket
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException
from torch.utils._pytree import tree_map

from engine.device import Device, usable_cores
from engine.errors import EngineError


class Processes:
    """The processes of one training, seen from one of them. Alone, nothing here costs anything.

    `shard` spreads parameters, average and optimiser over all of them (FSDP), for networks that
    one device does not hold; else each has its own copy (DDP).
    """

    def __init__(self, device: Device, shard: bool = False) -> None:
        self.accelerator = Accelerator(cpu=device.kind == "cpu")
        self.count, self.index = self.accelerator.num_processes, self.accelerator.process_index
        self.shard = shard and self.count > 1
        self._device = device

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and speaks."""
        return self.index == 0

    def spread(self, net: nn.Module) -> None:
        """Keep this process's part of every parameter alone, where the training is sharded."""
        if not self.shard:
            return
        # No block works in place on what another made, which is all that this warns of.
        warnings.filterwarnings("ignore", message=".*returned a view tensor")
        mesh = init_device_mesh(self._device.kind, (self.count,))
        for parameter in net.parameters():  # sharding takes no channels-last kernels
            parameter.data = parameter.data.contiguous()
        for block in blocks(net):
            fully_shard(block, mesh=mesh)
        fully_shard(net, mesh=mesh)

    def share(self, net: nn.Module) -> nn.Module:
        """`net` as it must be called for its gradients to be the mean over all processes."""
        return net if self.shard else self.accelerator.prepare(net)

    def alone(self, shared: nn.Module) -> AbstractContextManager[Any]:
        """Within it, gradients are summed here and not yet averaged.

        Sharded ones are averaged at once: whole ones would take the memory that sharding saved.
        """
        return nullcontext() if self.shard else self.accelerator.no_sync(shared)

    def mean(self, value: Tensor) -> float:
        """Of one number from each process."""
        return float(self.accelerator.reduce(value, "mean"))

    def agree(self, said: bool) -> bool:
        """What the first process says: clocks differ, and all must do the same."""
        if self.count == 1:
            return said
        return (
            self.mean(torch.tensor(float(said and self.first), device=self.accelerator.device)) > 0
        )

    def gathered(self, state: dict[str, Any]) -> dict[str, Any]:
        """`state` with whole tensors, for the first process; every process must ask."""

        def whole(value: Any) -> Any:
            if not isinstance(value, DTensor):
                return value
            joined = value.full_tensor()
            return joined.cpu() if self.first else None

        return tree_map(whole, state)

    def wait(self) -> None:
        """Until every process is here."""
        self.accelerator.wait_for_everyone()


def blocks(net: nn.Module) -> Iterator[nn.Module]:
    """The repeated parts of a network, the innermost: what is gathered and let go as one."""
    lists = [module for module in net.modules() if isinstance(module, nn.ModuleList)]
    for each in lists:
        for block in each:
            if not any(isinstance(inner, nn.ModuleList) for inner in block.modules()):
                yield block


def load_network(net: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give `net` whole weights; where it is sharded, its part of them."""
    own = net.state_dict()
    net.load_state_dict({k: _laid(v, own[k]) if k in own else v for k, v in weights.items()})


def load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Give `optimizer` a whole state; where its parameters are sharded, its part of it."""
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    moments = {
        place: {name: _laid(value, parameters[place]) for name, value in kept.items()}
        for place, kept in state["state"].items()
    }
    optimizer.load_state_dict({**state, "state": moments})


def _laid(value: Tensor, like: Tensor) -> Tensor:
    """`value` laid over the processes as `like` is. A step counter, without axes, is whole."""
    if not isinstance(like, DTensor) or value.dim() == 0:
        return value
    return distribute_tensor(value.to(like.device), like.device_mesh, like.placements)


def launched() -> bool:
    """Whether this process is one of several that a launcher started."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def launch(work: Callable[..., None], processes: int, *arguments: Any) -> None:
    """Call `work(*arguments)` in `processes` new processes which form one training.

    `work` is found by its name in its module, and arguments are pickled: nothing is forked, which
    torch's threads would not survive. Where one fails the others are ended. Raises `EngineError`.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    try:
        torch.multiprocessing.spawn(_join, (work, processes, port, arguments), nprocs=processes)
    except (ProcessRaisedException, ProcessExitedException) as error:
        why = str(error).strip().splitlines()[-1]
        raise EngineError(
            f"One of the {processes} processes failed: {why}",
            "Give the same command again to continue from the last checkpoint.",
        ) from error


def _join(
    index: int, work: Callable[..., None], processes: int, port: int, arguments: tuple[Any, ...]
) -> None:
    """Be process `index`, with its part of the cores."""
    threads = int(os.environ.get("OMP_NUM_THREADS", 0)) or max(1, usable_cores() // processes)
    count, here = str(processes), str(index)
    os.environ.update(
        RANK=here, LOCAL_RANK=here, WORLD_SIZE=count, LOCAL_WORLD_SIZE=count,
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), OMP_NUM_THREADS=str(threads),
    )  # fmt: skip
    torch.set_num_threads(threads)
    work(*arguments)
    if distributed.is_initialized():
        distributed.destroy_process_group()
