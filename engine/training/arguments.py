"""Types of the command line's arguments, each with a sentence for what does not fit."""

from __future__ import annotations

import argparse
import math


def count(word: str) -> int:
    """argparse's type for a number of things, 1 or more."""
    number = int(word) if word.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"“{word}” is not a whole number from 1 up")
    return number


def minutes(word: str) -> float:
    """argparse's type for a time above 0."""
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not number > 0:
        raise argparse.ArgumentTypeError(f"“{word}” is not a number of minutes above 0")
    return number
