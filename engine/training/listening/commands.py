"""`undertone evaluate`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.training.arguments import count, finite
from engine.training.fidelity import commands as fidelity
from engine.training.listening import choices_command as choices

if TYPE_CHECKING:
    from engine.training.listening.findings import Size

DESCRIPTION = (
    "Asks for held-out prompts, stems and loops, and measures what comes beside real renders of "
    "the same requests. Renders and clips are kept in the user's cache folder, so that the same "
    "command goes on where it was interrupted."
)


def add_command(subparsers: Any) -> None:
    evaluate = subparsers.add_parser(
        "evaluate", help="measure what a model makes", description=DESCRIPTION
    )
    evaluate.add_argument("--model", default="house", help="its name or its folder")
    evaluate.add_argument(
        "--against", metavar="MODEL_FOLDER", help="measure these weights too, beside the others"
    )
    evaluate.add_argument("--seed", type=int, default=0, help="added to every clip's own")
    evaluate.add_argument("--steps", type=count, help="default: the model's own")
    evaluate.add_argument("--guidance", type=finite, help="default: the model's own")
    evaluate.add_argument(
        "--rescale", type=finite, metavar="N",
        help="how far guidance is brought back, 0 to 1 (default: the model's own)",
    )  # fmt: skip
    evaluate.add_argument(
        "--guidance-interval", type=finite, nargs=2, metavar=("LOW", "HIGH"),
        help="noise levels that are guided (default: the model's own)",
    )  # fmt: skip
    evaluate.add_argument("--prompts", type=count, metavar="N", help="how many (default: 60)")
    evaluate.add_argument("--quick", action="store_true", help="fewer of everything")
    evaluate.add_argument("--out", type=Path, help="keep the generated clips in this folder")
    evaluate.add_argument("--page", type=Path, metavar="FILE", help="write spectrograms as HTML")
    evaluate.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON")
    evaluate.add_argument("--cache", type=Path, metavar="FOLDER", help="where renders are kept")
    evaluate.set_defaults(run=run)
    parts = evaluate.add_subparsers(title="or a part of it", metavar="PART")
    fidelity.add_command(parts)
    choices.add_command(parts)


def run(arguments: argparse.Namespace) -> int:
    from engine.training.asking import Sampling
    from engine.training.listening.report import Setting, evaluate_model
    from engine.training.listening.store import Store

    interval = tuple(arguments.guidance_interval) if arguments.guidance_interval else None
    way = Sampling(arguments.steps, arguments.guidance, interval, arguments.rescale)
    setting = Setting(
        arguments.model, arguments.against, way, arguments.seed, _size(arguments), arguments.out
    )
    report = evaluate_model(setting, Store(arguments.cache) if arguments.cache else Store.default())
    if arguments.json:
        text = json.dumps(report.to_json(), indent=2, ensure_ascii=False, allow_nan=False)
        arguments.json.write_text(text, "utf-8")
    if arguments.page:
        arguments.page.write_text(report.page(), "utf-8")
    print(report.text())
    return 0


def _size(arguments: argparse.Namespace) -> Size:
    from dataclasses import replace

    from engine.training.listening.findings import QUICK, Size

    size = QUICK if arguments.quick else Size()
    return replace(size, mixes=arguments.prompts) if arguments.prompts else size
