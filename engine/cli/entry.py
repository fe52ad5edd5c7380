"""Which commands there are, and how each ends: status 0, 1 failed, 2 bad input, 130 stopped.

A command's module is imported only when the command is asked for, so that `--help` is instant.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from engine.cli.output import print_error
from engine.errors import EngineError, InvalidRequest

FAILED, BAD_INPUT, STOPPED = 1, 2, 130


class Command(NamedTuple):
    """`module` has `add_commands(subparsers)`, which sets `run(arguments) -> status` on each."""

    help: str
    module: str


COMMANDS = {
    "generate": Command("make a clip from a prompt", "engine.cli.generate"),
    "models": Command("list the models", "engine.cli.models"),
    "app": Command("open the window", "engine.cli.app"),
    "bench": Command("measure speed on this machine", "engine.benchmarks.commands"),
    "train": Command("make a corpus, train and pack a model", "engine.training.commands"),
    "evaluate": Command("measure what a model makes", "engine.training.commands"),
}


class Parser(argparse.ArgumentParser):
    """Raises `InvalidRequest` where argparse would print its usage and exit."""

    def error(self, message: str) -> NoReturn:
        sentence = message[:1].upper() + message[1:].rstrip(".") + "."
        raise InvalidRequest("arguments", sentence, f"See: {self.prog} --help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; no error leaves as a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in words
    logging.getLogger("engine").addHandler(logging.NullHandler())
    try:
        return _run(words)
    except EngineError as error:
        print_error(error, as_json)
        return BAD_INPUT if isinstance(error, InvalidRequest) else FAILED
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("engine", "app"):
            raise
        missing = EngineError(
            f"The package “{error.name}” is not installed, which this command needs.",
            "Install what training needs: pip install 'undertone[train]'",
        )
        print_error(missing, as_json)
        return FAILED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return STOPPED


def _run(words: list[str]) -> int:
    parser = build_parser(words)
    parsed = parser.parse_args(words)
    if not hasattr(parsed, "run"):
        parser.print_help()
        return 0
    return int(parsed.run(parsed))


def build_parser(words: Sequence[str]) -> Parser:
    """Every command's name and help; arguments only of the one that `words` ask for."""
    parser = Parser(prog="undertone", description="An instrument that makes music by diffusion.")
    subparsers: Any = parser.add_subparsers(title="commands", metavar="COMMAND")
    wanted = COMMANDS.get(next((word for word in words if not word.startswith("-")), ""))
    if wanted:
        importlib.import_module(wanted.module).add_commands(subparsers)
    for name, command in COMMANDS.items():
        if wanted is None or command.module != wanted.module:
            subparsers.add_parser(name, help=command.help)
    return parser
