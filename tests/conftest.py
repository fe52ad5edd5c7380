"""What every test may count on: a window system without a screen, and no clock in properties."""

import os

from hypothesis import settings

from tests.compiled import VARIABLE, own_cache

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

os.environ[VARIABLE] = str(own_cache(os.environ.get("PYTEST_XDIST_WORKER", "alone")))

settings.register_profile("undertone", deadline=None)  # a busy machine is no failure
settings.load_profile("undertone")
