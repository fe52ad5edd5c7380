"""How a denoiser learns: batches, one loss, and an average of the weights that is kept.

The same loop trains in one process or in many. The kept weights are an exponential moving average
of the trained ones.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from engine.device import Device
from engine.diffusion.parameterisation import Denoiser
from engine.errors import InvalidRequest
from engine.models.told import told_channels
from engine.nets.build import Net, NetConfig, build
from engine.nets.unet import UNetConfig
from engine.training.batches import Batch, Batches, DenoiserTraining
from engine.training.growth import grown
from engine.training.pieces import Pieces
from engine.training.processes import Processes, load_network, load_optimizer
from engine.training.runs import Run, cosine_rate

LATENTS = 96
"""Of the codec's, the first: more of them is more to learn, see `engine.training.learnability`."""
HOUSE_UNET = UNetConfig(
    in_channels=LATENTS,
    out_channels=LATENTS,
    concat_channels=told_channels(LATENTS),
    channels=(192, 320, 384),
    blocks_per_level=1,
    embedding_channels=256,
    context_channels=384,
    groups=4,  # 48 channels a group and more: the CPU's bf16 group norm wants multiples of 16
)


@torch.no_grad()
def update_average(average: nn.Module, net: nn.Module, decay: float) -> None:
    for kept, new in zip(average.parameters(), net.parameters(), strict=True):
        kept.lerp_(new, 1 - decay)


def parameter_groups(net: nn.Module) -> list[dict[str, object]]:
    """Weight decay for matrices and kernels alone."""
    many = [p for p in net.parameters() if p.dim() > 1]
    few = [p for p in net.parameters() if p.dim() <= 1]
    return [{"params": many, "weight_decay": 0.01}, {"params": few, "weight_decay": 0.0}]


class DenoiserTrainer:
    """Net, average, optimiser and step counter: everything a checkpoint holds.

    One process trains alone; several that a launcher started train together and take the same
    steps: see `engine.training.processes`. The checkpoint is one file that any number of them
    continues; the first process writes it, and the log. `config` is any that `build` knows.
    Raises `InvalidRequest` for a batch that cannot be shared, and what `Run.load` does.
    """

    def __init__(
        self,
        run: Run,
        training: DenoiserTraining,
        config: NetConfig,
        device: Device,
        shard: bool = False,
    ) -> None:
        self.run, self.training, self.config, self.device = run, training, config, device
        self.processes = Processes(device, shard)
        check_batch(training, self.processes.count)
        torch.manual_seed(0)
        self.net = build(config)
        self.average = copy.deepcopy(self.net)
        for net in (self.net, self.average):
            self.processes.spread(net)
            net.to(device.torch)
        self.optimizer = self._optimizer()
        self.step, self.seconds = 0, 0.0
        if state := run.load():
            self.restore(state)
        self._shared = self.processes.share(self.net)

    def _optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(parameter_groups(self.net), betas=(0.9, 0.95), fused=True)

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with a trained network's weights, `grown` to this one's size.

        A run that has begun goes on as it is. Raises what `grown` does.
        """
        if self.step > 0:
            return
        for net in (self.net, self.average):
            load_network(net, grown(weights, self.config))

    def train(self, pieces: Pieces, frame_rate: float, minutes: float = 1e9) -> Net:
        """Train until `training.steps` or for `minutes`; the averaged network comes back."""
        training, together = self.training, self.processes
        batches = iter(self._batches(pieces, frame_rate))
        began, before = time.monotonic(), self.seconds
        bar = tqdm(
            total=training.steps, initial=self.step, desc=self.run.folder.name, smoothing=0.05,
            disable=not together.first,
        )  # fmt: skip
        losses: list[float] = []
        while self.step < training.steps and together.agree(
            time.monotonic() - began < 60 * minutes
        ):
            losses.append(self.advance(next(batches)))
            self.seconds = before + time.monotonic() - began
            bar.update()
            if self.step % 20 == 0 or self.step == training.steps:
                mean = float(np.mean(losses))
                told = {"loss": mean, **self.figures()}
                bar.set_postfix({name: f"{value:.4f}" for name, value in told.items()})
                if together.first:
                    self.run.log(step=self.step, seconds=self.seconds, **told)
                losses.clear()
            if self.step % training.save_every == 0:
                self.save()
        self.save()
        bar.close()
        return self.average

    def figures(self) -> dict[str, float]:
        """What else is logged beside the loss."""
        return {}

    def _batches(self, pieces: Pieces, frame_rate: float) -> DataLoader[Batch]:
        """This process's part of the steps that are left, in order."""
        share = (self.processes.index, self.processes.count)
        batches = Batches(pieces, self.training, frame_rate, share=share)
        loaders = self.training.loaders
        return DataLoader(
            batches,  # type: ignore[arg-type]
            batch_size=None,
            sampler=range(self.step, len(batches)),
            num_workers=loaders,
            multiprocessing_context="spawn" if loaders else None,
        )

    def advance(self, batch: Batch) -> float:
        """One step of the optimiser on this process's `batch`; returns the mean loss of all."""
        training, together = self.training, self.processes
        rate = cosine_rate(self.step, training.steps, training.peak_rate)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        # A resumed run drops what an unbroken one would, and no two processes the same.
        torch.manual_seed(self.step * together.count + together.index)
        self.optimizer.zero_grad(set_to_none=True)
        *before, last = batch.parts(training.accumulate)
        with together.alone(self._shared):
            losses = [self._backward(part) for part in before]
        losses.append(self._backward(last))
        together.accelerator.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        decay = min(training.ema, (1 + self.step) / (10 + self.step))
        update_average(self.average, self.net, decay)
        return together.mean(torch.stack(losses).sum())

    def _backward(self, part: Batch) -> Tensor:
        """Add the gradients of `part`; returns its share of the batch's mean loss.

        Every item weighs one over the whole batch's size, however the items are dealt: the
        processes' mean undoes the factor of their number.
        """
        part = part.to(self.device.torch)
        denoiser = Denoiser(self._shared, self.training.parameterisation)
        with self.device.autocast():
            loss = denoiser.loss(part.x0, part.noise, part.sigma, part.conditioning)
        loss = loss.sum() * (self.processes.count / self.training.batch)
        self.processes.accelerator.backward(loss)
        return loss.detach()

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds: all that training needs to go on as if unbroken."""
        return {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` told."""
        load_network(self.net, state["net"])
        load_network(self.average, state["average"])
        load_optimizer(self.optimizer, state["optimizer"])
        self.step, self.seconds = int(state["step"]), state.get("seconds", 0.0)

    def save(self) -> None:
        """Every process must call it; the checkpoint is there when it returns."""
        state = self.processes.gathered(self.state())
        if self.processes.first:
            self.run.save(state)
        self.processes.wait()


def check_batch(training: DenoiserTraining, processes: int) -> None:
    """Raises `InvalidRequest` where not every pass of every process would have an item."""
    if training.batch < processes * training.accumulate:
        raise InvalidRequest(
            "accumulate",
            f"A batch of {training.batch} cannot be dealt into "
            f"{processes} × {training.accumulate} parts.",
            "Take fewer processes or passes.",
        )


def trained(run: Run, config: NetConfig) -> Net | None:
    """The averaged network of a run's last checkpoint, on the CPU; None before the first."""
    state = run.load()
    if state is None:
        return None
    net = build(config)
    net.load_state_dict(state["average"])
    return net
