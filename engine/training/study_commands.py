"""`undertone train compare` and `learnability`: small trainings that decide on a large one."""

from __future__ import annotations

import argparse
from typing import Any

from engine.training.arguments import add_run_folder, count, minutes


def add_commands(stages: Any) -> None:
    _add_compare(stages)
    _add_learnability(stages)


def _add_compare(stages: Any) -> None:
    compare = stages.add_parser(
        "compare",
        help="train networks, or one in several ways, at equal compute, and write a table",
        description="Trains on the latents that are made, and holds some of them out. Writes "
        "comparison.md, comparison.json and the loss curves into the run's folder “comparison”, "
        "or “comparison-SETTING”. Give the same command again to continue.",
    )
    add_run_folder(compare)
    compare.add_argument(
        "--nets", nargs="+", default=[], metavar="NAME", help="unet, dit or small (unet dit)"
    )
    compare.add_argument(
        "--vary",
        nargs="+",
        metavar=("SETTING", "VALUE"),
        help="train each with every one of these values: parameterisation (eps, x0, v, flow), "
        "sigma_log_mean, sigma_log_deviation, ema, peak_rate",
    )
    compare.add_argument("--pieces", type=count, help="only the first so many of the latents")
    compare.add_argument("--minutes", type=minutes, default=1e9, help="stop after this long")
    compare.add_argument("--steps", type=count, help="of the first network")
    compare.add_argument("--batch", type=count, help="items a step")
    compare.add_argument(
        "--prompts", type=int, choices=range(25), default=24, metavar="N",
        help="evaluate on the first N of the 24 prompts (24); 0 leaves it out",
    )  # fmt: skip
    compare.set_defaults(run=run_compare)


def _add_learnability(stages: Any) -> None:
    learnability = stages.add_parser(
        "learnability",
        help="train one small denoiser on the codec's first latents, for each of some counts",
        description="Writes a model folder for each. Then hear them: undertone evaluate --model "
        "FOLDER --against FOLDER. Give the same command again to continue.",
    )
    add_run_folder(learnability)
    learnability.add_argument("--latents", nargs="+", type=count, required=True, metavar="N")
    learnability.add_argument(
        "--pieces", type=count, help="only the first so many of the latents that are made"
    )
    learnability.add_argument("--steps", type=count, default=1_500, help="of each (1500)")
    learnability.add_argument(
        "--minutes", type=minutes, default=1e9, help="stop each after this long"
    )
    learnability.set_defaults(run=run_learnability)


def run_compare(arguments: argparse.Namespace) -> int:
    from engine.training.comparison_stage import compare_stage

    written = compare_stage(
        arguments.folder,
        arguments.nets,
        arguments.minutes,
        arguments.pieces,
        arguments.prompts,
        arguments.vary,
        steps=arguments.steps,
        batch=arguments.batch,
    )
    for path in written:
        print(path)
    if not written:
        print("Not done yet. Give the same command again.")
    return 0


def run_learnability(arguments: argparse.Namespace) -> int:
    from engine.training.learnability import learnability_stage

    latents = arguments.latents
    models = learnability_stage(
        arguments.folder, latents, arguments.steps, arguments.minutes, arguments.pieces
    )
    for path in models:
        print(path)
    if len(models) < len(latents):
        print("Not done yet. Give the same command again.")
    return 0
