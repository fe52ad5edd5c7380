"""Undertone's two commands, with nothing but Python:

    python3 start.py              set up whatever is missing, then open the window
    python3 start.py test         the same, then lint, types, import contracts and all tests
    python3 start.py WORDS...     the same, then the command line: generate, bench, train, …

Everything lives in `.venv` beside this file, in the exact versions of `locks/`. What has been
done is stamped there, so later starts cost nothing and an interrupted set-up is taken up again.
Imports that only the set-up needs stand inside the functions that use them, for that reason.
"""

from __future__ import annotations

import json
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "undertone-setup.json"
LOG = ROOT / "setup.log"
LOCKS = ROOT / "locks"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
BEFORE_TESTS = [str(PYTHON), "-m", "tests.compiled"]
"""Takes as long as the types, on the other core; without it every worker would do it again."""
OLDEST = (3, 11)
# The words that need more than the app does.
DEV_WORDS = ("test", "train", "evaluate", "bench")
PEER_WORDS = ("bench",)
# Parts that are told when they fail, and done without.
OPTIONAL = ("libraries", "tools", "peers")

# What a bare Debian or Ubuntu lacks: the shared library the program loads → its package.
LIBRARIES = {
    "libportaudio.so.2": "libportaudio2",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "fontconfig",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
}
FONTS = ("/usr/share/fonts", "fonts-dejavu-core")
# What tests, training and evaluation use besides: a program or a file → its package.
TEST_TOOLS = {
    "Xvfb": "xvfb",
    "xdotool": "xdotool",
    "pulseaudio": "pulseaudio",
    "pactl": "pulseaudio-utils",
    "/etc/alsa/conf.d/99-pulse.conf": "libasound2-plugins",
    "fluidsynth": "fluidsynth",
    "ffmpeg": "ffmpeg",
    "/usr/share/sounds/sf2/FluidR3_GM.sf2": "fluid-soundfont-gm",
    "/usr/share/sounds/sf3/FluidR3Mono_GM.sf3": "fluidr3mono-gm-soundfont",
}


class SetupFailed(Exception):
    """A part of the set-up could not be done; the message says which."""


class Part(NamedTuple):
    """One part of the set-up. It is done again when `key` differs from the stamped one."""

    name: str
    label: str
    key: str
    run: Callable[[], None]


# -- the virtual environment -------------------------------------------------------------------


def venv_is_ours() -> bool:
    """Whether .venv was made here, by this Python's version, and its Python still exists."""
    try:
        text = (VENV / "pyvenv.cfg").read_text("utf-8")
    except OSError:
        return False
    fields = dict(line.split(" = ", 1) for line in text.splitlines() if " = " in line)
    made_by = tuple(fields.get("version", "").split(".")[:2])
    this_python = tuple(map(str, sys.version_info[:2]))
    made_here = fields.get("command", "").endswith(f" {VENV}")
    return made_by == this_python and made_here and PYTHON.exists()


def make_venv() -> None:
    """Make .venv, or keep one that works. Raises `SetupFailed`."""
    import importlib.util
    import shutil

    if venv_is_ours() and pip_answers():
        return
    if importlib.util.find_spec("ensurepip") is None:
        install_system_packages(["python3-venv"])
    shutil.rmtree(VENV, ignore_errors=True)
    run_logged([sys.executable, "-m", "venv", str(VENV)])


