"""`undertone app`: opens the window. The engine knows it by its name only."""

from __future__ import annotations

import argparse
import runpy
import sys
from typing import Any


def add_commands(subparsers: Any) -> None:
    parser = subparsers.add_parser("app", help="open the window")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    sys.argv = sys.argv[:1]
    runpy.run_module("app", run_name="__main__", alter_sys=True)
    return 0
