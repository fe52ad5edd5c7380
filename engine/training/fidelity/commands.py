"""`undertone evaluate codec`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InvalidRequest
from engine.training.arguments import count

if TYPE_CHECKING:
    from engine.training.fidelity.coders import Coder
    from engine.training.fidelity.evaluation import FidelityReport

PICTURED = 8  # clips on the page


def add_command(subparsers: Any) -> None:
    codec = subparsers.add_parser(
        "codec",
        help="measure a model's codec beside MP3 and Opus",
        description="Codes and decodes held-out renders and pure tones; distances to the original "
        "are told beside those of MP3 and Opus by ffmpeg, measured in the same run.",
    )
    codec.add_argument("--model", default="house")
    codec.add_argument("--clips", type=count, default=200, metavar="N", help="10 s each (200)")
    codec.add_argument("--weights", type=Path, metavar="FILE", help="of a codec in training")
    codec.add_argument("--page", type=Path, metavar="FILE", help="write spectrograms as HTML")
    codec.add_argument("--no-classical", action="store_true", help="without ffmpeg's codecs")
    codec.add_argument("--json", action="store_true", help="print JSON instead of a table")
    codec.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from engine.training.fidelity.coders import check_ffmpeg
    from engine.training.fidelity.report import as_json, table

    if not arguments.no_classical:
        check_ffmpeg()
    coders = _coders(arguments)
    report = _evaluate(coders, arguments.clips)
    lines = list(table(report))
    if arguments.page:
        _write_page(arguments.page, coders, arguments.clips, "\n".join(lines))
    if arguments.json:
        print(json.dumps(as_json(report), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print("\n".join(lines))
    return 0


def _coders(arguments: argparse.Namespace) -> list[Coder]:
    from engine.device import prepare_process
    from engine.models.registry import Registry
    from engine.training.codec import CODEC_FILE
    from engine.training.fidelity.coders import CLASSICAL, House

    prepare_process()
    weights = arguments.weights or Registry.default().path(arguments.model) / CODEC_FILE
    if not weights.is_file():
        raise InvalidRequest(
            "weights", f"There is no codec in “{weights}”.", "Name a house model, or its file."
        )
    return [House(weights), *(() if arguments.no_classical else CLASSICAL)]


def _evaluate(coders: list[Coder], clips: int) -> FidelityReport:
    from tqdm import tqdm

    from engine.training.fidelity.evaluation import TONES, evaluate_coders

    with tqdm(total=clips + len(TONES), desc="measuring", unit="sound") as bar:
        return evaluate_coders(coders, clips, progress=lambda _: bar.update())


def _write_page(path: Path, coders: list[Coder], clips: int, text: str) -> None:
    from engine.training.fidelity.evaluation import clip
    from engine.training.fidelity.page import page

    rows = []
    for number in range(min(clips, PICTURED)):
        original = clip(number)
        rows.append((f"{number}", [original, *(coder(original) for coder in coders)]))
    path.write_text(page(["original", *(coder.name for coder in coders)], rows, text), "utf-8")
