"""`undertone models`: what can be asked for with `--model`, and what is wrong with the rest."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from engine.cli.output import print_json
from engine.models.registry import Registry


def add_commands(subparsers: Any) -> None:
    parser = subparsers.add_parser("models", help="list the models")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    models = Registry.default().models()
    if arguments.json:
        print_json([asdict(model) for model in models])
        return 0
    for model in models:
        state = model.problem or (
            f"{model.sample_rate / 1000:g} kHz, {model.steps} steps, guidance {model.guidance:g}, "
            f"{model.sampler}, {model.schedule}, {model.licence}"
        )
        print(f"{model.id:<12} {model.title:<16} {state}")
    return 0
