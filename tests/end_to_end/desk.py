"""A desk to sit at: a screen of one's own, a mouse and a keyboard, and the program on it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


PATIENCE_S = 120.0  # for a machine that does much else; nothing here is a measurement


def wait_for(what: str, look: Callable[[], T | None], timeout_s: float = PATIENCE_S) -> T:
    """The first truthy answer of `look`; the test fails naming `what` when none comes."""
    deadline = time.monotonic() + timeout_s
    while not (answer := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:g} s in vain for {what}")
        time.sleep(0.05)
    return answer


class Screen:
    """Xvfb on a free display number, and xdotool as the hands before it."""

    def __init__(self, width: int = 1280, height: int = 800) -> None:
        read, write = os.pipe()
        size = f"{width}x{height}x24"
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"]
        self._server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        self.display = f":{number}"

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait()

    def hands(self, *words: str) -> str:
        return subprocess.run(
            ["xdotool", *words],
            env={**os.environ, "DISPLAY": self.display},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def type(self, text: str) -> None:
        self.hands("type", "--delay", "8", text)

    def key(self, *keys: str) -> None:
        self.hands("key", "--delay", "20", *keys)

    def activate(self, title: str) -> None:
        """Give a window the keyboard, as a window manager does with a new one."""
        self.hands("search", "--sync", "--onlyvisible", "--name", title, "windowfocus")

    def click(self, place: Place, across: float = 0.5, down: float = 0.5) -> None:
        """Press the left button at a fraction of the widget's width and height."""
        x, y = place.x + across * place.width, place.y + down * place.height
        self.hands("mousemove", "--sync", f"{x:.0f}", f"{y:.0f}")
        self.hands("click", "1")

    def drag(self, start: Place, end: Place, down: float = 0.5) -> None:
        """Take hold `down` the height of `start` and let go over the middle of `end`."""
        x, y = start.x + start.width / 2, start.y + down * start.height
        across, along = end.x + end.width / 2 - x, end.y + end.height / 2 - y
        self.hands("mousemove", "--sync", f"{x:.0f}", f"{y:.0f}", "mousedown", "1")
        for step in range(1, 11):
            share = step / 10
            self.hands(
                "mousemove", "--sync", f"{x + share * across:.0f}", f"{y + share * along:.0f}"
            )
            time.sleep(0.05)
        time.sleep(0.3)  # the target answers by messages
        self.hands("mouseup", "1")


@dataclass(frozen=True)
class Place:
    """A visible widget: where it is on the screen, in pixels, and what it says."""

    name: str
    kind: str
    accessible_name: str
    x: int
    y: int
    width: int
    height: int
    enabled: bool
    text: str


class Program:
    """The real program in a process of its own, in the home folder of its environment."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.home = Path(environment["HOME"])
        self._socket = self.home / f"probe-{time.monotonic_ns()}"
        self._log = (self.home / "program.log").open("ab")
        command = [sys.executable, "-m", "tests.end_to_end.launcher", str(self._socket)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=self._log, stderr=self._log
        )

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *error: object) -> None:
        if self.running:
            self.kill()
        self._log.close()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """What the program printed, in all its runs in this home."""
        return (self.home / "program.log").read_text("utf-8", "replace")

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def wait_until_closed(self, timeout_s: float = PATIENCE_S) -> int:
        return self._process.wait(timeout_s)

    def ask(self, say: str, **details: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE_S)
            client.connect(str(self._socket))
            with client.makefile("rw", encoding="utf-8") as lines:
                lines.write(json.dumps({"say": say, **details}) + "\n")
                lines.flush()
                answer: dict[str, Any] = json.loads(lines.readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer

    def find(self, name: str) -> Place | None:
        """The visible widget called `name`; None while there is none, or no program yet."""
        if not self.running:
            raise AssertionError(f"the program ended:\n{self.log[-3000:]}")
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            answer = self.ask("widget", name=name)
            return Place(**answer) if answer else None
        return None

    def place(self, name: str, timeout_s: float = PATIENCE_S) -> Place:
        return wait_for(f"the widget “{name}”", lambda: self.find(name), timeout_s)

    def text(self, name: str) -> str:
        place = self.find(name)
        return place.text if place else ""

    def fill(self, screen: Screen, **fields: str) -> None:
        """Replace the text of each named field, with the mouse and the keyboard."""
        for name, text in fields.items():
            screen.click(self.place(name))
            screen.key("ctrl+a")
            screen.type(text)

    @property
    def focus(self) -> str:
        """The name of the widget that hears the keyboard."""
        return str(self.ask("focus")["name"])

    @property
    def takes(self) -> int:
        """How many takes are listed."""
        return int(self.ask("rows", name="takesView")["rows"])

    def wait_for_text(self, name: str, part: str) -> str:
        """The text of a widget once it contains `part`; a failure shows what it said instead."""
        said = [""]

        def look() -> str:
            said[0] = self.text(name)
            return said[0] if part in said[0] else ""

        try:
            return wait_for(f"“{part}” in the widget “{name}”", look)
        except AssertionError as error:
            raise AssertionError(f"{error}; it said “{said[0]}”\n{self.log[-2000:]}") from None
