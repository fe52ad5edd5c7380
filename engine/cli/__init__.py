"""The same engine without a window: `undertone COMMAND …`, and `python -m engine.cli`."""

from engine.cli.entry import main

__all__ = ["main"]