def pip_answers() -> bool:
    """Whether .venv's pip runs; a set-up that was cut off early leaves one that does not."""
    import subprocess

    command = [str(PYTHON), "-m", "pip", "--version"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def pip_install(*arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", "install", "--progress-bar=off", *arguments]
    run_logged([*command, "--disable-pip-version-check"])


def install_app() -> None:
    """The locked packages, then Undertone itself as an editable install."""
    pip_install("--no-deps", "-r", str(LOCKS / "bare.txt"))
    if sys.platform == "linux" and not Path("/proc/driver/nvidia/version").exists():
        prefer_cpu_torch()
    pip_install("-r", str(LOCKS / "app.txt"))
    pip_install("--no-deps", "--no-build-isolation", "--editable", str(ROOT))


def prefer_cpu_torch() -> None:
    """Take torch's CPU build where pip's sources offer it; elsewhere the lock's serves as well.

    Linux's default build carries several GB of NVIDIA libraries, useless without such a GPU.
    """
    pins = (LOCKS / "app.txt").read_text("utf-8").split()
    torch = next(pin for pin in pins if pin.startswith("torch=="))
    try:
        pip_install("--no-deps", f"{torch}+cpu")
    except SetupFailed:
        say("   pip offers no CPU build of torch here: the usual one, several GB, is on its way.")


def install_dev() -> None:
    pip_install("-r", str(LOCKS / "dev.txt"), "-c", str(LOCKS / "app.txt"))


def install_peers() -> None:
    pip_install("--no-deps", "-r", str(LOCKS / "peers.txt"))


# -- the system's libraries --------------------------------------------------------------------


def missing_libraries() -> list[str]:
    """Debian's names of the packages whose libraries or fonts this system lacks."""
    import ctypes

    missing = []
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    folder, package = FONTS
    if next(Path(folder).rglob("*.[to]tf"), None) is None:
        missing.append(package)
    return missing


def missing_test_tools() -> list[str]:
    import shutil

    return [
        package
        for tool, package in TEST_TOOLS.items()
        if not (Path(tool).exists() if tool.startswith("/") else shutil.which(tool))
    ]


def install_system_packages(packages: list[str]) -> None:
    """Bring `packages` through apt as root. Otherwise raises `SetupFailed` with the command."""
    import shutil

    if not packages:
        return
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        raise SetupFailed(f"Install what your system calls these Debian packages: {names}")
    if os.geteuid() != 0:
        raise SetupFailed(f"Please run once: sudo apt-get install {names}")
    os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
    run_logged(["apt-get", "update"])
    run_logged(["apt-get", "install", "--yes", "--no-install-recommends", *packages])


def optional(find_missing: Callable[[], list[str]]) -> Callable[[], None]:
    """A part that Linux alone needs, and whose failure is told without stopping the start."""

    def install() -> None:
        if sys.platform == "linux":
            install_system_packages(find_missing())

    return install


# -- parts, stamp and log ----------------------------------------------------------------------


def checksum(*paths: Path) -> str:
    return f"{zlib.crc32(b''.join(path.read_bytes() for path in paths)):08x}"


def parts(word: str) -> list[Part]:
    """What `word` needs, in the order in which it is made; no word opens the window."""
    code = checksum(Path(__file__))
    app_key = checksum(LOCKS / "app.txt", LOCKS / "bare.txt", Path(__file__))
    found = [
        Part("venv", "Python environment", "1", make_venv),
        Part("libraries", "System libraries", code, optional(missing_libraries)),
        Part("app", "Packages", app_key, install_app),
    ]
    if word in DEV_WORDS:
        dev_key = app_key + checksum(LOCKS / "dev.txt")
        found += [
            Part("tools", "Programs for tests and training", code, optional(missing_test_tools)),
            Part("dev", "Packages for tests and training", dev_key, install_dev),
        ]
    if word in PEER_WORDS:
        peers_key = app_key + checksum(LOCKS / "peers.txt")
        found.append(Part("peers", "Packages to be measured against", peers_key, install_peers))
    return found


def set_up(word: str) -> None:
    """Do what is missing for `word`. Raises `SetupFailed` for what it cannot do without."""
    done = read_stamp() if venv_is_ours() else {}
    todo = [part for part in parts(word) if done.get(part.name) != part.key]
    if not todo:
        return
    say(f"Setting up Undertone in {VENV}; the first time takes a few minutes.")
    LOG.write_text("", "utf-8")
    for number, part in enumerate(todo, 1):
        write_stamp({name: key for name, key in done.items() if name != part.name})
        say(f"[{number}/{len(todo)}] {part.label}")
        try:
            part.run()
        except SetupFailed as problem:
            if part.name not in OPTIONAL:
                raise
            say(f"   {problem}")
            continue
        done[part.name] = part.key
        write_stamp(done)


def read_stamp() -> dict[str, str]:
    try:
        return dict(json.loads(STAMP.read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def write_stamp(done: dict[str, str]) -> None:
    if VENV.exists():
        fresh = STAMP.with_suffix(".new")
        fresh.write_text(json.dumps(done), "utf-8")
        fresh.replace(STAMP)


def run_logged(command: list[str]) -> None:
    """Run `command` with its output in the log, its latest line on a terminal.

    Raises `SetupFailed` with the log's last lines.
    """
    import subprocess

    tail: list[str] = []
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"\n$ {' '.join(command)}\n")
        pipe, both = subprocess.PIPE, subprocess.STDOUT
        with subprocess.Popen(
            command, stdout=pipe, stderr=both, text=True, encoding="utf-8", errors="replace"
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                tail = [*tail[-14:], line.rstrip()]
                show_latest(line.strip())
    show_latest("")
    if process.returncode:
        raise SetupFailed("\n".join([*tail, f"This failed: {' '.join(command)}", f"Log: {LOG}"]))


def show_latest(line: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K   {line[:72]}" if line else "\r\033[K", end="", flush=True)


def say(text: str) -> None:
    print(text, flush=True)


# -- the commands ------------------------------------------------------------------------------


def checks(pytest_arguments: Iterable[str]) -> dict[str, list[str]]:
    """The test command's programs, each in the form that runs in .venv."""
    python = [str(PYTHON), "-m"]
    return {
        "lint": [*python, "ruff", "check"],
        "format": [*python, "ruff", "format", "--check"],
        "types": [*python, "mypy"],
        "imports": [str(BIN / "lint-imports")],
        "tests": [*python, "pytest", "-n", "2", "--dist", "loadgroup", *pytest_arguments],
    }


def run_checks(pytest_arguments: Iterable[str]) -> int:
    """Run every check to its end, whatever the others say. The exit status is 0 when all pass."""
    import subprocess

    report: list[tuple[str, int, float]] = []
    with subprocess.Popen(BEFORE_TESTS, cwd=ROOT) as before:
        for name, command in checks(pytest_arguments).items():
            if name == "tests":
                before.wait()
            say(f"\n== {name}")
            began = time.monotonic()
            status = subprocess.run(command, cwd=ROOT, check=False).returncode
            report.append((name, status, time.monotonic() - began))
    say("\n== summary")
    for name, status, seconds in report:
        say(f"{name:<8} {seconds:7.1f} s  {f'FAILED with status {status}' if status else 'passed'}")
    return 1 if any(status for _, status, _ in report) else 0


def hand_over(arguments: list[str]) -> int:
    """Become .venv's Python. `-P` keeps the folder one happens to stand in off its path."""
    command = [str(PYTHON), "-P", *arguments]
    if os.name == "nt":
        import subprocess

        return subprocess.run(command, check=False).returncode
    os.execv(command[0], command)


def main(words: list[str]) -> int:
    if sys.version_info < OLDEST:
        needed, this = ".".join(map(str, OLDEST)), sys.version.split()[0]
        say(f"Undertone needs Python {needed} or newer, and this is {this}.")
        return 1
    word = words[0] if words else ""
    try:
        set_up(word)
    except SetupFailed as problem:
        say(f"{problem}\nThe set-up is not complete; the next start takes it up again.")
        return 1
    except KeyboardInterrupt:
        say("\nStopped. The next start takes the set-up up again.")
        return 130
    if word == "test":
        return run_checks(words[1:])
    return hand_over(["-m", "engine.cli", *words] if words else ["-m", "app"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
