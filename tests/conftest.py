"""What every test may count on: a window system without a screen, and no clock in properties."""

import os
from pathlib import Path

from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# librosa's compiled code is kept between runs. Two processes that write one such cache leave a mix
# that crashes whoever loads it, so every worker has a cache of its own.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
_caches = Path(__file__).resolve().parent.parent / ".pytest_cache"
os.environ["NUMBA_CACHE_DIR"] = str(_caches / f"numba-{_worker}")

settings.register_profile("undertone", deadline=None)  # a busy machine is no failure
settings.load_profile("undertone")
