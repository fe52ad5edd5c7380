"""Networks, or ways to train one, held against one another: what had each learnt at its end?

All have the same data, parameters and compute. Compute is counted, not timed: the FLOPs of one
training step, forward and backward, times the steps. Each gets as many steps as spend what the
first one spends. The learning rate falls over each one's own steps. Wall-clock is told beside it.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from engine.device import Device
from engine.diffusion.parameterisation import Denoiser, Parameterisation
from engine.errors import InvalidRequest
from engine.models.plain import to_plain
from engine.nets.build import Net, NetConfig, build
from engine.training.batches import Batch, Batches, DenoiserTraining
from engine.training.denoiser import DenoiserTrainer
from engine.training.pieces import Pieces
from engine.training.runs import Run

PARAMETERS_APART = 0.05
LEVELS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # σ at which held-out pieces are heard
HELD_OUT_BATCHES = 4
PLAN_FILE, RESULT_FILE = "plan.json", "result.json"


@dataclass(frozen=True)
class Verdict:
    """How a network makes music: shares from 0 to 1 by what they tell, for it and for renders.

    None is what could not be measured; `remark` says why nothing could.
    """

    generated: Mapping[str, float | None] = field(default_factory=dict)
    real: Mapping[str, float | None] = field(default_factory=dict)
    remark: str = ""


@dataclass(frozen=True)
class Candidate:
    """A network and how it is to be trained."""

    config: NetConfig
    training: DenoiserTraining


Judge = Callable[[Net, Candidate], Verdict]


@dataclass(frozen=True)
class Cost:
    parameters: int
    forward_flops: int  # of one item
    step_flops: int  # of one step of the optimiser: all items, forward and backward


@dataclass(frozen=True)
class Entry:
    """One candidate's part in a comparison, with the steps that it is given."""

    name: str
    candidate: Candidate
    cost: Cost

    @property
    def steps(self) -> int:
        return self.candidate.training.steps

    @property
    def flops(self) -> int:
        return self.steps * self.cost.step_flops


@dataclass(frozen=True)
class Result:
    """What a network had learnt at its end."""

    seconds: float
    train_loss: float  # mean over the last tenth of the steps
    held_out: Mapping[float, float]  # σ → loss
    curve: Sequence[tuple[int, float, float]]  # (step, seconds, loss)
    verdict: Verdict

    @property
    def held_out_mean(self) -> float:
        return sum(self.held_out.values()) / len(self.held_out)


