"""`undertone models`: what can be asked for with `--model`, and the presets of new networks."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from engine.cli.output import print_json
from engine.models.registry import Registry


def add_commands(subparsers: Any) -> None:
    parser = subparsers.add_parser("models", help="list the models")
    parser.add_argument(
        "--presets",
        action="store_true",
        help="the networks to train instead: their shape and, measured, their cost",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    return _list_presets(arguments.json) if arguments.presets else _list_models(arguments.json)


def _list_presets(as_json: bool) -> int:
    from engine.benchmarks.presets import HEAD, measure_presets

    if as_json:
        print_json([asdict(preset) for preset in measure_presets()])
        return 0
    print(HEAD)
    for preset in measure_presets():
        print(preset.line(), flush=True)
    return 0


def _list_models(as_json: bool) -> int:
    models = Registry.default().models()
    if as_json:
        print_json([asdict(model) for model in models])
        return 0
    for model in models:
        state = model.problem or (
            f"{model.sample_rate / 1000:g} kHz, {model.steps} steps, guidance {model.guidance:g}, "
            f"{model.sampler}, {model.schedule}, {model.licence}"
        )
        print(f"{model.id:<12} {model.title:<16} {state}")
    return 0
