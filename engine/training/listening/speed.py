"""How long one clip takes from the request to the sound, as the window asks for it."""

from __future__ import annotations

import threading

from engine.api import Event, Failed, Finished, GenerationRequest
from engine.models.registry import Registry
from engine.worker import EngineWorker

PROMPT = "slow lo-fi hip hop with electric piano, upright bass and drums, 75 bpm"
RUNS = 3


def seconds_for(registry: Registry, model: str, steps: int, runs: int = RUNS) -> float:
    """The best of `runs` 10 s clips with previews, after one to warm up.

    Raises the `EngineError` of a generation that failed.
    """
    ended: list[Event] = []
    wake = threading.Event()

    def on_event(event: Event) -> None:
        if isinstance(event, Finished | Failed):
            ended.append(event)
            wake.set()

    own = registry.info(model).own_settings | {"steps": steps}
    taken: list[float] = []
    with EngineWorker(on_event, registry=registry) as engine:
        for seed in range(1 + runs):
            wake.clear()
            engine.submit(GenerationRequest(PROMPT, seed=seed, **own))
            wake.wait()
            last = ended[-1]
            if isinstance(last, Failed):
                raise last.error
            assert isinstance(last, Finished)
            taken.append(last.clip.elapsed_s)
    return min(taken[1:])
