"""How fast the window is: `python -m app.benchmarks [--json] [--together 60] [--takes 20]`.

Each scene runs the real program in a process of its own, with folders of its own. Where there
is no screen the window is drawn off screen; where there is no audio output, a PulseAudio server
with a null sink stands in, if it is installed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence

from app.benchmarks.figures import measure
from app.benchmarks.scenes import SCENES, play_scene
from engine.benchmarks.table import Figure, lines


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.scene:
        play_scene(options)
    elif options.json:
        for figure in _known(options):
            print(json.dumps(figure.to_json()), flush=True)
    else:
        for line in lines(_known(options)):
            print(line, flush=True)
    return 0


def _known(options: argparse.Namespace) -> Iterator[Figure]:
    """The figures; a scene that cannot be played ends them with the reason on standard error."""
    try:
        yield from measure(options)
    except RuntimeError as error:
        sys.exit(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *SCENES], help="scenes (all)")
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")
    parser.add_argument("--together", type=float, default=60.0, help="seconds of playing (60)")
    parser.add_argument("--takes", type=int, default=20, help="before memory is read (20)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the takes (10)")
    parser.add_argument("--steps", type=int, default=25, help="(25)")
    parser.add_argument("--scene", choices=SCENES, help=argparse.SUPPRESS)
    parser.add_argument("--began", type=float, default=0.0, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
