"""The spectrogram: the largest thing on screen."""

from app.widgets.spectrogram_view.view import COLOUR_MAPS, SpectrogramView

__all__ = ["COLOUR_MAPS", "SpectrogramView"]
