"""What every test may count on: a window system without a screen, and no clock in properties."""

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.compiled import VARIABLE, own_cache

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# One thread a test process: tiny tensors are slower on many, and several processes run at once.
# Here, since torch reads it once, when the first module of tests that needs it is collected.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ[VARIABLE] = str(own_cache(os.environ.get("PYTEST_XDIST_WORKER", "alone")))

settings.register_profile("undertone", deadline=None)  # a busy machine is no failure
settings.load_profile("undertone")


@pytest.fixture(autouse=True)
def _denormals() -> Iterator[None]:
    """The engine flushes them on its thread, and a test may be that thread; the next has them."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)
