"""What the stages' arguments share: types, each with a sentence for what does not fit, the
run's folder, and the network."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

NETS = ("unet", "dit")


def count(word: str) -> int:
    """argparse's type for a number of things, 1 or more."""
    number = int(word) if word.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"“{word}” is not a whole number from 1 up")
    return number


def minutes(word: str) -> float:
    """argparse's type for a time above 0, without end too."""
    number = _number(word)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"“{word}” is not a number of minutes above 0")
    return number


def rate(word: str) -> float:
    """argparse's type for a learning rate."""
    number = _number(word)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"“{word}” is not a number above 0")
    return number


def finite(word: str) -> float:
    """argparse's type for any number."""
    number = _number(word)
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"“{word}” is not a number")
    return number


def _number(word: str) -> float:
    """nan for what is none."""
    try:
        return float(word)
    except ValueError:
        return math.nan


def add_run_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--run-folder",
        type=Path,
        dest="folder",
        help="where the run lives; the same folder continues it (default: the user's cache)",
    )


def add_net(stage: argparse.ArgumentParser) -> None:
    stage.add_argument(
        "--net",
        choices=NETS,
        default=NETS[0],
        help="a U-Net or a diffusion transformer of the same size (default: unet)",
    )
