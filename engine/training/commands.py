"""`undertone train …`: each stage one resumable command."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.training import shipping_commands as shipping
from engine.training import study_commands as studies
from engine.training.arguments import add_net, add_run_folder, count, finite, minutes, rate
from engine.training.listening import commands as listening

if TYPE_CHECKING:
    from engine.training.stages import Music


def add_commands(subparsers: Any) -> None:
    train = subparsers.add_parser("train", help="make a corpus, train and pack a model")
    stages = train.add_subparsers(title="stages, in order", metavar="STAGE", required=True)
    _add_corpus(stages)
    for name, help_text, run in (
        ("codec", "train the codec on renders", run_codec),
        ("latents", "compose, render and encode the denoiser's pieces", run_latents),
        ("denoiser", "train the denoiser; continues where it stopped", run_denoiser),
        ("adversarial", "post-train the denoiser against a discriminator", run_adversarial),
    ):
        stage = stages.add_parser(name, help=help_text)
        add_run_folder(stage)
        stage.add_argument("--pieces", type=count, help="pieces to render")
        if name == "codec":
            _add_latents(stage)
        else:
            _add_first_seed(stage)
        if name != "latents":
            stage.add_argument("--minutes", type=minutes, default=1e9, help="stop after this long")
            stage.add_argument("--steps", type=count, help="optimiser steps in all")
            _add_start(stage)
        if name in ("denoiser", "adversarial"):
            _add_lessons(stage)
        if name == "denoiser":
            _add_noise(stage)
            _add_scale(stage)
            add_net(stage)
        stage.set_defaults(run=run)
    studies.add_commands(stages)
    shipping.add_commands(stages)
    listening.add_command(subparsers)


def _add_first_seed(stage: argparse.ArgumentParser) -> None:
    stage.add_argument(
        "--first-seed",
        type=count,
        nargs="+",
        metavar="N",
        help="of the pieces, which follow it: when continuing, another is music not met before; "
        "several are so many pieces each",
    )


def _add_latents(stage: argparse.ArgumentParser) -> None:
    stage.add_argument(
        "--latents",
        type=count,
        metavar="N",
        help="that tell of a frame (160); as many as the model of --from has are its own",
    )


def _add_start(stage: argparse.ArgumentParser) -> None:
    stage.add_argument(
        "--from",
        dest="start",
        metavar="MODEL",
        help="begin with the weights of this model, by its name or folder, and keep its latents",
    )
    stage.add_argument("--rate", type=rate, help="peak learning rate (lower when continuing)")


def _add_lessons(stage: argparse.ArgumentParser) -> None:
    stage.add_argument(
        "--prompts",
        type=count,
        metavar="N",
        help="in which each piece is met (4); more are written when training begins",
    )
    stage.add_argument("--batch", type=count, help="items a step (default: 16)")


def _add_noise(stage: argparse.ArgumentParser) -> None:
    stage.add_argument(
        "--sigma-log-mean",
        type=finite,
        metavar="X",
        help="of the noise levels (-0.2): higher teaches more of what is decided first",
    )


def _add_scale(stage: argparse.ArgumentParser) -> None:
    stage.add_argument(
        "--processes",
        type=count,
        default=1,
        metavar="N",
        help="train in N processes, one a device (torchrun or accelerate launch decide it too)",
    )
    stage.add_argument(
        "--shard",
        action="store_true",
        help="spread the network over the processes (FSDP), where one device does not hold it",
    )
    stage.add_argument(
        "--accumulate",
        type=count,
        metavar="N",
        help="compute each step in N passes: less memory, the same step",
    )


def _add_corpus(stages: Any) -> None:
    corpus = stages.add_parser("corpus", help="render examples of every style, to hear and see")
    corpus.add_argument(
        "--listen",
        type=count,
        default=20,
        metavar="N",
        help="how many seeds, each as a mix, a stem and a loop (default: 20)",
    )
    corpus.add_argument("--out", type=Path, default=Path("corpus-examples"))
    corpus.add_argument("--seed", type=int, default=0, help="the first (default: 0)")
    corpus.add_argument("--workers", type=count, default=2, help="processes (default: 2)")
    corpus.set_defaults(run=run_corpus)


def run_corpus(arguments: argparse.Namespace) -> int:
    from engine.training.corpus.listening import PAGE, listen

    out = arguments.out
    for path in listen(arguments.listen, out, arguments.seed, workers=arguments.workers):
        print(path)
    print(out / PAGE)
    return 0


def run_codec(arguments: argparse.Namespace) -> int:
    from engine.training.stages import codec_stage

    codec_stage(
        arguments.folder,
        arguments.minutes,
        arguments.steps,
        arguments.pieces,
        arguments.start,
        arguments.rate,
        arguments.latents,
    )
    return 0


def run_latents(arguments: argparse.Namespace) -> int:
    from engine.training.stages import latents_stage

    latents_stage(arguments.folder, _music(arguments))
    return 0


def _music(arguments: argparse.Namespace, **more: int | None) -> Music:
    from engine.training.stages import Music

    asked = {
        "pieces": arguments.pieces,
        "first_seeds": arguments.first_seed and tuple(arguments.first_seed),
        **more,
    }
    return Music(**{name: value for name, value in asked.items() if value is not None})


def run_denoiser(arguments: argparse.Namespace) -> int:
    from engine.training.stages import denoiser_stage

    denoiser_stage(
        arguments.folder,
        arguments.minutes,
        _music(arguments, prompts=arguments.prompts),
        arguments.start,
        arguments.processes,
        arguments.shard,
        arguments.net,
        steps=arguments.steps,
        peak_rate=arguments.rate,
        sigma_log_mean=arguments.sigma_log_mean,
        batch=arguments.batch,
        accumulate=arguments.accumulate,
    )
    return 0


def run_adversarial(arguments: argparse.Namespace) -> int:
    from engine.training.stages import adversarial_stage

    adversarial_stage(
        arguments.folder,
        arguments.minutes,
        _music(arguments, prompts=arguments.prompts),
        arguments.start,
        steps=arguments.steps,
        peak_rate=arguments.rate,
        batch=arguments.batch,
    )
    return 0
