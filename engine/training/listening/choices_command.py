"""`undertone evaluate choices`."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from engine.sampling import SIGMA, SamplerName
from engine.training.arguments import count, finite


def add_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    choices = subparsers.add_parser(
        "choices",
        help="compare ways of asking a model: samplers, steps, guidance, and where it acts",
        description="Asks for the same prompts in every combination of the given samplers, steps, "
        "scales, intervals and rescales, and tells for each what it costs and what comes out. "
        "The prompts are not the report's: it would flatter what was chosen by them.",
    )
    choices.add_argument("--model", default="house", help="its name or its folder")
    choices.add_argument("--steps", type=count, nargs="+", metavar="N", help="(the model's own)")
    choices.add_argument(
        "--guidance", type=finite, nargs="+", metavar="N", help="(the model's own)"
    )
    choices.add_argument(
        "--intervals", type=interval, nargs="+", metavar="LOW-HIGH", default=[interval("all")],
        help="noise levels that are guided, e.g. 0.3-10; “all” for all (all)",
    )  # fmt: skip
    choices.add_argument(
        "--rescale", type=finite, nargs="+", metavar="N",
        help="how far guidance is brought back, 0 to 1 (the model's own)",
    )  # fmt: skip
    choices.add_argument(
        "--sampler", choices=[each.value for each in SamplerName], nargs="+", metavar="NAME",
        help="(the model's own)",
    )  # fmt: skip
    choices.add_argument(
        "--coded", action="store_true",
        help="also measure real renders through the model's codec: what it loses by itself",
    )  # fmt: skip
    choices.add_argument("--prompts", type=count, default=120, metavar="N", help="how many (120)")
    choices.add_argument("--seed", type=int, default=0, help="added to every clip's own")
    choices.add_argument("--cache", type=Path, metavar="FOLDER", help="where renders are kept")
    choices.set_defaults(run=run)


def interval(word: str) -> tuple[float, float]:
    """argparse's type for two noise levels with a dash between."""
    if word == "all":
        return SIGMA
    low, _, high = word.partition("-")
    try:
        levels = float(low), float(high)
    except ValueError:
        levels = (math.nan, math.nan)
    if not 0 <= levels[0] < levels[1]:
        raise argparse.ArgumentTypeError(f"“{word}” is not two noise levels such as 0.3-10")
    return levels


def run(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from engine.training.listening.asked import UNREPORTED
    from engine.training.listening.choices import compare, head, line, ways
    from engine.training.listening.findings import QUICK, prepare
    from engine.training.listening.report import Asking, Stages
    from engine.training.listening.store import Store
    from engine.training.listening.studio import Studio

    store = Store(arguments.cache) if arguments.cache else Store.default()
    asking = Asking.of(arguments.model, store)
    info = asking.model.info
    size = replace(QUICK, mixes=arguments.prompts, stems=0, loops=0, first=UNREPORTED)
    asked = ways(
        arguments.steps or [info.steps],
        arguments.guidance or [info.guidance],
        arguments.intervals,
        arguments.rescale or [info.refinement.rescale],
        [SamplerName(name) for name in arguments.sampler or [info.sampler]],
    )
    questions = Stages().run(
        "renders", size.renders, lambda tick: prepare(Studio(store), size, tick)
    )
    print(head())
    for choice in compare(
        asked, asking.maker, asking.model, questions, arguments.seed, arguments.coded
    ):
        print(line(choice), flush=True)
    return 0
