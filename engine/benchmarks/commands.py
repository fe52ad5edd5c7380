"""`undertone bench`: medians on this machine, beside the bars that were promised."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from engine.benchmarks import sampling, start, window
from engine.benchmarks.table import Benchmark, Figure, Setting, lines
from engine.errors import InvalidRequest
from engine.models.registry import DEFAULT


def _measure_machine(setting: Setting) -> Iterator[Figure]:
    from engine.benchmarks.machine import measure_machine

    yield from measure_machine(setting)


def _measure_training_memory(setting: Setting) -> Iterator[Figure]:
    from engine.benchmarks.training_memory import measure_training_memory

    yield from measure_training_memory(setting)


def _measure_codec(setting: Setting) -> Iterator[Figure]:
    from engine.benchmarks.codec import measure_codec

    yield from measure_codec(setting)


def _measure_nets(setting: Setting) -> Iterator[Figure]:
    from engine.benchmarks.nets import measure_nets

    yield from measure_nets(setting)


BENCHMARKS = (
    Benchmark("start", "process start to the first clip", start.measure_start),
    Benchmark("clip", "a whole clip, and what pictures cost", sampling.measure_clip),
    Benchmark("response", "first picture, cancelling", sampling.measure_response),
    Benchmark("machine", "the machine's peak and the part reached", _measure_machine),
    Benchmark("memory", "resident memory after 20 clips", start.measure_memory),
    Benchmark("window", "the window: start, sound, event loop, memory", window.measure_window),
    Benchmark(
        "training-memory",
        "a training step's memory, with and without gradient checkpointing",
        _measure_training_memory,
    ),
    Benchmark("codec", "the codec: sound there and back, pictures, excerpts", _measure_codec),
    Benchmark("nets", "the networks beside their peers, with the same weights", _measure_nets),
)


def add_commands(subparsers: Any) -> None:
    known = "; ".join(f"{each.name}: {each.help}" for each in BENCHMARKS)
    parser = subparsers.add_parser("bench", help="measure speed on this machine", description=known)
    names = [each.name for each in BENCHMARKS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)} (all)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the clips (10)")
    parser.add_argument("--steps", type=int, default=25, help="(25)")
    parser.add_argument("--repeats", type=int, default=7, help="of which the median is told (7)")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="of nets, the rows whose names contain it (all)"
    )
    parser.add_argument("--model", default=DEFAULT, help=f"({DEFAULT})")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    setting = Setting(
        arguments.model,
        arguments.seconds,
        arguments.steps,
        max(1, arguments.repeats),
        only=arguments.only,
    )
    figures = _figures(_chosen(arguments.names), setting)
    if arguments.json:
        print(json.dumps([figure.to_json() for figure in figures], indent=2))
        return 0
    for line in lines(figures):
        print(line, flush=True)
    return 0


def _chosen(names: list[str]) -> list[Benchmark]:
    known = {each.name: each for each in BENCHMARKS}
    for name in names:
        if name not in known:
            raise InvalidRequest(
                "names", f"There is no benchmark “{name}”.", f"Known: {', '.join(known)}."
            )
    return [known[name] for name in names] or list(BENCHMARKS)


def _figures(benchmarks: list[Benchmark], setting: Setting) -> Iterator[Figure]:
    for benchmark in benchmarks:
        yield from benchmark.measure(setting)
