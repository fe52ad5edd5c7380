"""The player as a program of its own: `python -m app.playback.server`.

Sound must reach the device every few milliseconds, and Python's lock would make it wait for
whatever the window and the engine do meanwhile (importing torch holds the lock for longer than
any buffer lasts). A process of its own waits for nobody, and a crash in an audio driver ends
only it.

Pickled requests (number, method, arguments) come in on standard input; `Report`s and the
player's events go out on standard output. The end of the input is the end of the program.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import sys
import threading
from time import perf_counter
from typing import BinaryIO

from app.playback.messages import News, NoticeText, PlayerEvents, Report, Request
from app.playback.player import Player

REPORT_S = 0.01
NICENESS = -11  # what sound servers ask for


class Server:
    """Carries out requests, and reports while something plays."""

    def __init__(self, requests: BinaryIO, news: BinaryIO, wanted: str) -> None:
        self._news = news
        self._sending = threading.Lock()  # the player's thread has news as well
        self._inbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        events = PlayerEvents(self._send, lambda *words: self._send(NoticeText(*words)))
        self._player = Player(events, wanted)
        threading.Thread(target=self._read, args=(requests,), daemon=True).start()

    def run(self) -> None:
        """Until the input ends, which it also does when the window was killed."""
        done, playing = 0, False
        with contextlib.suppress(BrokenPipeError):
            while True:
                with contextlib.suppress(queue.Empty):
                    request = self._inbox.get(timeout=REPORT_S if playing else None)
                    if request is None:
                        break
                    done, method, arguments = request
                    getattr(self._player, method)(*arguments)
                heard = self._player.heard()
                playing = heard.playing
                self._send(Report(done, perf_counter(), heard, self._player.underruns))
        self._player.close()

    def _read(self, requests: BinaryIO) -> None:
        with contextlib.suppress(EOFError, pickle.UnpicklingError):
            while True:
                self._inbox.put(pickle.load(requests))
        self._inbox.put(None)

    def _send(self, news: News) -> None:
        with self._sending:
            pickle.dump(news, self._news)
            self._news.flush()


def main() -> None:
    if sys.platform == "linux":
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    news = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a driver prints must not get between the news
    Server(sys.stdin.buffer, news, wanted=sys.argv[1]).run()


if __name__ == "__main__":
    main()