def measure_cost(config: NetConfig, batch: Batch) -> Cost:
    """Counted with `batch` on the meta device, which computes nothing.

    There attention is two matmuls and is counted whole; of the CPU's fused kernel torch's counter
    knows no formula, and would say that it is free.
    """
    with torch.device("meta"):
        net = build(config)
    batch = batch.to(torch.device("meta"))
    denoiser = Denoiser(net, Parameterisation.V)
    with FlopCounterMode(display=False) as forward, torch.no_grad():
        denoiser(batch.x0, batch.sigma, batch.conditioning)
    with FlopCounterMode(display=False) as step:
        denoiser.loss(batch.x0, batch.noise, batch.sigma, batch.conditioning).sum().backward()
    parameters = sum(parameter.numel() for parameter in net.parameters())
    return Cost(parameters, forward.get_total_flops() // len(batch), step.get_total_flops())


def plan(candidates: Mapping[str, Candidate], batch: Batch) -> list[Entry]:
    """The first takes its training's steps; the others as many as cost the same.

    Raises `InvalidRequest` for networks whose parameters differ by more than a twentieth.
    """
    costs = {name: measure_cost(each.config, batch) for name, each in candidates.items()}
    first = next(iter(costs.values()))
    spent = next(iter(candidates.values())).training.steps * first.step_flops
    for name, cost in costs.items():
        if abs(cost.parameters / first.parameters - 1) > PARAMETERS_APART:
            raise InvalidRequest(
                "nets",
                f"“{name}” has {cost.parameters:,} parameters, the first {first.parameters:,}.",
                "Compare networks of one size.",
            )
    return [
        Entry(name, _given(candidates[name], max(1, round(spent / cost.step_flops))), cost)
        for name, cost in costs.items()
    ]


def _given(candidate: Candidate, steps: int) -> Candidate:
    return replace(candidate, training=replace(candidate.training, steps=steps))


class Comparison:
    """One folder: the plan, a run for each network, and what each had learnt at its end."""

    def __init__(
        self,
        folder: Path,
        candidates: Mapping[str, Candidate],
        pieces: Pieces,
        frame_rate: float,
        device: Device,
    ) -> None:
        self.folder, self.frame_rate, self.device = folder, frame_rate, device
        kept = len(pieces) - max(1, min(128, len(pieces) // 16))
        self.seen, self.held_out = pieces.part(slice(kept)), pieces.part(slice(kept, None))
        first = next(iter(candidates.values())).training
        batch = Batches(self.seen, replace(first, drop_all=0, drop_text=0), frame_rate)[0]
        self.entries = plan(candidates, batch)
        self._keep_plan()

    def _keep_plan(self) -> None:
        """Write the plan, or check that the folder's is the same. Raises `InvalidRequest`."""
        path = self.folder / PLAN_FILE
        entries = [to_plain(entry) for entry in self.entries]
        told = {"pieces": len(self.seen), "candidates": entries}
        text = json.dumps(told, indent=2) + "\n"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        elif path.read_text("utf-8") != text:
            raise InvalidRequest(
                "folder",
                f"“{self.folder}” holds a comparison of other networks, steps or pieces.",
                "Give the options that it was begun with, or another --run-folder.",
            )

    def run(self, minutes: float, judge: Judge) -> dict[str, Result] | None:
        """Go on for `minutes`; the results, or None where the time was not enough."""
        end = time.monotonic() + 60 * minutes
        results: dict[str, Result] = {}
        for entry in self.entries:
            result = self._result(entry, (end - time.monotonic()) / 60, judge)
            if result is None:
                return None
            results[entry.name] = result
        return results

    def _result(self, entry: Entry, minutes: float, judge: Judge) -> Result | None:
        path = self.folder / entry.name / RESULT_FILE
        if path.exists():
            return _read(json.loads(path.read_text("utf-8")))
        run, candidate = Run(self.folder / entry.name), entry.candidate
        trainer = DenoiserTrainer(run, candidate.training, candidate.config, self.device)
        net = trainer.train(self.seen, self.frame_rate, minutes)
        if trainer.step < entry.steps:
            return None
        curve = curve_of(run)
        last = [loss for step, _, loss in curve if step > 0.9 * entry.steps]
        result = Result(
            seconds=trainer.seconds,
            train_loss=sum(last) / len(last),
            held_out=self.held_out_losses(net, candidate.training),
            curve=curve,
            verdict=judge(net, candidate),
        )
        path.write_text(json.dumps(asdict(result)), "utf-8")
        return result

    @torch.no_grad()
    def held_out_losses(self, net: Net, training: DenoiserTraining) -> dict[float, float]:
        """Loss by noise level on pieces that were never trained on, told all there is to tell.

        It is the error of what is heard, and weighs as v's does, whatever the network was taught
        to predict: so the losses of one level can be held against one another.
        """
        hearing = replace(
            training, steps=HELD_OUT_BATCHES,
            drop_all=0, drop_text=0, drop_rhythm=0, drop_harmony=0, drop_drums=0,
        )  # fmt: skip
        batches = Batches(self.held_out, hearing, self.frame_rate, seed=1)
        denoiser = Denoiser(net.eval(), training.parameterisation)
        losses = {level: list[float]() for level in LEVELS}
        for step in range(len(batches)):
            batch = batches[step].to(self.device.torch)
            for level, found in losses.items():
                sigma = torch.full_like(batch.sigma, level)
                with self.device.autocast():
                    heard = denoiser(batch.x0 + level * batch.noise, sigma, batch.conditioning)
                error = float((heard - batch.x0).square().mean())
                found.append(error * (1 + level**-2))
        return {level: math.fsum(found) / len(found) for level, found in losses.items()}


def curve_of(run: Run) -> list[tuple[int, float, float]]:
    """(step, seconds, loss) as logged; of steps that a killed training repeated, the last time."""
    logged = {int(e["step"]): (e["seconds"], e["loss"]) for e in run.history()}
    return [(step, *logged[step]) for step in sorted(logged)]


def _read(plain: dict[str, Any]) -> Result:
    """JSON's keys are words, its tuples lists."""
    held_out = {float(level): loss for level, loss in plain["held_out"].items()}
    curve = [(step, seconds, loss) for step, seconds, loss in plain["curve"]]
    verdict = Verdict(**plain["verdict"])
    return Result(**{**plain, "held_out": held_out, "curve": curve, "verdict": verdict})
