"""`undertone train export`, `moments` and `pack`: what becomes of a run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.training.arguments import add_net, add_run_folder, count

PACKING = (
    "Makes a folder under 40 MiB. On a Linux machine with torch and transformers, “python3 "
    "train.py” inside it renders, encodes and trains; given again, it continues. Then bring its "
    "folder “weights” home and write the model: undertone train export --weights FOLDER --out MODEL"
)


def add_commands(stages: Any) -> None:
    _add_export(stages)
    _add_moments(stages)
    _add_pack(stages)


def _add_export(stages: Any) -> None:
    export = stages.add_parser("export", help="write a model folder from a run")
    add_run_folder(export)
    export.add_argument("--out", type=Path, required=True, help="e.g. assets/models/house")
    export.add_argument(
        "--weights",
        type=Path,
        metavar="FOLDER",
        help="a packed run's weights, brought back, in place of this run's own denoiser",
    )
    export.add_argument(
        "--adversarial",
        action="store_true",
        help="the denoiser that was post-trained against a discriminator",
    )
    export.add_argument(
        "--halfway-to",
        metavar="MODEL",
        help="write the mean of these weights and that model's",
    )
    add_net(export)
    export.set_defaults(run=run_export)


def _add_pack(stages: Any) -> None:
    pack = stages.add_parser(
        "pack", help="pack a run for a GPU machine without network", description=PACKING
    )
    add_run_folder(pack)
    pack.add_argument("--out", type=Path, required=True, help="a new folder")
    pack.add_argument("--pieces", type=count, default=20_000, help="pieces that it will render")
    pack.add_argument("--python", default="3.12", help="the other machine's (default: 3.12)")
    pack.add_argument(
        "--no-wheels", action="store_true", help="fetch nothing: the packages are there already"
    )
    add_net(pack)
    pack.set_defaults(run=run_pack)


def _add_moments(stages: Any) -> None:
    moments = stages.add_parser(
        "moments",
        help="measure how far a model's latents spread beyond music's, and have it corrected",
        description="Asks the model for music whose renders are there, at several scales of "
        "guidance, and writes into its folder by how much its latents are to be narrowed. The "
        "last step, after export.",
    )
    moments.add_argument("--model", default="house", help="its name or its folder")
    moments.add_argument("--prompts", type=count, default=120, metavar="N", help="how many (120)")
    moments.set_defaults(run=run_moments)


def run_export(arguments: argparse.Namespace) -> int:
    from engine.training.shipping import export_stage

    export_stage(
        arguments.folder,
        arguments.out,
        arguments.weights,
        arguments.net,
        arguments.adversarial,
        arguments.halfway_to,
    )
    print(arguments.out)
    return 0


def run_moments(arguments: argparse.Namespace) -> int:
    from engine.training.shipping import moments_stage

    moments_stage(arguments.model, arguments.prompts)
    return 0


def run_pack(arguments: argparse.Namespace) -> int:
    from engine.training.shipping import pack_stage

    size = pack_stage(
        arguments.folder,
        arguments.out,
        arguments.pieces,
        arguments.python,
        wheels=not arguments.no_wheels,
        net=arguments.net,
    )
    print(f"{arguments.out}: {size / 2**20:.1f} MiB. On the other machine: python3 train.py")
    return 0
