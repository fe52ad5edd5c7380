"""What every test may count on: a window system without a screen, and no clock in properties."""

import os

from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

settings.register_profile("undertone", deadline=None)  # a busy machine is no failure
settings.load_profile("undertone")
